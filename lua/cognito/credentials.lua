--- Tokens for a program that acts for itself (RFC 6749 4.4, client credentials).
-- @module cognito.credentials
local errors = require "cognito.errors"
local hosted = require "cognito.hosted"
local options = require "cognito.options"
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

--- Make a source of tokens. One source serves all callers of a process; each asks `access_token` each time.
-- @tparam table pool a pool with a client secret and a `domain`
-- @tparam ?table opts `scopes` (list; default: all that the client has)
-- @treturn table|nil
-- @treturn ?errors `config`
function credentials.new(pool, opts)
  opts = options.check(opts or {}, { scopes = "table" }, "client_credentials", 3)
  if not pool.secrets then
    return nil, errors.new("config", "client credentials need a client with a secret", { field = "client_secret" })
  end
  local base, err = hosted.base_url(pool)
  if not base then return nil, err end
  return setmetatable({ pool = pool, scopes = opts.scopes or {}, key = key_of(pool, opts.scopes or {}) }, Source)
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

local function renew(self, ctx)
  return function()
    if is_fresh(self, tokens.margin(self.held or { lifetime = 0, access_token = "-" }, self.pool.margin)) then
      return self.held
    end
    local held, err = fetch(self, ctx)
    if held then self.held = held end
    return held, err
  end
end

--- A token that is valid now; fetched when there is none, renewed before it expires, by one call however many ask.
-- A failure while the present token is still valid gives the present one.
-- @tparam ?table opts `deadline` (seconds), `cancel`
-- @treturn string|nil
-- @treturn ?errors `config` (grant or scope not switched on), and the kinds of a call
function Source:access_token(opts)
  local held = self.held
  if held and is_fresh(self, tokens.margin(held, self.pool.margin)) then return held.access_token end
  local ctx = self.pool.client:context(opts)
  local got, err = self.pool.host.once(self.key, renew(self, ctx), ctx.ends)
  if got then return got.access_token end
  if held and is_fresh(self, 0) then return held.access_token end
  return nil, err
end

return credentials
