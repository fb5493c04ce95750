--- Sign-in at the pool's own pages, by code and PKCE. What a callback must match travels in a sealed cookie of its own
-- for each login begun, so that several tabs do not disturb each other and nothing is kept for who never comes back.
-- @module cognito.ngx.guard.hosted

local core = require "cognito.core"
local cookies = require "cognito.ngx.guard.cookies"
local json = require "cognito.json"
local reply = require "cognito.ngx.guard.reply"
local urls = require "cognito.ngx.guard.urls"

local hosted = {}

-- Logins that one browser may have open; the one that was begun first goes.
local MAX_PENDING = 5

local function cookie_name(self, state) return self.cookie .. "-login-" .. state:sub(1, 16) end

local function place(name) return "lua-cognito pending login\0" .. name end

local function make_room(self)
  local names = cookies.names(ngx.var.http_cookie, self.cookie .. "-login-")
  for i = 1, #names - MAX_PENDING + 1 do reply.cookie(cookies.remove(names[i])) end
end

--- Sends the browser to the hosted login.
-- @tparam table self the guard
-- @tparam[opt] table extra parameters of the authorize endpoint, such as `identity_provider`
function hosted.begin(self, extra)
  local url, pending = self.hosted:authorize_url(extra)
  local return_to = urls.safe(ngx.req.get_uri_args(20)["return"], self.return_urls, self.home)
  local name = cookie_name(self, pending.state)
  pending.return_to = return_to
  local sealed, err = self.keys:seal(place(name), json.encode(pending))
  if not sealed then return reply.unavailable(err, false) end
  make_room(self)
  reply.cookie(cookies.set(name, core.b64url_encode(sealed), self.hosted.lifetime))
  return reply.redirect(url, 302)
end

local function take_pending(self, state)
  if type(state) ~= "string" or not state:find "^[%w%-_]+$" then return nil end
  local name = cookie_name(self, state)
  local sealed = core.b64url_decode(cookies.get(ngx.var.http_cookie, name) or "!")
  if not sealed then return nil end
  reply.cookie(cookies.remove(name))
  local text = self.keys:open(place(name), sealed)
  return text and json.decode(text) or nil
end

local RETRY = '%s <a href="%s">Sign in again</a>.'

local function failed(self, code, words)
  reply.log(ngx.NOTICE, "cognito guard: a callback was refused: " .. code)
  return reply.page(400, "Sign-in did not work", RETRY:format(words, reply.escape(self.login_path)))
end

local function refuse(self, err)
  if err.kind == "rejected" and err.code == "access_denied" then
    return failed(self, "access_denied", "The sign-in was cancelled.")
  end
  if err.kind == "invalid" or err.kind == "rejected" or err.kind == "token" or err.kind == "auth" then
    return failed(self, tostring(err.code or err.kind):gsub("[^%w_]", ""), "The answer of the sign-in page does "
      .. "not belong to a sign-in that this browser began, or came too late.")
  end
  return reply.unavailable(err, false)
end

--- Takes the browser back from the hosted login.
-- @tparam table self the guard
function hosted.callback(self)
  local query = ngx.var.args or ""
  if #query > 8192 then return failed(self, "too_long", "The answer of the sign-in page is too long.") end
  local pending = take_pending(self, ngx.req.get_uri_args(20).state)
  if not pending then return refuse(self, { kind = "invalid", code = "no_login_pending" }) end
  local return_to = pending.return_to
  local session, err = self.hosted:finish(query, pending)
  if not session then return refuse(self, err) end
  local cookie, why = self.visits:begin(session, ngx.var.http_cookie)
  if not cookie then
    session:sign_out()
    return reply.unavailable(why, false)
  end
  reply.cookie(cookie)
  return reply.redirect(urls.safe(return_to, self.return_urls, self.home))
end

return hosted
