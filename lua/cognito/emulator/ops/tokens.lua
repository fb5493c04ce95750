--- GetTokensFromRefreshToken, RevokeToken, GlobalSignOut.
-- @module cognito.emulator.ops.tokens

local clients = require "cognito.emulator.ops.clients"
local errors = require "cognito.emulator.errors"
local secret = require "cognito.emulator.secret"
local tokens = require "cognito.emulator.tokens"

local M = {}

local function check_secret(client, given, code)
  errors.check(secret.knows(client, given), code, given and "SecretHash does not match for the client: " .. client.id
    or "Client " .. client.id .. " is configured with secret but ClientSecret was not received")
end

function M.GetTokensFromRefreshToken(state, input)
  local client = clients.find(state, input.ClientId)
  check_secret(client, input.ClientSecret, "NotAuthorized")
  errors.check(client.config.flows.REFRESH_TOKEN_AUTH or client.config.rotation, "NotAuthorized",
    "REFRESH_TOKEN_AUTH flow not enabled for this client")
  local entry = tokens.check_refresh(state, client, input.RefreshToken, input.DeviceKey)
  return { AuthenticationResult = tokens.renew(state, entry) }
end

function M.RevokeToken(state, input)
  local client = state.clients[input.ClientId]
  errors.check(client, "InvalidParameter", "User pool client " .. input.ClientId .. " does not exist.")
  check_secret(client, input.ClientSecret, "Unauthorized")
  errors.check(client.config.token_revocation, "UnsupportedOperation",
    "Token revocation is not enabled for this client")
  local entry = state.refresh[input.Token]
  errors.check(entry or #input.Token:gsub("[^.]", "") ~= 2, "UnsupportedTokenType", "Token is not a refresh token")
  if entry and entry.family.client == client then tokens.revoke(state, entry.family) end
  return {}
end

function M.GlobalSignOut(state, input)
  tokens.revoke_all(state, tokens.authorize(state, input.AccessToken).user)
  return {}
end

return M
