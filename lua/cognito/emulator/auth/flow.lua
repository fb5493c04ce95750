--- A sign-in on its way: which question comes next, and the Session that belongs to it.
-- A flow is a table: `client`, `pool`, `user`, `username` (as typed), `device_key`, `done` (what was proven), and what
-- single challenges keep. A Session names a flow and the challenge that was posed; it can be used once.
-- @module cognito.emulator.auth.flow

local clock = require "cognito.emulator.clock"
local devices = require "cognito.emulator.auth.devices"
local errors = require "cognito.emulator.errors"
local factors = require "cognito.emulator.auth.factors"
local random = require "cognito.emulator.random"
local tokens = require "cognito.emulator.tokens"

local M = {}

--- Starts a sign-in.
-- @tparam table client
-- @tparam[opt] table user nil where an unknown user must not be told from a known one
-- @tparam string username as typed
function M.new(client, user, username)
  return { client = client, pool = client.pool, user = user, username = username, done = {} }
end

--- The name under which the challenge answers must come: the user's own, not the alias typed.
function M.name(flow) return flow.user and flow.user.username or flow.username end

------------------------------------------------------------------------------------------------ sessions

--- Makes a Session that leads back to this flow.
-- @tparam string purpose the challenge it was posed for
function M.session(state, flow, purpose)
  local text = random.token(900)
  state.signins[text] = { flow = flow, purpose = purpose, expires = clock.now() + flow.pool.config.session_ttl }
  return text
end

--- Looks a Session up without using it.
-- @tparam string text
-- @tparam table client whose sign-in it must be
-- @treturn table entry `{ flow, purpose }`
function M.open(state, text, client)
  local entry = text and state.signins[text]
  errors.check(entry and (not client or entry.flow.client == client), "NotAuthorized", "Invalid session for the user.")
  errors.check(not entry.used, "NotAuthorized", "Invalid session for the user, session can only be used once.")
  errors.check(clock.now() < entry.expires, "NotAuthorized", "Invalid session for the user, session is expired.")
  return entry
end

------------------------------------------------------------------------------------------------ what comes next

local function challenge(name) return require "cognito.emulator.auth.challenges"[name] end

--- Poses a challenge.
-- @treturn table the operation's output
function M.pose(state, flow, name)
  flow.asked = name
  local parameters, extra = challenge(name).pose(state, flow)
  local output = { ChallengeName = name, ChallengeParameters = parameters }
  if not (extra and extra.sessionless) then output.Session = M.session(state, flow, name) end
  if extra and extra.available then output.AvailableChallenges = extra.available end
  return output
end

local function check_status(user)
  errors.check(not user.deleted, "UserNotFound", "User does not exist.")
  errors.check(user.enabled, "NotAuthorized", "User is disabled.")
  errors.check(user.status ~= "UNCONFIRMED", "UserNotConfirmed", "User is not confirmed.")
  errors.check(user.status ~= "RESET_REQUIRED", "PasswordResetRequired", "Password reset required for the user")
end

local function scripted(flow)
  flow.script_at = (flow.script_at or 0) + 1
  return flow.user.script[flow.script_at]
end

local function usual(flow)
  if flow.user.status == "FORCE_CHANGE_PASSWORD" then return "NEW_PASSWORD_REQUIRED" end
  if devices.remembered(flow) and not flow.done.device then return "DEVICE_SRP_AUTH" end
  local mfa = not devices.remembered(flow) and factors.second(flow)
  if mfa then return mfa end
  if devices.confirmed(flow) and not flow.done.device then return "DEVICE_SRP_AUTH" end
end

local function finish(state, flow)
  local user = flow.user
  user.failures, user.last_sign_in = 0, clock.now()
  if flow.complete then return flow.complete(state, flow) end
  local metadata = devices.track(flow)
  local family = tokens.family(state, flow.client, user, { device_key = flow.device_key })
  local result = tokens.result(state, family, true)
  result.NewDeviceMetadata = metadata
  state:note()
  return { AuthenticationResult = result, ChallengeParameters = {} }
end

--- Goes on after something was proven: the next challenge, or the tokens.
-- @treturn table the operation's output
function M.advance(state, flow)
  check_status(flow.user)
  local key = flow.pending_device
  flow.pending_device = nil
  devices.note(flow, key)
  local name
  if flow.user.script then name = scripted(flow) else name = usual(flow) end
  if name then return M.pose(state, flow, name) end
  return finish(state, flow)
end

return M
