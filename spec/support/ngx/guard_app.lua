--- Runs inside nginx: the application of spec/system/ngx_guard_spec.lua, ngx_visits_spec.lua and ngx_bearer_spec.lua.
local cjson = require "cjson.safe"
local cognito = require "cognito"
local cognito_guard = require "resty.cognito"
local must = require "spec.support.ngx.must"

local M = {}

local KEY = ("k"):rep(32)

--- Make the pool and the guards.
-- @tparam table given `pool_id`, `client_id`, `url`, `issuer`, `secret`
function M.init(given)
  local pool = must(cognito.pool {
    user_pool_id = given.pool_id, client_id = given.client_id, client_secret = given.secret, endpoint = given.url,
    issuer = given.issuer, flow = "USER_PASSWORD_AUTH", timeout = 2, deadline = 4,
    storage = must(cognito.storage.shared_dict { name = "sessions", key = KEY }),
  })
  local function guard(more)
    local options = { pool = pool, key = KEY, home = "/home", return_urls = { "/app/*" },
      headers = { ["X-User"] = "cognito:username", ["X-Groups"] = "cognito:groups" }, forward = "access" }
    for name, value in pairs(more or {}) do options[name] = value end
    return must(cognito_guard.new(options))
  end
  M.pool, M.guard = pool, guard()
  M.short = guard { idle = 3, absolute = 5 }
  M.narrow = guard { max_sign_ins = 1, cookie = "__Host-narrow" }
  M.ahead = guard { background = 60, cookie = "__Host-ahead", pool = must(cognito.pool {
    user_pool_id = given.pool_id, client_id = "brief", client_secret = given.secret, endpoint = given.url,
    flow = "USER_PASSWORD_AUTH", storage = pool.storage, issuer = given.issuer }) }
  M.solo = guard { cookie = "__Host-solo", pool = must(cognito.pool { user_pool_id = given.pool_id,
    client_id = given.client_id, client_secret = given.secret, endpoint = given.url, issuer = given.issuer,
    flow = "USER_PASSWORD_AUTH", storage = cognito.storage.memory() }) }
  M.api = must(cognito_guard.new { realm = "spec",
    headers = { ["X-User"] = "username", ["X-Real-User-Name"] = "username" },
    verifier = { user_pool_id = given.pool_id, client_id = given.client_id, issuer = given.issuer } })
  M.strict = must(cognito_guard.new { headers = { ["X-User"] = "username", ["X-Groups"] = "cognito:groups" },
    verifier = { user_pool_id = given.pool_id, client_id = given.client_id, issuer = given.issuer, cache = false } })
  M.tight = must(cognito_guard.new { pool = pool, key = KEY, cookie = "__Host-tight",
    storage = must(cognito.storage.shared_dict { name = "tiny", key = KEY }) })
end

--- Make the guards over several pools, and with the online check.
-- @tparam table other `pool_id`, `issuer`, `client_id` of another pool
function M.init_bearer(other)
  M.online = must(cognito_guard.new { pool = M.pool, key = KEY, verifier = { online = M.pool } })
  M.far = must(cognito_guard.new { verifier = { user_pool_id = "eu-west-1_Faraway01", client_id = false } })
  M.two = must(cognito_guard.new { verifier = { user_pool_id = { M.pool.user_pool_id, other.pool_id },
    client_id = { M.pool.client_id, other.client_id },
    issuer = { [M.pool.user_pool_id] = M.pool:issuers()[1], [other.pool_id] = other.issuer } } })
end

local function json(value)
  ngx.header["Content-Type"] = "application/json"
  ngx.print(cjson.encode(value))
end

--- The page that a guard's form draws, as JSON.
function M.form(guard)
  local view = guard:form()
  if view then json(view) end
end

--- Says which headers reached the upstream.
function M.upstream() json(ngx.req.get_headers()) end

--- Says what a handler finds of a bearer token, twice, for what is made at the first look must stay.
function M.claims()
  local who = ngx.ctx.cognito
  local again = who.claims
  json { claims = who.claims, same = rawequal(again, who.claims), plain = getmetatable(who.claims) == nil,
    nothing_else = who.session == nil and who.token == nil }
end

--- The word that a page behind the guard puts into its forms.
function M.csrf() ngx.print(M.guard:csrf()) end

--- Renew the tokens of the signed-in user now.
function M.refresh()
  local ok, err = ngx.ctx.cognito.session:refresh()
  ngx.print(ok and "renewed" or err.kind)
end

--- Sign out behind the guard's back.
function M.leave() ngx.print(tostring(ngx.ctx.cognito.session:sign_out().cleared)) end

--- Free memory of the dictionary and the number of its keys.
function M.free()
  local dict = ngx.shared.sessions
  json { free = dict:free_space(), keys = #dict:get_keys(0) }
end

--- Leave no room for another session.
function M.fill()
  local dict = ngx.shared.tiny
  local i, size = 0, 4096
  while size > 32 do
    i = i + 1
    if not dict:safe_set("x" .. i, ("x"):rep(size)) then size = size / 2 end
  end
end

return M
