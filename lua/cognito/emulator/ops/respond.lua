--- RespondToAuthChallenge.
-- @module cognito.emulator.ops.respond

local clients = require "cognito.emulator.ops.clients"
local errors = require "cognito.emulator.errors"
local flow_of = require "cognito.emulator.auth.flow"
local secret = require "cognito.emulator.secret"
local state_of = require "cognito.emulator.state"

local M = {}

-- These may come without a Session: the secret block says which sign-in is meant.
local SESSIONLESS = { PASSWORD_VERIFIER = true }

local function open(state, client, input)
  if input.Session == nil and SESSIONLESS[input.ChallengeName] then return nil end
  errors.check(input.Session, "InvalidParameter", "Missing required parameter Session")
  local entry = flow_of.open(state, input.Session, client)
  errors.check(entry.purpose == input.ChallengeName, "InvalidParameter",
    "Invalid challenge transition: the session was given for " .. entry.purpose)
  return entry
end

-- The answer must name the user of the session; the hash is over the user's own name.
local function check_name(client, flow, responses)
  local name = errors.check(responses.USERNAME, "InvalidParameter", "Missing required parameter USERNAME")
  local own = flow_of.name(flow)
  secret.check_hash(client, own, responses.SECRET_HASH)
  if name == own then return end
  errors.check(flow.user and state_of.find(client.pool, name) == flow.user, "NotAuthorized",
    "Invalid session for the user.")
end

-- A device that was forgotten does as well: the same answer may come again without its key.
local KEEPS = { CodeMismatchException = true, ResourceNotFoundException = true }

-- A wrong code leaves the Session usable; anything else uses it up.
local function answer(state, challenge, flow, input, entry)
  local ok, result = pcall(challenge.answer, state, flow, input.ChallengeResponses or {}, input)
  if ok then
    if entry then entry.used = true end
    return result
  end
  if entry and not (errors.is(result) and KEEPS[result.code]) then entry.used = true end
  error(result, 0)
end

function M.RespondToAuthChallenge(state, input)
  local client = clients.find(state, input.ClientId)
  local challenge = require "cognito.emulator.auth.challenges"[input.ChallengeName]
  errors.check(challenge, "InvalidParameter", "Invalid challenge name " .. input.ChallengeName)
  local entry, responses = open(state, client, input), input.ChallengeResponses or {}
  local flow = entry and entry.flow or challenge.find(state, client, responses)
  check_name(client, flow, responses)
  flow.metadata = input.ClientMetadata or flow.metadata
  flow.pending_device = responses.DEVICE_KEY or flow.pending_device
  return answer(state, challenge, flow, input, entry)
end

return M
