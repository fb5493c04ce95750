--- Runs inside nginx: the application of spec/support/ngx_load.lua.
local base = require "spec.support.ngx.pool"
local cognito_guard = require "resty.cognito"
local must = require "spec.support.ngx.must"

local M = {}

--- Make the pool (see `spec.support.ngx.pool`) and a guard over it.
function M.init(given)
  base.init(given)
  M.guard = must(cognito_guard.new { pool = base.pool, key = ("k"):rep(32), home = "/who" })
end

--- Make sessions of which only the refresh token is known; answers their ids. `?n=`
function M.sessions()
  local step = assert(base.pool:sign_in { username = "user1", password = "Correct-horse1" })
  local refresh_token = step.session:export().refresh_token
  for _ = 1, tonumber(ngx.var.arg_n) do
    local session = assert(base.pool:adopt { username = "user1", refresh_token = refresh_token })
    if session.last_error then error(tostring(session.last_error)) end
    ngx.say(session.id)
  end
end

--- Sign in without a form; the cookie is the answer. `?user=`
function M.enter()
  local step, err = base.pool:sign_in { username = ngx.var.arg_user, password = "Correct-horse1" }
  if not step then ngx.status = 503 ngx.print(tostring(err)) return end
  local cookie, bad = M.guard.visits:begin(step.session, nil)
  if not cookie then ngx.status = 503 ngx.print(tostring(bad)) return end
  ngx.print(cookie:match "^[^;]+")
end

--- Who is signed in, and who should be. `?expect=`
function M.who()
  local who = ngx.ctx.cognito
  ngx.print(who.claims["cognito:username"], " ", who.session.username, " ", ngx.var.arg_expect)
end

return M
