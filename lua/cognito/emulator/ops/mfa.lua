--- AssociateSoftwareToken, VerifySoftwareToken, SetUserMFAPreference, SetUserSettings.
-- @module cognito.emulator.ops.mfa

local errors = require "cognito.emulator.errors"
local flow_of = require "cognito.emulator.auth.flow"
local json = require "cognito.emulator.json"
local lists = require "cognito.emulator.lists"
local tokens = require "cognito.emulator.tokens"
local totp = require "cognito.emulator.totp"

local M = {}

-- Who enrols: the holder of an access token, or a sign-in that was asked to (MFA_SETUP).
local function enrolling(state, input)
  if input.AccessToken then
    local who = tokens.authorize(state, input.AccessToken)
    return who.user, who.pool
  end
  errors.check(input.Session, "InvalidParameter", "Either AccessToken or Session must be given")
  local entry = flow_of.open(state, input.Session)
  errors.check(entry.purpose == "MFA_SETUP", "NotAuthorized", "Invalid session for the user.")
  return entry.flow.user, entry.flow.pool, entry
end

local function check_allowed(pool)
  errors.check(lists.contains(pool.config.mfa_methods, "SOFTWARE_TOKEN_MFA") and pool.config.mfa ~= "OFF",
    "SoftwareTokenMFANotFound", "Software Token MFA is not enabled for this user pool.")
end

local function next_session(state, entry)
  if not entry then return nil end
  entry.used = true
  return flow_of.session(state, entry.flow, "MFA_SETUP")
end

function M.AssociateSoftwareToken(state, input)
  local user, pool, entry = enrolling(state, input)
  check_allowed(pool)
  user.totp_pending = totp.secret()
  return { SecretCode = user.totp_pending, Session = next_session(state, entry) }
end

function M.VerifySoftwareToken(state, input)
  local user, pool, entry = enrolling(state, input)
  check_allowed(pool)
  errors.check(user.totp_pending, "InvalidParameter", "No software token was associated")
  errors.check(totp.check(user.totp_pending, input.UserCode), "EnableSoftwareTokenMFA", "Code mismatch")
  user.totp = { secret = user.totp_pending, name = input.FriendlyDeviceName }
  user.totp_pending = nil
  if entry then entry.flow.enrolled, user.mfa.SOFTWARE_TOKEN_MFA = true, true end
  state:note()
  return { Status = "SUCCESS", Session = next_session(state, entry) }
end

local SETTINGS = { SMSMfaSettings = "SMS_MFA", SoftwareTokenMfaSettings = "SOFTWARE_TOKEN_MFA",
  EmailMfaSettings = "EMAIL_OTP" }

local function check_possible(user, method)
  if method == "SMS_MFA" then
    errors.check(user.attributes.phone_number_verified == "true", "InvalidParameter",
      "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA or SMS_MFA")
  elseif method == "EMAIL_OTP" then
    errors.check(user.attributes.email_verified == "true", "InvalidParameter",
      "User does not have a verified email address")
  else
    errors.check(user.totp, "InvalidParameter", "User has not verified software token mfa")
  end
end

local function change(who, method, setting)
  local user = who.user
  if setting.Enabled then
    errors.check(lists.contains(who.pool.config.mfa_methods, method) and who.pool.config.mfa ~= "OFF",
      "InvalidParameter", method .. " is not enabled for this user pool")
    check_possible(user, method)
  end
  if setting.Enabled ~= nil then user.mfa[method] = setting.Enabled or nil end
  if setting.PreferredMfa and user.mfa[method] then user.preferred_mfa = method
  elseif user.preferred_mfa == method and (setting.PreferredMfa == false or not user.mfa[method]) then
    user.preferred_mfa = nil
  end
end

-- A factor that is left out stays as it is.
function M.SetUserMFAPreference(state, input)
  local who, preferred = tokens.authorize(state, input.AccessToken), 0
  for name in pairs(SETTINGS) do
    if input[name] and input[name].PreferredMfa then preferred = preferred + 1 end
  end
  errors.check(preferred <= 1, "InvalidParameter", "Only one MFA method can be preferred")
  for name, method in pairs(SETTINGS) do
    if input[name] then change(who, method, input[name]) end
  end
  if input.WebAuthnMfaSettings then who.user.webauthn_mfa = input.WebAuthnMfaSettings.Enabled end
  state:note()
  return {}
end

-- The old call knows SMS alone.
function M.SetUserSettings(state, input)
  local user = tokens.authorize(state, input.AccessToken).user
  local sms = false
  for _, option in ipairs(input.MFAOptions) do
    errors.check(option.DeliveryMedium == "SMS" and option.AttributeName == "phone_number", "InvalidParameter",
      "Only SMS to phone_number can be set")
    sms = true
  end
  user.mfa.SMS_MFA = sms or nil
  user.mfa_options = sms and json.list(input.MFAOptions) or nil
  state:note()
  return {}
end

return M
