--- Judges tokens that somebody else brings: who signed them, for whom, for what, and until when.
-- RS256 alone, in the order size, structure, algorithm, key, signature, claims (RFC 7519, RFC 8725; "Verifying JSON web
-- tokens" of the Cognito developer guide). Works in every host.
-- @module cognito.verifier

local claims_of = require "cognito.protocol.claims"
local choose = require "cognito.host.choose"
local client = require "cognito.client"
local clock = require "cognito.host.clock"
local core = require "cognito.core"
local errors = require "cognito.errors"
local jwks = require "cognito.protocol.jwks"
local key_source = require "cognito.key_source"
local options = require "cognito.options"
local verdicts = require "cognito.verdicts"

local verifier = {}

local Verifier = { __name = "cognito.verifier" }
Verifier.__index = Verifier

local jwt_verify, jwt_check, jwt_issuer = core.jwt_verify, core.jwt_check, core.jwt_issuer
local copy, sha256 = core.copy, core.sha256

--- The options of `cognito.verifier` and their types.
verifier.schema = {
  user_pool_id = "string|table", client_id = "string|table|boolean", token_use = "string|boolean",
  groups = "string|table", scopes = "string|table", leeway = "number", max_future_iat = "number",
  custom_check = "function", issuer = "string|table", jwks = "string|table", now = "function",
  cache = "integer|boolean", online = "function|table", host = "table", storage = "table", timeout = "number",
  jwks_max_age = "number", jwks_max_stale = "number", jwks_cooldown = "number", proxy = "string", ca_file = "string",
  ca_path = "string", user_agent = "string", logger = "function", on_warning = "function",
}

local DEFAULT_CACHE = 1000

local limits = {
  { "jwks_max_age", 60, jwks.CEILING, 3600 }, { "jwks_max_stale", 60, jwks.CEILING, jwks.CEILING },
  { "jwks_cooldown", 1, 3600, 10 }, { "timeout", 0.001, 60, 5 }, { "cache", 1, 1000000, DEFAULT_CACHE },
}

local wrong = errors.config

local function check_limits(o)
  local found = {}
  for i = 1, #limits do
    local field, low, high, default = limits[i][1], limits[i][2], limits[i][3], limits[i][4]
    local value = o[field]
    if type(value) ~= "number" then value = default end
    if not (value >= low and value <= high) then
      return wrong(field, ("%s must be between %g and %g"):format(field, low, high))
    end
    found[field] = value
  end
  return found
end

-- ---- building -----------------------------------------------------------------------------------------------------

local function new_client(o, host, url, timeout)
  local agent = "lua-cognito" .. (o.user_agent and " " .. o.user_agent or "")
  return client.new({ url = url, client_id = "", user_agent = agent, timeout = timeout, deadline = timeout,
    max_attempts = 1, proxy = o.proxy, ca_file = o.ca_file, ca_path = o.ca_path, logger = o.logger }, host)
end

local function static_text(o, pool, several)
  local text = o.jwks
  if type(text) == "table" then text = text[pool.id] elseif several then text = nil end
  if type(text) == "string" then return text end
  return wrong("jwks", several and "each pool needs its own key set" or "jwks has no text for the pool",
    'jwks = { ["eu-west-1_A"] = text, ... }')
end

local function new_source(o, pool, several, host, found)
  local url = pool.issuers[1]:gsub("/+$", "") .. "/.well-known/jwks.json"
  local source = key_source.new { url = url, host = host, storage = o.storage, timeout = found.timeout,
    client = o.jwks == nil and new_client(o, host, url, found.timeout) or nil,
    limits = { max_age = found.jwks_max_age, max_stale = found.jwks_max_stale, cooldown = found.jwks_cooldown } }
  if o.jwks == nil then return source end
  local text, err = static_text(o, pool, several)
  if not text then return nil, err end
  source:hold(text)
  return source
end

local function add_pools(self, o, pools, asked, host, found)
  for i = 1, #pools do
    local source, err = new_source(o, pools[i], #pools > 1, host, found)
    if not source then return nil, err end
    local entry = { source = source, policy = claims_of.policy(asked, pools[i].issuers), id = pools[i].id }
    self.entries[i] = entry
    for _, issuer in ipairs(pools[i].issuers) do self.by_issuer[issuer] = entry end
  end
  self.only = #pools == 1 and self.entries[1] or nil
  return self
end

-- GetUser is for access tokens alone; what asks it is a pool, or any function of the token.
local function online_check(o)
  local online = o.online
  if online == nil or type(online) == "function" then return online end
  if type(online.call) ~= "function" then return wrong("online", "online must be a pool or a function") end
  return function(token, given)
    return online:call("GetUser", { AccessToken = token }, given)
  end
end

local function check_online(o)
  if o.online and o.token_use ~= "access" then
    return wrong("online", "the online check works for access tokens only", 'give token_use = "access"')
  end
  return true
end

-- One after the other; the first that fails gives the error.
local function check(o)
  local asked, err = claims_of.check(o)
  if not asked then return nil, err end
  local found, pools, ok
  found, err = check_limits(o)
  if not found then return nil, err end
  pools, err = claims_of.pools(o)
  if not pools then return nil, err end
  ok, err = check_online(o)
  if not ok then return nil, err end
  return { asked = asked, limits = found, pools = pools }
end

--- Makes a verifier. Nothing is fetched before the first token.
-- @tparam table o
--   `user_pool_id` one or a list; `client_id` one, a list, or false for any; `token_use` "access", "id", or false for
--   either; `groups`, `scopes` one or a list, of which the token must name one; `leeway` seconds, 0 to 300;
--   `max_future_iat` seconds that `iat` may lie ahead (no limit); `custom_check(claims, header)` returns true to
--   accept; `issuer` where the pool's own forms do not do (one, a list, or a table by pool id); `jwks` JSON text
--   that is used instead of a fetched one (a table by pool id for several); `now` a function; `cache` verdicts kept
--   (false; true: 1000); `online` a pool or a function `(token, given) -> true`, asked for each token whether it was
--   revoked; `storage` through which processes share key sets; `timeout` of a fetch (5 s); `jwks_max_age` (3600 s),
--   `jwks_max_stale` (86400 s), `jwks_cooldown` (10 s); `host`, `proxy`, `ca_file`, `ca_path`, `user_agent`, `logger`,
--   `on_warning` as in `cognito.pool`
-- @treturn table|nil the verifier, or nil and an error of kind `config` that names the `field`
function verifier.new(o)
  options.check(o, verifier.schema, "cognito.verifier", 3)
  local settings, err = check(o)
  if not settings then return nil, err end
  -- what fetches nothing needs no host, and loads none
  local host = (o.host or o.jwks == nil) and choose(o.host, "cognito.verifier", 3) or nil
  local online, bad = online_check(o)
  if bad then return nil, bad end
  local self = setmetatable({ entries = {}, by_issuer = {}, now = o.now or host and host.now or clock.now,
    host = host, online = online, custom_check = o.custom_check, on_warning = o.on_warning,
    timeout = settings.limits.timeout,
    cache = o.cache and verdicts.new(settings.limits.cache) or nil }, Verifier)
  return add_pools(self, o, settings.pools, settings.asked, host, settings.limits)
end

-- ---- judging --------------------------------------------------------------------------------------------------------

local function refuse(code, message)
  return nil, errors.new("token", message, { code = code, retryable = false })
end

-- What was given in place of a token. None at all is the bearer's doing, another type the programmer's.
local function no_token(token)
  if token == nil then return refuse("malformed", "there is no token") end
  error("a token must be a string, not " .. type(token), 3)
end

-- Which pool's keys to ask; the core compares the issuer again once the signature holds.
function Verifier:entry_of(token)
  if self.only then return self.only end
  local issuer, code, message = jwt_issuer(token)
  if not issuer then return refuse(code, message) end
  local entry = self.by_issuer[issuer]
  if entry then return entry end
  return refuse("iss_mismatch", "the token comes from another issuer")
end

function Verifier:warn(cause)
  if not cause or cause == self.warned or not self.on_warning then return end
  self.warned = cause
  self.on_warning(errors.new("token", "old keys are used, since the key set cannot be fetched",
    { code = "jwks_stale", cause = cause }))
end

function Verifier:ends(given)
  if not self.host then return 0 end
  return self.host.monotime() + (given and given.deadline or self.timeout)
end

-- A token of sound form that names an unknown key is worth a look at the key set, within the limits of its source.
function Verifier:judge(decide, entry, token, given, names)
  local source = entry.source
  local keys = source:ready()
  local claims, code, message = decide(token, keys, entry.policy, self.now(), names)
  if claims then return claims, keys end
  if code ~= "kid_unknown" then return refuse(code, message) end
  local others, err = source:obtain(keys, self:ends(given), given and given.cancel)
  if not others then
    if err then return nil, err end
    return refuse(code, message)
  end
  self:warn(err)
  claims, code, message = decide(token, others, entry.policy, self.now(), names)
  if claims then return claims, others end
  return refuse(code, message)
end

function Verifier:ask_online(token, given)
  local user, err = self.online(token, given)
  if user then return true end
  if err == nil or err.code == "NotAuthorizedException" then
    return nil, errors.new("token", "the token was revoked", { code = "revoked", cause = err, retryable = false })
  end
  return nil, err
end

-- Asked for every token, cached or not: these answers may change while the token does not.
function Verifier:accept(claims, token, given)
  if self.custom_check then
    local header = select(2, core.jwt_decode(token))
    local ok, why = self.custom_check(claims, header)
    if ok ~= true then
      local reason = why and ": " .. tostring(why) or ""
      return refuse("custom_check", "the caller's own check refused the token" .. reason)
    end
  end
  if self.online then
    local ok, err = self:ask_online(token, given)
    if not ok then return nil, err end
  end
  return claims
end

function Verifier:recall(name, now)
  local claims, source, keys = self.cache:get(name, now)
  if claims and source:holds(keys) then return claims end
end

-- The claims of a good token, which are the cache's own.
function Verifier:judge_cached(token, given)
  local name = sha256(token)
  local claims = self:recall(name, self.now())
  if claims then return claims end
  local entry, err = self:entry_of(token)
  if not entry then return nil, err end
  local keys
  claims, keys = self:judge(jwt_verify, entry, token, given)
  if not claims then return nil, keys end
  self.cache:put(name, claims, entry.source, keys)
  return claims
end

function Verifier:verify_cached(token, given)
  local claims, err = self:judge_cached(token, given)
  if not claims then return nil, err end
  return self:accept(copy(claims), token, given)
end

--- Judges a token.
-- @tparam string|nil token as it came; nil is refused like any text that is no token
-- @tparam[opt] table given `deadline` (seconds) for fetching keys and the online check, `cancel`
-- @treturn table|nil the claims as plain Lua values, the caller's own: integers stay integers, arrays are arrays
-- @treturn table an error of kind `token` whose `code` is the reason (`jwks_unavailable`: no keys could be had), or of
-- another kind when the online check could not be made
function Verifier:verify(token, given)
  if type(token) ~= "string" then return no_token(token) end
  if self.cache then return self:verify_cached(token, given) end
  local entry, err = self:entry_of(token)
  if not entry then return nil, err end
  local claims, keys = self:judge(jwt_verify, entry, token, given)
  if not claims then return nil, keys end
  return self:accept(claims, token, given)
end

--- The verdict alone, without making a table of the claims.
-- @tparam string|nil token
-- @tparam[opt] table given as in `verify`
-- @treturn boolean|nil true, or nil and the error of `verify`
function Verifier:check(token, given)
  if self.cache or self.custom_check then
    local claims, err = self:verify(token, given)
    if claims then return true end
    return nil, err
  end
  if type(token) ~= "string" then return no_token(token) end
  local entry, err = self:entry_of(token)
  if not entry then return nil, err end
  local ok, keys = self:judge(jwt_check, entry, token, given)
  if not ok then return nil, keys end
  return self:accept(true, token, given)
end

-- No names: the verdict alone.
function Verifier:judge_named(token, names, given)
  local entry, err = self:entry_of(token)
  if not entry then return nil, err end
  local claims, keys = self:judge(names and jwt_verify or jwt_check, entry, token, given, names)
  if not claims then return nil, keys end
  return names and claims or {}
end

--- Judges a token of which few claims are wanted, which costs less than a table of all of them.
-- @tparam string|nil token
-- @tparam table|nil names of 1 to 16 claims; nil: none
-- @tparam[opt] table given as in `verify`
-- @treturn table|nil those claims at least; not to be changed, since a cache may own them. Or nil and the error of
-- `verify`
-- @treturn boolean whether the table holds all claims
function Verifier:pick(token, names, given)
  if type(token) ~= "string" then return no_token(token) end
  local whole = self.cache ~= nil or self.custom_check ~= nil
  local claims, err
  if self.custom_check then claims, err = self:verify(token, given)
  elseif self.cache then claims, err = self:judge_cached(token, given)
  else claims, err = self:judge_named(token, names, given) end
  if not claims then return nil, err end
  if self.online and not self.custom_check then
    local ok, why = self:ask_online(token, given)
    if not ok then return nil, why end
  end
  return claims, whole
end

--- Gives the verifier a key set that the caller has, so that none need be fetched now.
-- @tparam string text JSON
-- @tparam[opt] string pool_id where there are several
-- @treturn boolean|nil true, or nil and an error of kind `token`
function Verifier:cache_jwks(text, pool_id)
  for i = 1, #self.entries do
    local entry = self.entries[i]
    if entry.id == pool_id or pool_id == nil and self.only then return entry.source:preload(text) end
  end
  error("cache_jwks: which pool? give its id", 2)
end

--- Fetches the key sets now, such as at the start of a server.
-- @tparam[opt] table given `deadline` (seconds)
-- @treturn boolean|nil true, or nil and the first error
function Verifier:fetch_keys(given)
  local ends = self:ends(given)
  for i = 1, #self.entries do
    local source = self.entries[i].source
    if not source:ready() then
      local keys, err = source:obtain(nil, ends, given and given.cancel)
      if not keys then return nil, err end
    end
  end
  return true
end

function Verifier:__tostring()
  local names = {}
  for i = 1, #self.entries do names[i] = self.entries[i].id or "custom issuer" end
  return "cognito.verifier(" .. table.concat(names, ", ") .. ")"
end

return verifier
