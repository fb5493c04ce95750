--- Runs inside nginx: the application of spec/system/ngx_canary_spec.lua, which logs whatever the library has to say.
local cognito = require "cognito"
local cjson = require "cjson.safe"
local cognito_guard = require "resty.cognito"
local must = require "spec.support.ngx.must"

local M = {}

local function say(...) ngx.log(ngx.DEBUG, "said: ", ...) end

--- Make the pool and the guards.
-- @tparam table given options of the pool; `key`, `redirect_uri`
function M.init(given)
  local key, redirect_uri = given.key, given.redirect_uri
  given.key, given.redirect_uri = nil, nil
  given.storage = must(cognito.storage.shared_dict { name = "sessions", key = key })
  given.logger = function(level, message, fields) say(level, " ", message, " ", cjson.encode(fields or {})) end
  given.on_warning = function(err) say(tostring(err), " ", cjson.encode { err.code, err.message, err.hint }) end
  given.on_refresh = function() say "refreshed" end
  given.on_signed_out = function() say "signed out" end
  M.pool = must(cognito.pool(given))
  local function guard(more)
    local options = { pool = M.pool, key = key, home = "/who", headers = { ["X-User"] = "cognito:username" },
      forward = "access" }
    for name, value in pairs(more) do options[name] = value end
    return must(cognito_guard.new(options))
  end
  M.guard, M.hosted = guard {}, guard { cookie = "__Host-hosted", hosted = { redirect_uri = redirect_uri,
    scopes = { "openid", "aws.cognito.signin.user.admin" } } }
  M.api = guard { headers = { ["X-User"] = "username" }, verifier = { cache = false } }
end

--- The page that a guard's form draws, as JSON.
function M.form(guard)
  local view = guard:form()
  if view then ngx.print(cjson.encode(view)) end
end

--- The secrets of the signed-in session, for the spec to look for.
function M.export()
  local session = ngx.ctx.cognito.session
  say(tostring(session), " ", tostring(M.pool), " ", tostring(M.guard), " ", tostring(ngx.ctx.cognito))
  local record = session:export()
  ngx.print(cjson.encode { refresh = record.refresh_token, access = session:access_token(), id = session:id_token(),
    word = M.guard:csrf() })
end

--- Everything that the dictionary holds, names and values.
function M.dump()
  local dict = ngx.shared.sessions
  for _, name in ipairs(dict:get_keys(0)) do ngx.say(name, " ", (tostring(dict:get(name)))) end
end

--- Renew now.
function M.refresh()
  local ok, err = ngx.ctx.cognito.session:refresh()
  say(tostring(err), " ", cjson.encode { err and err.message, err and err.reason })
  ngx.print(ok and "renewed" or err.kind)
end

return M
