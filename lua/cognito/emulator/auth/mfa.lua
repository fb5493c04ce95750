--- Second factors and one-time passwords: SMS_MFA, EMAIL_OTP, SMS_OTP, SOFTWARE_TOKEN_MFA, SELECT_MFA_TYPE, MFA_SETUP.
-- @module cognito.emulator.auth.mfa

local codes = require "cognito.emulator.codes"
local errors = require "cognito.emulator.errors"
local factors = require "cognito.emulator.auth.factors"
local flow_of = require "cognito.emulator.auth.flow"
local json = require "cognito.emulator.json"
local lists = require "cognito.emulator.lists"
local totp = require "cognito.emulator.totp"

local M = {}

local MISMATCH = "Invalid code received for user"

local ATTRIBUTE = { SMS_MFA = "phone_number", SMS_OTP = "phone_number", EMAIL_OTP = "email" }

local function need_code(name, responses)
  local key = name .. "_CODE"
  return errors.check(responses[key], "InvalidParameter", "Missing required parameter " .. key)
end

-- As a first factor codes have eight digits, as a second one six.
local function sent_code(name)
  local function pose(state, flow)
    if not flow.user then
      return { CODE_DELIVERY_DELIVERY_MEDIUM = "EMAIL", CODE_DELIVERY_DESTINATION = codes.mask(flow.username .. "@x") }
    end
    local details = codes.send(state, flow.user, name, ATTRIBUTE[name],
      { digits = flow.done.password and 6 or 8, ttl = flow.pool.config.session_ttl })
    return { CODE_DELIVERY_DELIVERY_MEDIUM = details.DeliveryMedium, CODE_DELIVERY_DESTINATION = details.Destination }
  end
  local function answer(state, flow, responses)
    local given = need_code(name, responses)
    errors.check(flow.user, "CodeMismatch", MISMATCH)
    codes.check(flow.user, name, given, MISMATCH)
    flow.done.mfa = true
    return flow_of.advance(state, flow)
  end
  return { pose = pose, answer = answer }
end

local SOFTWARE_TOKEN_MFA = {}

function SOFTWARE_TOKEN_MFA.pose(_, flow)
  return { FRIENDLY_DEVICE_NAME = flow.user.totp and flow.user.totp.name or nil }
end

function SOFTWARE_TOKEN_MFA.answer(state, flow, responses)
  local given, token = need_code("SOFTWARE_TOKEN_MFA", responses), flow.user.totp
  errors.check(token, "SoftwareTokenMFANotFound", "Software Token MFA has not been enabled by the user")
  local step = errors.check(totp.check(token.secret, given), "CodeMismatch", MISMATCH)
  if flow.pool.config.totp_single_use then
    errors.check(token.last_step ~= step, "ExpiredCode", "Your software token has already been used once.")
  end
  token.last_step, flow.done.mfa = step, true
  return flow_of.advance(state, flow)
end

local SELECT_MFA_TYPE = {}

-- A script may ask for a choice although the user has nothing to choose from.
local function choices(flow)
  local list = factors.choices(flow)
  return #list > 0 and list or flow.pool.config.mfa_methods
end

function SELECT_MFA_TYPE.pose(_, flow)
  return { MFAS_CAN_CHOOSE = json.encode(json.list { table.unpack(choices(flow)) }) }
end

function SELECT_MFA_TYPE.answer(state, flow, responses)
  local chosen = responses.ANSWER == "EMAIL_MFA" and "EMAIL_OTP" or responses.ANSWER
  errors.check(lists.contains(choices(flow), chosen), "InvalidParameter",
    "ANSWER must be one of MFAS_CAN_CHOOSE")
  return flow_of.pose(state, flow, chosen)
end

local MFA_SETUP = {}

function MFA_SETUP.pose()
  return { MFAS_CAN_SETUP = json.encode(json.list { "SOFTWARE_TOKEN_MFA" }) }
end

function MFA_SETUP.answer(state, flow)
  errors.check(flow.enrolled, "SoftwareTokenMFANotFound", "Software Token MFA has not been enabled by the user")
  flow.done.mfa = true
  return flow_of.advance(state, flow)
end

M.challenges = {
  SMS_MFA = sent_code "SMS_MFA", EMAIL_OTP = sent_code "EMAIL_OTP", SMS_OTP = sent_code "SMS_OTP",
  SOFTWARE_TOKEN_MFA = SOFTWARE_TOKEN_MFA, SELECT_MFA_TYPE = SELECT_MFA_TYPE, MFA_SETUP = MFA_SETUP,
}

return M
