--- InitiateAuth.
-- @module cognito.emulator.ops.initiate

local clients = require "cognito.emulator.ops.clients"
local errors = require "cognito.emulator.errors"
local flow_of = require "cognito.emulator.auth.flow"
local password = require "cognito.emulator.auth.password"
local secret = require "cognito.emulator.secret"
local state_of = require "cognito.emulator.state"
local tokens = require "cognito.emulator.tokens"
local trigger = require "cognito.emulator.trigger"

local M = {}

local FLOWS = {}

local function need(parameters, name)
  return errors.check(parameters[name], "InvalidParameter", "Missing required parameter " .. name)
end

--- Finds the user of a sign-in and checks the secret hash over the name that was typed.
-- @treturn table|nil user; nil where an unknown one must stay unknown
function M.identify(client, parameters)
  local name = need(parameters, "USERNAME")
  secret.check_hash(client, name, parameters.SECRET_HASH)
  local user = state_of.find(client.pool, name)
  if not user and not client.config.prevent_user_existence_errors then
    errors.throw("UserNotFound", "User does not exist.")
  end
  return user, name
end

local function before(client, user, input)
  local hook = client.pool.config.triggers.pre_authentication
  if not hook then return end
  local ok, message = trigger.run(hook, "PreAuthentication", user.attributes, input.ClientMetadata or {})
  if ok == false then trigger.refuse("PreAuthentication", message or "refused") end
end

function FLOWS.USER_PASSWORD_AUTH(state, client, input)
  local parameters = input.AuthParameters or {}
  local given = need(parameters, "PASSWORD")
  local user, name = M.identify(client, parameters)
  errors.check(user, "NotAuthorized", "Incorrect username or password.")
  before(client, user, input)
  password.verify(client.pool, user, given)
  local flow = flow_of.new(client, user, name)
  flow.pending_device, flow.done.password = parameters.DEVICE_KEY, true
  return flow_of.advance(state, flow)
end

-- No name is sent: the hash is over the user's own name, which the refresh token leads to.
function FLOWS.REFRESH_TOKEN_AUTH(state, client, input)
  local parameters = input.AuthParameters or {}
  local text = need(parameters, "REFRESH_TOKEN")
  errors.check(not client.config.rotation, "InvalidParameter",
    "Refresh token rotation is enabled for this client, use GetTokensFromRefreshToken")
  local known = state.refresh[text]
  secret.check_hash(client, known and known.family.user.username or "", parameters.SECRET_HASH)
  local entry = tokens.check_refresh(state, client, text, parameters.DEVICE_KEY)
  return { AuthenticationResult = tokens.renew(state, entry), ChallengeParameters = {} }
end
FLOWS.REFRESH_TOKEN = FLOWS.REFRESH_TOKEN_AUTH

FLOWS.USER_SRP_AUTH = require "cognito.emulator.auth.srp".USER_SRP_AUTH
FLOWS.CUSTOM_AUTH = require "cognito.emulator.auth.custom".CUSTOM_AUTH
FLOWS.USER_AUTH = require "cognito.emulator.auth.choice".USER_AUTH

-- Refreshing needs no switch where it is on by itself; every other flow must be in ExplicitAuthFlows.
local function check_enabled(client, name)
  local switch = name == "REFRESH_TOKEN" and "REFRESH_TOKEN_AUTH" or name
  errors.check(client.config.flows[switch], "InvalidParameter", name .. " flow not enabled for this client")
end

function M.InitiateAuth(state, input)
  local client = clients.find(state, input.ClientId)
  errors.check(not input.AuthFlow:find("^ADMIN_"), "InvalidParameter", "Initiate Auth method not supported.")
  check_enabled(client, input.AuthFlow)
  return FLOWS[input.AuthFlow](state, client, input)
end

M.need, M.before = need, before

return M
