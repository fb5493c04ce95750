--- Proof that a caller knows the client's secret.
-- @module cognito.emulator.secret

local errors = require "cognito.emulator.errors"
local hash = require "cognito.emulator.hash"
local random = require "cognito.emulator.random"

local M = {}

local function matches(client, username, given)
  for _, secret in ipairs(client.config.secrets) do
    local wanted = random.base64(hash.hmac(secret, username .. client.id))
    if hash.equal(wanted, given) then return true end
  end
  return false
end

--- Checks SECRET_HASH = base64(HMAC-SHA-256(secret, username + client id)).
-- @tparam table client
-- @tparam string username the name that must have been hashed
-- @tparam[opt] string given
function M.check_hash(client, username, given)
  if #client.config.secrets == 0 then
    return errors.check(not given, "NotAuthorized",
      "Client " .. client.id .. " is not configured with secret but SECRET_HASH was received")
  end
  errors.check(given, "NotAuthorized",
    "Client " .. client.id .. " is configured with secret but SECRET_HASH was not received")
  errors.check(matches(client, username, given), "NotAuthorized",
    "Unable to verify secret hash for client " .. client.id)
end

--- Checks the secret itself (GetTokensFromRefreshToken, RevokeToken, OAuth).
-- @treturn boolean
function M.knows(client, given)
  local secrets = client.config.secrets
  if #secrets == 0 then return given == nil end
  for _, secret in ipairs(secrets) do
    if given and hash.equal(secret, given) then return true end
  end
  return false
end

return M
