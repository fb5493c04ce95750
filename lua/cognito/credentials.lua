--- Tokens for a program that acts for itself (RFC 6749 4.4, client credentials). In a storage that many share one
-- token serves all of them: the workers of an nginx, the machines of a fleet.
-- @module cognito.credentials
local core = require "cognito.core"
local errors = require "cognito.errors"
local hosted = require "cognito.hosted"
local options = require "cognito.options"
local records = require "cognito.records"
local tokens = require "cognito.tokens"

local credentials = {}

local Source = { __name = "cognito.client_credentials" }
Source.__index = Source

local function key_of(pool, scopes)
  local sorted = {}
  for i, scope in ipairs(scopes) do sorted[i] = scope end
  table.sort(sorted)
  return "client_credentials\0" .. pool.user_pool_id .. "\0" .. pool.client_id .. "\0" .. table.concat(sorted, " ")
end

--- Makes a source of tokens. One source serves all callers of a process; each asks `access_token` each time.
-- @tparam table pool a pool with a client secret and a `domain`
-- @tparam[opt] table opts `scopes` (list; default: all that the client has)
-- @treturn table|nil the source, or nil and an error: `config`
function credentials.new(pool, opts)
  opts = options.check(opts or {}, { scopes = "table" }, "client_credentials", 3)
  if not pool.secrets then
    return nil, errors.new("config", "client credentials need a client with a secret", { field = "client_secret" })
  end
  local base, err = hosted.base_url(pool)
  if not base then return nil, err end
  local key = key_of(pool, opts.scopes or {})
  -- the flight is of this pool object alone: another may have the same ids and another secret
  return setmetatable({ pool = pool, scopes = opts.scopes or {}, flight = pool.flight_prefix .. key,
    store_key = core.hex_encode(core.sha256(key)) }, Source)
end

local function fetch(self, ctx)
  local scope = #self.scopes > 0 and table.concat(self.scopes, " ") or nil
  local answer, err = hosted.request(self.pool, {
    path = "/oauth2/token", operation = "client_credentials", minting = true, resend = "safe",
    fields = { { "grant_type", "client_credentials" }, { "client_id", self.pool.client_id }, { "scope", scope } },
  }, ctx)
  if not answer then return nil, err end
  local result = hosted.to_result(answer)
  local lifetime
  lifetime, err = tokens.check(result, "client_credentials", self.pool.host.now())
  if not lifetime then return nil, err end
  return { access_token = result.AccessToken, lifetime = lifetime, ends = self.pool.host.monotime() + lifetime }
end

local function is_fresh(self, margin)
  local held = self.held
  return held and self.pool.host.monotime() < held.ends - margin
end

local function margin_of(self, held) return tokens.margin(held, self.pool.margin) end

-- What a sibling, another worker or machine, has stored; nil when it is not fresh any more.
local function stored(self, storage)
  local record = storage:get(self.store_key)
  if not record or not record.lifetime then return nil, record end
  local left = record.expires_at - self.pool.host.now()
  if left <= margin_of(self, record) then return nil, record end
  return { access_token = record.access_token, lifetime = record.lifetime, ends = self.pool.host.monotime() + left }
end

-- A store that fails costs the siblings a call of their own and nothing else.
local function share(self, storage, held, old)
  local expires_at = self.pool.host.now() + held.lifetime
  storage:put(self.store_key, { version = records.random_id(self.pool, 9) .. ".1", access_token = held.access_token,
    lifetime = held.lifetime, expires_at = expires_at, ends_at = expires_at }, old and old.version)
end

local function fetch_and_share(self, storage, ctx)
  local held, old = stored(self, storage)
  if held then return held end
  local err
  held, err = fetch(self, ctx)
  if held then share(self, storage, held, old) end
  return held, err
end

local FIRST_PAUSE, LONGEST_PAUSE, LEASE_SPARE = 0.01, 0.25, 5

-- Under the lock of the shared storage one of all siblings asks. Where the lock does not work each asks for itself.
local function fetch_once(self, storage, ctx)
  local host, pause = self.pool.host, FIRST_PAUSE
  while true do
    local held = stored(self, storage)
    if held then return held end
    local now = host.monotime()
    local lock, why = storage:try_lock(self.store_key, ctx.ends - now + LEASE_SPARE)
    if lock or why ~= "busy" or now >= ctx.ends then
      local err
      held, err = fetch_and_share(self, storage, ctx)
      if lock then storage:unlock(self.store_key, lock) end
      return held, err
    end
    host.sleep(pause)
    pause = math.min(pause * 2, LONGEST_PAUSE)
  end
end

local function renew(self, ctx)
  return function()
    if self.held and is_fresh(self, margin_of(self, self.held)) then return self.held end
    local storage = self.pool.storage
    local held, err
    if storage.shared then held, err = fetch_once(self, storage, ctx) else held, err = fetch(self, ctx) end
    if held then self.held = held end
    return held, err
  end
end

--- A token that is valid now; fetched when there is none, renewed before it expires, by one call however many ask.
-- A failure while the present token is still valid gives the present one.
-- @tparam[opt] table opts `deadline` (seconds), `cancel`, `max_attempts`
-- @treturn string|nil the token, or nil and an error: `config` (grant or scope not switched on), and the kinds of a
-- call
function Source:access_token(opts)
  options.check_call(opts, "client_credentials:access_token", 2)
  local held = self.held
  if held and is_fresh(self, tokens.margin(held, self.pool.margin)) then return held.access_token end
  local pool = self.pool
  local ctx = pool.client:context(opts)
  local got, err = pool.host.once(self.flight, renew(self, pool.client:shared_context(ctx)), ctx.ends, ctx.cancel)
  if got then return got.access_token end
  if held and is_fresh(self, 0) then return held.access_token end
  return nil, err
end

return credentials
