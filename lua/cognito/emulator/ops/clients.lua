--- Finding the client and the user of a call.
-- @module cognito.emulator.ops.clients

local errors = require "cognito.emulator.errors"
local secret = require "cognito.emulator.secret"
local state_of = require "cognito.emulator.state"

local M = {}

--- @tparam table state
-- @tparam string id
-- @treturn table client; throws ResourceNotFoundException
function M.find(state, id)
  return errors.check(state.clients[id], "ResourceNotFound", "User pool client " .. id .. " does not exist.")
end

--- The client of an account operation, its SecretHash checked over the Username that was sent.
-- @treturn table client
-- @treturn table|nil user
function M.with_user(state, input)
  local client = M.find(state, input.ClientId)
  secret.check_hash(client, input.Username, input.SecretHash)
  return client, state_of.find(client.pool, input.Username)
end

return M
