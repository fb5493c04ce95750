--- The tokens of a session as a value: what the service gave, until when it is good, and the record that is stored.
--
-- A record is a plain table that is never changed once it is made: `version`, `id`, `username`, `access_token`,
-- `id_token`, `refresh_token`, `expires_at` (seconds since the epoch by the server's clock), `lifetime` (seconds), and
-- where they apply `origin` ("oauth"), `scopes`, `device_key`, `drift`.
-- @module cognito.tokens

local core = require "cognito.core"
local lazy = require "cognito.lazy"

local intake = lazy.module "cognito.intake"

local tokens = {}

local count_up, CHECKED = core.count_up, core.lifetime

local type, floor, getmetatable, setmetatable = type, math.floor, getmetatable, setmetatable
local byte = string.byte

-- A clock that was set back must not make a token look good for longer than it can be.
local SLACK = 60
local DRIFT_WORTH_KEEPING = 2

-- The mark of records that have exactly the members of a session of the API whose id is the user's name.
local Usual = {}

--- Says whether a record has the usual members only (and `id` is `username`).
-- @tparam table record
-- @treturn boolean
function tokens.is_usual(record)
  return getmetatable(record) == Usual
end

--- Reads an AuthenticationResult.
-- @tparam table result as the service gave it, or as `core.json_tokens` did, which has checked it already
-- @tparam string operation for errors
-- @tparam number server_now the server's time, seconds since the epoch
-- @treturn number|nil the access token's lifetime in seconds, or nil and an error of kind `bad_response`
function tokens.check(result, operation, server_now)
  local lifetime = result[CHECKED]
  if lifetime then return lifetime end
  return intake.lifetime(result, operation, server_now)
end

--- The first version of a new session's record.
-- @tparam string id random text
-- @treturn string
function tokens.first_version(id)
  return id .. ".1"
end

--- The random id in a version, by which two sessions under one name are told apart.
-- @tparam string version
-- @treturn string
function tokens.family(version)
  return (version:match("^[^.]*"))
end

--- The record after a refresh.
-- @tparam table old the record before
-- @tparam table result the AuthenticationResult
-- @tparam number lifetime seconds
-- @tparam number server_now
-- @tparam[opt] number drift server's clock minus ours
-- @tparam[opt] string device_key a new one; without it the old one stays
-- @treturn table
function tokens.renewed(old, result, lifetime, server_now, drift, device_key)
  device_key = device_key or old.device_key
  local record = {
    version = count_up(old.version),
    id = old.id,
    username = old.username,
    access_token = result.AccessToken,
    id_token = result.IdToken or old.id_token,
    refresh_token = result.RefreshToken or old.refresh_token,
    expires_at = floor((server_now + lifetime) * 1000) / 1000, -- few digits are quickly written
    lifetime = lifetime,
  }
  if drift and drift < DRIFT_WORTH_KEEPING and drift > -DRIFT_WORTH_KEEPING then drift = nil end
  if not (drift or old.origin or old.scopes or device_key) then
    return record.id == record.username and record.id_token and setmetatable(record, Usual) or record
  end
  record.drift, record.origin, record.scopes, record.device_key = drift, old.origin, old.scopes, device_key
  return record
end

--- Seconds for which the access token of a record is still good.
-- @tparam table record
-- @tparam number server_now
-- @treturn number 0 or less when it is not
function tokens.remaining(record, server_now)
  if not record.access_token then return 0 end
  local left = record.expires_at - server_now
  if left > record.lifetime + SLACK then return 0 end
  return left
end

--- Seconds before expiry at which a token is renewed: the pool's margin, at most a quarter of the lifetime, and up to
-- a tenth of that more, which differs from token to token so that a fleet does not renew in one second.
-- @tparam table record
-- @tparam number margin
-- @treturn number
function tokens.margin(record, margin)
  local quarter = record.lifetime / 4
  if margin > quarter then margin = quarter end
  -- the last character of an RS256 signature says two bits only, the third from the end six
  return margin + margin * ((byte(record.access_token, -3) or 0) % 64) / 640
end

--- The user's name in the pool, from the access token's claims.
-- @tparam string access_token
-- @treturn string|nil
function tokens.username(access_token)
  local claims = access_token and core.jwt_decode(access_token)
  local name = claims and claims.username
  return type(name) == "string" and name or nil
end

return tokens
