--- The OAuth 2.0 and OpenID endpoints and the login pages, by method and path.
-- @module cognito.emulator.oauth.routes

local account = require "cognito.emulator.oauth.account"
local authorize = require "cognito.emulator.oauth.authorize"
local dashboard = require "cognito.emulator.dashboard"
local login = require "cognito.emulator.oauth.login"
local token = require "cognito.emulator.oauth.token"
local userinfo = require "cognito.emulator.oauth.userinfo"

local M = {
  ["GET /"] = dashboard.answer,
  ["GET /oauth2/authorize"] = authorize.answer,
  ["GET /login"] = login.get, ["POST /login"] = login.post,
  ["POST /oauth2/token"] = token.token, ["POST /oauth2/revoke"] = token.revoke,
  ["GET /oauth2/userInfo"] = userinfo.answer, ["POST /oauth2/userInfo"] = userinfo.answer,
  ["GET /logout"] = userinfo.logout,
}

for route, handler in pairs(account) do M[route] = handler end

return M
