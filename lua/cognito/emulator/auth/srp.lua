--- PASSWORD_VERIFIER and PASSWORD_SRP: the user's password by SRP.
-- `verifier_session` in the configuration says whether PASSWORD_VERIFIER of USER_SRP_AUTH carries a Session; the live
-- service was measured to send none. Without it, the secret block leads back to the sign-in.
-- @module cognito.emulator.auth.srp

local clock = require "cognito.emulator.clock"
local errors = require "cognito.emulator.errors"
local flow_of = require "cognito.emulator.auth.flow"
local hash = require "cognito.emulator.hash"
local password = require "cognito.emulator.auth.password"
local random = require "cognito.emulator.random"
local srp = require "cognito.emulator.srp"
local timestamp = require "cognito.emulator.timestamp"

local M = {}

local FORM = "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."
local REFUSED = "Incorrect username or password."

--- Reads SRP_A.
-- @treturn userdata big number
function M.public(parameters)
  errors.check(parameters.SRP_A, "InvalidParameter", "Missing required parameter SRP_A")
  return errors.check(srp.public(parameters.SRP_A), "InvalidParameter", "SRP_A is not a valid public value")
end

-- A user's salt and verifier, made when they are first needed. An unknown user gets a salt that stays the same, and a
-- verifier that nothing fits, so that it looks like any other.
local function secrets_of(flow)
  local user = flow.user
  if not user or not user.password then
    local salt = hash.hmac(flow.pool.key.kid, flow.username):sub(1, 16)
    return { salt = salt, v = srp.verifier("", "", random.bytes(32), salt) }
  end
  if not user.srp then
    local salt = random.bytes(16)
    user.srp = { salt = salt, v = srp.verifier(flow.pool.name, user.username, user.password, salt) }
  end
  return user.srp
end

--- Begins an exchange; what it needs later is kept in `flow.exchange`.
-- @treturn table ChallengeParameters
function M.begin(state, flow, secrets, extra)
  local exchange = srp.begin(flow.A, secrets.v, secrets.salt)
  exchange.block, exchange.time = random.bytes(800), clock.now()
  local text = random.base64(exchange.block)
  flow.exchange, state.blocks[text] = exchange, flow
  exchange.block_text = text
  local parameters = { SALT = exchange.hex_salt, SRP_B = exchange.hex_B, SECRET_BLOCK = text }
  for key, value in pairs(extra) do parameters[key] = value end
  return parameters
end

local function check_time(flow, text)
  local stamp = errors.check(timestamp.parse(text), "InvalidParameter", FORM)
  local config = flow.pool.config
  local fresh = clock.now() - flow.exchange.time <= config.srp_window
  local near = math.abs(stamp - clock.now()) <= config.timestamp_window
  return fresh and near and timestamp.format(stamp) == text
end

--- Checks the signature over block and timestamp.
-- @treturn boolean
function M.proven(flow, responses, group, name)
  local exchange = flow.exchange
  for _, key in ipairs { "PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP" } do
    errors.check(responses[key], "InvalidParameter", "Missing required parameter " .. key)
  end
  local timely = check_time(flow, responses.TIMESTAMP)
  if not timely or responses.PASSWORD_CLAIM_SECRET_BLOCK ~= exchange.block_text then return false end
  local wanted = srp.signature(exchange, group, name, exchange.block, responses.TIMESTAMP)
  return hash.equal(wanted, responses.PASSWORD_CLAIM_SIGNATURE)
end

local function pose(state, flow)
  local name = flow_of.name(flow)
  local parameters = M.begin(state, flow, secrets_of(flow), { USERNAME = name, USER_ID_FOR_SRP = name })
  return parameters, { sessionless = flow.sessionless }
end

-- A sign-in whose PASSWORD_VERIFIER had no Session, by its secret block; it answers once.
local function find(state, client, responses)
  local flow = state.blocks[responses.PASSWORD_CLAIM_SECRET_BLOCK or ""]
  errors.check(flow and flow.client == client and flow.sessionless, "NotAuthorized", REFUSED)
  return flow
end

local function answer(state, flow, responses)
  errors.check(responses.USERNAME == flow_of.name(flow), "NotAuthorized", REFUSED)
  errors.check(flow.user, "NotAuthorized", REFUSED)
  password.check_lock(flow.user)
  if not M.proven(flow, responses, flow.pool.name, flow.user.username) then
    state.blocks[flow.exchange.block_text] = nil
    if flow.custom then return flow.custom(state, "PASSWORD_VERIFIER", false) end
    password.wrong(flow.pool, flow.user)
  end
  local block = flow.exchange.block_text
  flow.done.password = true
  local output = flow.custom and flow.custom(state, "PASSWORD_VERIFIER", true) or flow_of.advance(state, flow)
  state.blocks[block] = nil
  return output
end

-- PASSWORD_SRP asks for SRP_A alone; PASSWORD_VERIFIER follows.
local function pose_srp() return {} end

local function answer_srp(state, flow, responses)
  flow.A, flow.sessionless = M.public(responses), false
  return flow_of.pose(state, flow, "PASSWORD_VERIFIER")
end

M.challenges = {
  PASSWORD_VERIFIER = { pose = pose, answer = answer, find = find },
  PASSWORD_SRP = { pose = pose_srp, answer = answer_srp },
}

--- USER_SRP_AUTH.
function M.USER_SRP_AUTH(state, client, input)
  local initiate = require "cognito.emulator.ops.initiate"
  local parameters = input.AuthParameters or {}
  local A = M.public(parameters)
  local user, name = initiate.identify(client, parameters)
  if user then initiate.before(client, user, input) end
  local flow = flow_of.new(client, user, name)
  flow.A, flow.sessionless, flow.pending_device = A, not client.pool.config.verifier_session, parameters.DEVICE_KEY
  return flow_of.pose(state, flow, "PASSWORD_VERIFIER")
end

return M
