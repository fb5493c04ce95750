--- Runs inside nginx: the application of spec/support/ngx_mixed.lua, which has every handler of the guard.
local base = require "spec.support.ngx.load_app"
local cognito_guard = require "resty.cognito"
local must = require "spec.support.ngx.must"
local pools = require "spec.support.ngx.pool"

local M = {}

local KEY = ("k"):rep(32)

--- Make the guards.
-- @tparam table given see `spec.support.ngx.pool`; `domain`, `bearer_client`
function M.init(given)
  base.init(given)
  local headers = { ["X-User"] = "username", ["X-Groups"] = "cognito:groups" }
  M.guard = base.guard
  M.cached = must(cognito_guard.new { pool = pools.pool, key = KEY, headers = headers,
    verifier = { client_id = given.bearer_client } })
  M.strict = must(cognito_guard.new { pool = pools.pool, key = KEY, headers = headers,
    verifier = { client_id = given.bearer_client, cache = false } })
  M.hosted = must(cognito_guard.new { pool = pools.pool, key = KEY, cookie = "__Host-hosted",
    hosted = { redirect_uri = "http://localhost:1/callback", scopes = { "openid" } } })
end

--- The sign-in page.
function M.form()
  local view = M.guard:form()
  if view then ngx.print(view.csrf) end
end

return M
