--- USER_AUTH: the user chooses the first factor. SELECT_CHALLENGE and PASSWORD.
-- @module cognito.emulator.auth.choice

local errors = require "cognito.emulator.errors"
local factors = require "cognito.emulator.auth.factors"
local flow_of = require "cognito.emulator.auth.flow"
local json = require "cognito.emulator.json"
local lists = require "cognito.emulator.lists"
local password = require "cognito.emulator.auth.password"

local M = {}

local function second_needed(flow)
  local config = flow.pool.config
  return config.mfa ~= "OFF" and (config.mfa == "ON" or #factors.choices(flow) > 0)
end

local function otp(flow, list, name, attribute)
  local user = flow.user
  if not lists.contains(flow.pool.config.first_factors, name) or not user.attributes[attribute] then return end
  if user.attributes[attribute .. "_verified"] == "true" and not second_needed(flow) then list[#list + 1] = name end
end

--- What this user may choose. An unknown user seems to have an e-mail address.
-- @treturn table list of challenge names
function M.available(flow)
  local list, user, allowed = json.list {}, flow.user, flow.pool.config.first_factors
  if not user then return json.list { "EMAIL_OTP" } end
  if user.password and lists.contains(allowed, "PASSWORD") then list[1], list[2] = "PASSWORD_SRP", "PASSWORD" end
  if user.status == "FORCE_CHANGE_PASSWORD" then return list end
  if next(user.passkeys) and lists.contains(allowed, "WEB_AUTHN") then list[#list + 1] = "WEB_AUTHN" end
  otp(flow, list, "EMAIL_OTP", "email")
  otp(flow, list, "SMS_OTP", "phone_number")
  return list
end

-- Some answers may bring what the chosen challenge would ask for.
local BRINGS = { PASSWORD = "PASSWORD", PASSWORD_SRP = "SRP_A", WEB_AUTHN = "CREDENTIAL" }

local function go(state, flow, name, parameters)
  local brought = parameters[BRINGS[name] or ""]
  -- A credential answers a challenge that was posed before; it cannot come first.
  if not brought or (name == "WEB_AUTHN" and not flow.webauthn) then return flow_of.pose(state, flow, name) end
  return require "cognito.emulator.auth.challenges"[name].answer(state, flow, parameters)
end

local function answer_select(state, flow, responses)
  local chosen = errors.check(responses.ANSWER, "InvalidParameter", "Missing required parameter ANSWER")
  errors.check(lists.contains(M.available(flow), chosen), "InvalidParameter",
    "ANSWER must be one of AvailableChallenges")
  return go(state, flow, chosen, responses)
end

local function answer_password(state, flow, responses)
  local given = errors.check(responses.PASSWORD, "InvalidParameter", "Missing required parameter PASSWORD")
  errors.check(flow.user, "NotAuthorized", "Incorrect username or password.")
  password.verify(flow.pool, flow.user, given)
  flow.done.password = true
  return flow_of.advance(state, flow)
end

M.challenges = {
  SELECT_CHALLENGE = {
    pose = function(_, flow) return {}, { available = M.available(flow) } end, answer = answer_select },
  PASSWORD = { pose = function() return {} end, answer = answer_password },
}

-- ConfirmSignUp gave a Session: the address was just proven, so no second code is asked.
local function continue(state, client, input)
  local entry = flow_of.open(state, input.Session, client)
  errors.check(entry.purpose == "CONFIRMED", "NotAuthorized", "Invalid session for the user.")
  entry.used = true
  return flow_of.advance(state, entry.flow)
end

-- What cannot be had leads to the choice; an unknown user seems to have an e-mail address.
local function first_of(flow, wanted)
  if lists.contains(M.available(flow), wanted) then return wanted end
  if flow.user then return "SELECT_CHALLENGE" end
  return (wanted == "PASSWORD" or wanted == "PASSWORD_SRP") and wanted or "EMAIL_OTP"
end

--- USER_AUTH.
function M.USER_AUTH(state, client, input)
  local initiate = require "cognito.emulator.ops.initiate"
  local parameters = input.AuthParameters or {}
  local user, name = initiate.identify(client, parameters)
  if input.Session then return continue(state, client, input) end
  if user then initiate.before(client, user, input) end
  local flow = flow_of.new(client, user, name)
  flow.pending_device, flow.sessionless = parameters.DEVICE_KEY, false
  return go(state, flow, first_of(flow, parameters.PREFERRED_CHALLENGE), parameters)
end

return M
