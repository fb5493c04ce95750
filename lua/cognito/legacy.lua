--- The old way to refresh, for services and emulators that do not know GetTokensFromRefreshToken.
-- @module cognito.legacy

local tokens = require "cognito.tokens"

local legacy = {}

-- Nothing but the tokens is wanted, and the old way may be repeated like the new one.
local initiate = { name = "InitiateAuth", client = true, secret = "auth", minting = true, resend = "once",
  result = { AuthenticationResult = "table" }, tokens_only = true }

--- Says whether a service that answered so does not know the operation: the codes differ, and so do the statuses.
-- @tparam table err
-- @treturn boolean
function legacy.is_needed(err)
  if err.reason == "unknown_operation" then return true end
  return err.status == 404 or err.status == 405 or err.status == 501
end

--- Exchanges the tokens of a session (InitiateAuth, REFRESH_TOKEN_AUTH).
-- @tparam table pool
-- @tparam table record
-- @tparam table ctx
-- @treturn table|nil an AuthenticationResult, or nil and an error
function legacy.refresh(pool, record, ctx)
  ctx.hash_username = tokens.username(record.access_token) or record.username
  return pool.client:send(initiate, { AuthFlow = "REFRESH_TOKEN_AUTH",
    AuthParameters = { REFRESH_TOKEN = record.refresh_token, DEVICE_KEY = record.device_key } }, ctx)
end

return legacy
