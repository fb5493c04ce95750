--- What comes from outside as tokens, an AuthenticationResult or a stored record: whether it is sound.
-- The usual answer is checked while it is read (`core.json_tokens`), and a record once a version; neither comes here.
-- @module cognito.intake

local core = require "cognito.core"
local lazy = require "cognito.lazy"

local errors = lazy.module "cognito.errors"

local intake = {}

local is_plain = core.json_plain

local function bad(operation, member)
  return nil, errors.new("bad_response", "member " .. member .. " is missing or of a wrong type",
    { operation = operation, retryable = false, maybe_processed = true })
end

-- A token goes into header fields: no control character and nothing beyond ASCII may be in it.
local function is_text(value)
  return value ~= "" and is_plain(value)
end

-- Without ExpiresIn the token's own exp counts.
local function own_lifetime(token, server_now)
  local exp = core.jwt_times(token)
  return exp and exp - server_now
end

--- Checks an AuthenticationResult; see `cognito.tokens.check`.
-- @tparam table result
-- @tparam string operation for errors
-- @tparam number server_now the server's time, seconds since the epoch
-- @treturn number|nil the access token's lifetime in seconds, or nil and an error of kind `bad_response`
function intake.lifetime(result, operation, server_now)
  if not is_text(result.AccessToken) then return bad(operation, "AccessToken") end
  if result.IdToken ~= nil and not is_text(result.IdToken) then return bad(operation, "IdToken") end
  if result.RefreshToken ~= nil and not is_text(result.RefreshToken) then return bad(operation, "RefreshToken") end
  local lifetime = result.ExpiresIn
  if lifetime == nil then
    lifetime = own_lifetime(result.AccessToken, server_now)
    if not lifetime then return bad(operation, "ExpiresIn") end
  elseif type(lifetime) ~= "number" or lifetime < 0 or lifetime > 2 ^ 31 then
    return bad(operation, "ExpiresIn")
  end
  return lifetime
end

local function is_optional(value, kind)
  return value == nil or type(value) == kind
end

local function is_record(record)
  return type(record.version) == "string" and record.version:find("^[^.]+%.%d+$") ~= nil
    and type(record.expires_at) == "number" and type(record.lifetime) == "number"
    and is_optional(record.access_token, "string") and is_optional(record.id_token, "string")
    and is_optional(record.refresh_token, "string") and is_optional(record.username, "string")
    and is_optional(record.id, "string") and is_optional(record.drift, "number")
    and is_optional(record.device_key, "string") and is_optional(record.scopes, "table")
end

--- Checks a stored table: another version of the library or another program may have written it.
-- @tparam table record
-- @treturn boolean|nil true: it is a session's record; nil and an error of kind `store`
function intake.record(record)
  if is_record(record) then return true end
  return nil, errors.new("store", "what is stored is not a session of this version of the library", { code = "foreign",
    retryable = false, hint = "sign in again to replace it, or use the version that wrote it" })
end

return intake
