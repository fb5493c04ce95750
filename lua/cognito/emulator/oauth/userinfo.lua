--- /oauth2/userInfo and /logout.
-- @module cognito.emulator.oauth.userinfo

local authorize = require "cognito.emulator.oauth.authorize"
local errors = require "cognito.emulator.errors"
local http = require "cognito.emulator.oauth.http"
local lists = require "cognito.emulator.lists"
local tokens = require "cognito.emulator.tokens"

local M = {}

local function unauthorized(status, code, text)
  return http.json(status, { error = code, error_description = text }, {
    { "WWW-Authenticate", ('Bearer error="%s", error_description="%s"'):format(code, text) } })
end

--- GET or POST /oauth2/userInfo. Booleans are texts, as the service sends them.
function M.answer(state, request)
  local token = (request.headers.authorization or ""):match("^[Bb]earer%s+(%S+)$")
  if not token then return unauthorized(400, "invalid_request", "The access token is missing") end
  local ok, who = pcall(tokens.holder, state, token)
  if not ok then
    if not errors.is(who) then error(who, 0) end
    return unauthorized(401, "invalid_token", who.message)
  end
  if not (" " .. who.claims.scope .. " "):find(" openid ", 1, true) then
    return unauthorized(401, "invalid_token", "The access token has no scope openid")
  end
  local output = { sub = who.user.sub, username = who.user.username }
  for name, value in pairs(tokens.visible(who.user, who.family and who.family.scopes or {})) do output[name] = value end
  return http.json(200, output)
end

local function forget(state, request)
  local id = http.cookie(request, authorize.COOKIE)
  if id then state.browsers[id] = nil end
  return { { "Set-Cookie", authorize.COOKIE .. "=; Path=/; HttpOnly; Max-Age=0" } }
end

--- GET /logout: clears the browser's session; tokens stay as they are.
function M.logout(state, request)
  local given = http.form(request.query)
  local client = state.clients[given.client_id or ""]
  if not client then return authorize.refuse("invalid_request", "no such client_id") end
  if given.logout_uri then
    if not lists.contains(client.config.logout_uris, given.logout_uri) then
      return authorize.refuse("redirect_mismatch", "logout_uri is not one of the client's")
    end
    return http.redirect(http.url(given.logout_uri, { { "state", given.state } }), forget(state, request))
  end
  if not given.redirect_uri or not given.response_type then
    return authorize.refuse("invalid_request", "logout_uri, or redirect_uri and response_type, must be given")
  end
  return http.redirect("/oauth2/authorize?" .. request.query, forget(state, request))
end

return M
