--- The ID token of a session, which can end before its access token does.
-- @module cognito.identity

local core = require "cognito.core"
local errors = require "cognito.errors"
local records = require "cognito.records"
local tokens = require "cognito.tokens"

local identity = {}

local max, min = math.max, math.min

local function no_id_token()
  return nil, errors.new("rejected", "the session has no ID token", { code = "no_id_token", retryable = false,
    hint = "a hosted login gives one only for the scope openid" })
end

-- Seconds for which it still is good, and seconds before its end at which it is renewed: by its own times, as far as
-- they can be read, for it may live much shorter than the access token.
local function id_left(self, pool, record)
  local exp, iat = core.jwt_times(record.id_token)
  if not exp then return self.fresh_until - pool.host.monotime(), 0 end
  local margin = tokens.margin(record, pool.margin)
  if iat then margin = min(margin, max(exp - iat, 0) / 4) end
  return exp - records.server_now(pool, record), margin
end

-- The ID token that is stored, when it is good beyond the margin; else how long it still is good, and itself.
local function read_identity(self, pool)
  local record = records.of(self)
  if not record or not record.id_token then return nil end
  local left, margin = id_left(self, pool, record)
  local spare = left - margin
  if spare <= 0 then return nil, left, record.id_token end
  self.identity, self.id_until = record.id_token, min(self.fresh_until, pool.host.monotime() + spare)
  return record.id_token
end

--- A valid ID token, where the session has none at hand. Sets the session's `identity` and `id_until`.
-- @tparam table self the session
-- @tparam[opt] table given limits that were checked
-- @treturn string|nil the token, or nil and an error; see `session:id_token`
function identity.token(self, given)
  local ok, err = self:access_token(given)
  if not ok then return nil, err end
  local pool = getmetatable(self).pool
  local token, left, old = read_identity(self, pool)
  if token then return token end
  if not left then return no_id_token() end
  ok, err = self:refresh(given)
  if ok then
    token, left, old = read_identity(self, pool)
    if token then return token end
    if not left or left <= 0 then return no_id_token() end
  end
  if left > 0 then return old end
  return nil, err
end

--- What `session:claims` does.
-- @tparam table self the session
-- @tparam[opt] table given
-- @treturn table|nil the claims, or nil and an error
function identity.claims(self, given)
  local record = records.of(self)
  local token, err = record and record.id_token, nil
  if not token then token, err = self:id_token(given) end
  if not token then return nil, err end
  local claims, code = core.jwt_decode(token)
  if claims then return claims end
  return nil, errors.new("bad_response", "the ID token cannot be read", { code = code, retryable = false })
end

return identity
