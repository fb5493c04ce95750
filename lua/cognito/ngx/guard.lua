--- Protects locations of an nginx: `bearer` for tokens in a header, `login` for people with a browser.
--
--     -- init_by_lua_block
--     guard = assert(require("resty.cognito").new { pool = pool, key = { file = "/etc/app/session.key" } })
--     -- location /app/    access_by_lua_block  { guard:login() }
--     -- location /api/    access_by_lua_block  { guard:bearer { scopes = { "orders/read" } } }
--     -- location = /login content_by_lua_block { local view = guard:form() if view then draw(view) end }
--     -- location = /out   content_by_lua_block { guard:logout() }
-- @module cognito.ngx.guard

local cognito = require "cognito"
local bearer = require "cognito.ngx.guard.bearer"
local browser = require "cognito.ngx.guard.browser"
local errors = require "cognito.errors"
local form = require "cognito.ngx.guard.form"
local host = require "cognito.ngx.host"
local headers = require "cognito.ngx.guard.headers"
local hosted = require "cognito.ngx.guard.hosted"
local keys = require "cognito.storage.keys"
local login = require "cognito.ngx.guard.login"
local logout = require "cognito.ngx.guard.logout"
local options = require "cognito.options"
local slots = require "cognito.ngx.guard.slots"
local urls = require "cognito.ngx.guard.urls"
local visits = require "cognito.ngx.guard.visits"

local guard = { _VERSION = cognito._VERSION }

local Guard = { __name = "cognito.guard" }
Guard.__index = Guard

local SCHEMA = {
  pool = "table", key = "string|table|function", storage = "table", cookie = "string", idle = "number",
  absolute = "number", login = "string", hosted = "table", home = "string", return_urls = "table",
  after_logout = "string", headers = "table", forward = "string", realm = "string", max_sign_ins = "integer",
  verifier = "table", background = "number", passkeys = "boolean",
}
local POLICY = { optional = "boolean", groups = "table", scopes = "table", api = "boolean" }
local MINUTE, HOUR = 60, 3600

local wrong = errors.config

local function check_names(given)
  if given.cookie and not given.cookie:find "^__Host%-[%w_%-]+$" then
    return wrong("cookie", "the cookie's name must begin with __Host-", "such a cookie cannot be planted")
  end
  if given.forward and given.forward ~= "access" and given.forward ~= "id" then
    return wrong("forward", 'forward must be "access" or "id"')
  end
  if (given.realm or ""):find '[%c"\\]' then return wrong("realm", "realm holds a quote or a control character") end
  for name, claim in pairs(given.headers or {}) do
    if type(name) ~= "string" or name:find "[^%w%-]" or type(claim) ~= "string" then
      return wrong("headers", "headers must map header names to names of claims")
    end
  end
  return true
end

local function check_places(given)
  local bad = urls.unsound(given.return_urls or {})
  if bad then return wrong("return_urls", "not a path or https URL with a path: " .. errors.clean(bad)) end
  for _, field in ipairs { "login", "home", "after_logout" } do
    local place = given[field]
    if place and urls.unsound { place } then return wrong(field, field .. " is not a path of this site") end
  end
  return true
end

local function check_times(given)
  for _, field in ipairs { "idle", "absolute", "background" } do
    local value = given[field]
    if value and not (value >= 1 and value <= 366 * 24 * HOUR) then
      return wrong(field, field .. " must be between a second and a year")
    end
  end
  return true
end

local function settings(given)
  local plan = headers.plan(given.headers or {})
  return {
    pool = given.pool, cookie = given.cookie or "__Host-session", login_path = given.login or "/login",
    home = given.home or "/", return_urls = given.return_urls or { "/*" }, after_logout = given.after_logout or "/",
    headers = plan, wanted = bearer.wanted(plan), forward = given.forward,
    realm = given.realm or "cognito", background = given.background, passkeys = given.passkeys or false,
    slots = slots.new(given.max_sign_ins or 16, MINUTE),
  }
end

local function add_verifier(self, given)
  local chosen = { token_use = "access", cache = true, host = host.new() }
  if given.pool then chosen.user_pool_id, chosen.client_id = given.pool.user_pool_id, given.pool.client_id end
  if given.pool then chosen.issuer = given.pool:issuers() end
  -- so that one fetch of the key set serves all workers, and all machines where the storage does
  chosen.storage = given.storage or given.pool and given.pool.storage
  for name, value in pairs(given.verifier or {}) do chosen[name] = value end
  if not chosen.user_pool_id then return true end
  local err
  self.verifier, err = cognito.verifier(chosen)
  return self.verifier ~= nil or nil, err
end

local function add_visits(self, given)
  if not given.pool then return true end
  if given.key == nil then error("cognito.guard: option key is missing; it seals what browsers keep", 3) end
  self.keys = keys.new(given.key, "cognito.guard")
  local ready, err = self.keys:seal("", "")
  if not ready then return nil, err end
  self.browser = browser.new { keys = self.keys, cookie = self.cookie .. "-form" }
  self.visits = visits.new { pool = given.pool, storage = given.storage or given.pool.storage, cookie = self.cookie,
    idle = given.idle or 30 * MINUTE, absolute = given.absolute or 12 * HOUR }
  return true
end

local function names_openid(scopes)
  for _, scope in ipairs(scopes or { "openid" }) do
    if scope == "openid" then return true end
  end
  return false
end

-- Who somebody is stands in the ID token.
local function add_hosted(self, given)
  if not given.hosted then return true end
  if not given.pool then return wrong("hosted", "hosted needs the option pool, whose pages these are") end
  if not names_openid(given.hosted.scopes) then
    return wrong("hosted", "hosted.scopes does not name openid, without which there is no ID token",
      'add "openid" to hosted.scopes, here and at the app client')
  end
  local err
  self.hosted, err = given.pool:hosted_login(given.hosted)
  return self.hosted ~= nil or nil, err
end

--- Makes a guard, best in init_by_lua*.
-- @tparam table given `pool` (for `login`), `key` (seals cookies and forms; see `cognito.storage.keys`), `storage`
-- (default: the pool's), `cookie` (default `__Host-session`), `idle` (seconds, 1800), `absolute` (seconds, 43200),
-- `login` (path of the sign-in page, `/login`), `hosted` (options of `pool:hosted_login`: sign-in at the pool's own
-- pages), `home`, `return_urls` (allow-list; default every path of this site), `after_logout`, `headers` (upstream
-- header -> claim), `forward` (`access` or `id`: that token goes upstream as Authorization), `realm`, `max_sign_ins`
-- (at a time and worker, 16), `verifier` (options of `cognito.verifier` for `bearer`), `background` (seconds before
-- a request would have to wait for a renewal, at most a quarter of the token's life: a timer begins it then),
-- `passkeys` (true: the form may begin with a passkey)
-- @treturn Guard or nil and an error of kind `config`
function guard.new(given)
  options.check(given, SCHEMA, "cognito.guard", 2)
  if not given.pool and not given.verifier then error("cognito.guard: option pool or verifier is needed", 2) end
  for _, check in ipairs { check_names, check_places, check_times } do
    local ok, err = check(given)
    if not ok then return nil, err end
  end
  local self = setmetatable(settings(given), Guard)
  for _, add in ipairs { add_verifier, add_visits, add_hosted } do
    local ok, err = add(self, given)
    if not ok then return nil, err end
  end
  return self
end

local NO_POLICY = {}

-- A location asks at each request, so what is in order is seen without the general check.
local function policy_of(given, where)
  if given == nil then return NO_POLICY end
  local fine = type(given) == "table"
  for name, value in pairs(fine and given or NO_POLICY) do fine = fine and type(value) == POLICY[name] end
  -- no tail call, which would lose the line that the error is to name
  if not fine then options.check(given, POLICY, where, 3) end
  return given
end

local PHASES = { rewrite = true, access = true, content = true }

local function needs(self, part, where, option)
  if not PHASES[ngx.get_phase()] then
    error(("%s cannot run in phase %s: use access_by_lua* (login, bearer) or content_by_lua*"):format(where,
      ngx.get_phase()), 3)
  end
  if not self[part] then error(("%s: the guard was made without option %s"):format(where, option), 3) end
end

--- Lets a request with a good bearer token pass; answers 401, 403 or 503 else. The claims are in `ngx.ctx.cognito`.
-- Bearer tokens as in RFC 6750.
-- @tparam[opt] table policy `groups`, `scopes` (lists of which the token must name one), `optional`
-- @treturn nil it returns when the request may pass; else nginx has answered it
-- **context:** rewrite_by_lua*, access_by_lua*
function Guard:bearer(policy)
  needs(self, "verifier", "guard:bearer", "verifier")
  return bearer.handle(self, policy_of(policy, "guard:bearer"))
end

--- Lets a request of a signed-in browser pass; sends others to sign in, API requests get 401. `ngx.ctx.cognito` holds
-- `claims` and `session`.
-- @tparam[opt] table policy `optional` (true: who is not signed in may pass too), `groups`, `scopes`, `api` (true or
-- false instead of looking at the request)
-- @treturn nil it returns when the request may pass; else nginx has answered it
-- **context:** rewrite_by_lua*, access_by_lua*
function Guard:login(policy)
  needs(self, "visits", "guard:login", "pool")
  return login.handle(self, policy_of(policy, "guard:login"))
end

--- The sign-in page: with `hosted`, sends the browser to the pool's pages; else handles the application's own form.
-- **context:** content_by_lua*
-- @treturn table|nil what to draw, see `cognito.ngx.guard.form`; nil when the request is answered
function Guard:form()
  needs(self, "visits", "guard:form", "pool")
  if self.hosted then return hosted.begin(self) end
  return form.handle(self)
end

--- The place to which the hosted login sends the browser back (RFC 6749 4.1.2). It answers the request: a redirect to
-- where the person wanted to go, or a page that says what is wrong.
-- @treturn nil nginx has answered the request
-- **context:** content_by_lua*
function Guard:callback()
  needs(self, "hosted", "guard:callback", "hosted")
  return hosted.callback(self)
end

--- Signs out: a POST with the word of `guard:csrf` in the field `csrf` or the header `X-CSRF-Token`. It answers the
-- request.
-- @tparam[opt] table policy `global` (true: every session of the user)
-- @treturn nil nginx has answered the request
-- **context:** content_by_lua*
function Guard:logout(policy)
  needs(self, "visits", "guard:logout", "pool")
  return logout.handle(self, policy and options.check(policy, { global = "boolean" }, "guard:logout", 2) or {})
end

--- The word against cross-site requests for forms of pages behind `guard:login`. Any phase behind it.
-- @treturn string|nil nil when nobody is signed in
function Guard:csrf()
  local who = ngx.ctx.cognito
  return who and who.visit and self.browser:token(who.visit.id)
end

--- Whether a form or script that sends something belongs to the signed-in user's own pages.
-- @tparam[opt] string given the word that came
-- @treturn boolean
function Guard:is_csrf(given)
  local who = ngx.ctx.cognito
  return who ~= nil and who.visit ~= nil and self.browser:is_token(who.visit.id, given)
end

return guard
