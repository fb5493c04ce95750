--- CUSTOM_AUTH: challenges by Lua functions in the place of the three Lambda triggers.
--
--     define_challenge(session, context)   -> true (tokens), false (refuse) or the name of the next challenge
--     create_challenge(session, context)   -> public parameters, private parameters
--     verify_challenge(answer, private, context) -> boolean
--
-- `session` lists what was answered: `{ challenge_name, result }`, oldest first. `context` has `user` (attributes),
-- `username` and `metadata` (ClientMetadata). An error that a function throws is a UserLambdaValidationException.
-- @module cognito.emulator.auth.custom

local errors = require "cognito.emulator.errors"
local flow_of = require "cognito.emulator.auth.flow"
local srp = require "cognito.emulator.auth.srp"
local trigger = require "cognito.emulator.trigger"

local M = {}

local function context_of(flow)
  return { username = flow.user.username, user = flow.user.attributes, metadata = flow.metadata or {} }
end

local function call(flow, hook, name, ...)
  local fn = flow.pool.config.triggers[hook]
  errors.check(fn, "InvalidParameter", "Custom auth lambda trigger is not configured for the user pool.")
  return trigger.run(fn, name, ...)
end

local function decide(state, flow)
  local verdict = call(flow, "define_challenge", "DefineAuthChallenge", flow.rounds, context_of(flow))
  if verdict == true then
    flow.custom = nil
    return flow_of.advance(state, flow)
  end
  errors.check(verdict, "NotAuthorized", "Incorrect username or password.")
  if verdict == "PASSWORD_VERIFIER" then errors.check(flow.A, "InvalidLambdaResponse", "SRP_A was not given") end
  return flow_of.pose(state, flow, verdict)
end

-- Notes the outcome of a round; errors.throw of a wrong password does not end the sign-in, the trigger decides.
local function round(state, flow, name, result)
  table.insert(flow.rounds, { challenge_name = name, result = result })
  return decide(state, flow)
end

local function pose(_, flow)
  local public, private = call(flow, "create_challenge", "CreateAuthChallenge", flow.rounds or {},
    context_of(flow))
  errors.check(type(public) == "table", "InvalidLambdaResponse", "Unrecognizable lambda output")
  flow.private = private
  local parameters = { USERNAME = flow.user.username }
  for key, value in pairs(public) do parameters[key] = tostring(value) end
  return parameters
end

local function answer(state, flow, responses)
  local given = errors.check(responses.ANSWER, "InvalidParameter", "Missing required parameter ANSWER")
  local right = call(flow, "verify_challenge", "VerifyAuthChallengeResponse", given, flow.private, context_of(flow))
    and true or false
  if not flow.rounds then
    errors.check(right, "NotAuthorized", "Incorrect username or password.")
    return flow_of.advance(state, flow)
  end
  return round(state, flow, "CUSTOM_CHALLENGE", right)
end

M.challenges = { CUSTOM_CHALLENGE = { pose = pose, answer = answer } }

local function start_srp(flow, parameters)
  local kind = parameters.CHALLENGE_NAME or parameters.ChallengeName
  if kind ~= "SRP_A" then return end
  flow.A, flow.sessionless = srp.public(parameters), false
  flow.rounds[1] = { challenge_name = "SRP_A", result = true }
end

--- CUSTOM_AUTH.
function M.CUSTOM_AUTH(state, client, input)
  local initiate = require "cognito.emulator.ops.initiate"
  local parameters = input.AuthParameters or {}
  local user, name = initiate.identify(client, parameters)
  errors.check(user, "NotAuthorized", "Incorrect username or password.")
  initiate.before(client, user, input)
  local flow = flow_of.new(client, user, name)
  flow.rounds, flow.metadata, flow.pending_device = {}, input.ClientMetadata, parameters.DEVICE_KEY
  flow.custom = function(current, challenge, result) return round(current, flow, challenge, result) end
  start_srp(flow, parameters)
  return decide(state, flow)
end

return M
