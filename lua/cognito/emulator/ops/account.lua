--- GetUser and what else concerns the account as a whole.
-- @module cognito.emulator.ops.account

local json = require "cognito.emulator.json"
local limits = require "cognito.emulator.limits"
local lists = require "cognito.emulator.lists"
local tokens = require "cognito.emulator.tokens"

local M = {}

--- Attributes as the API lists them, by name.
function M.attribute_list(user)
  local list = json.list {}
  for name, value in pairs(user.attributes) do list[#list + 1] = { Name = name, Value = value } end
  table.sort(list, function(a, b) return a.Name < b.Name end)
  return list
end

local METHODS = { "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP" }

--- The names of the second factors that are switched on, or nil.
function M.mfa_list(user)
  local list = json.list {}
  for _, method in ipairs(METHODS) do
    if user.mfa[method] then list[#list + 1] = method end
  end
  return #list > 0 and list or nil
end

function M.GetUser(state, input)
  local who = tokens.authorize(state, input.AccessToken)
  local user = who.user
  limits.rate(who.pool, user, "read")
  return { Username = user.username, UserAttributes = M.attribute_list(user), MFAOptions = user.mfa_options,
    PreferredMfaSetting = user.preferred_mfa, UserMFASettingList = M.mfa_list(user) }
end

local function configured(pool, user)
  local list, allowed = json.list {}, pool.config.first_factors
  local function add(name, has)
    if has and lists.contains(allowed, name) then list[#list + 1] = name end
  end
  add("PASSWORD", user.password)
  add("EMAIL_OTP", user.attributes.email_verified == "true")
  add("SMS_OTP", user.attributes.phone_number_verified == "true")
  add("WEB_AUTHN", next(user.passkeys))
  if user.totp then list[#list + 1] = "SOFTWARE_TOKEN" end
  return list
end

function M.GetUserAuthFactors(state, input)
  local who = tokens.authorize(state, input.AccessToken)
  limits.rate(who.pool, who.user, "read")
  return { Username = who.user.username, PreferredMfaSetting = who.user.preferred_mfa,
    UserMFASettingList = M.mfa_list(who.user), ConfiguredUserAuthFactors = configured(who.pool, who.user) }
end

-- No output shape: the body is empty.
function M.DeleteUser(state, input)
  local who = tokens.authorize(state, input.AccessToken)
  who.pool.users[who.user.username], who.user.deleted = nil, true
  tokens.revoke_all(state, who.user)
  return nil
end

return M
