--- The public documents of a pool: key set and OpenID configuration.
-- @module cognito.emulator.discovery

local json = require "cognito.emulator.json"

local M = {}

local function configuration(state, pool)
  local issuer, base = state:issuer(pool), state.url
  return {
    issuer = issuer, jwks_uri = base .. "/" .. pool.id .. "/.well-known/jwks.json",
    authorization_endpoint = base .. "/oauth2/authorize", token_endpoint = base .. "/oauth2/token",
    revocation_endpoint = base .. "/oauth2/revoke", userinfo_endpoint = base .. "/oauth2/userInfo",
    end_session_endpoint = base .. "/logout",
    response_types_supported = json.list { "code", "token" },
    scopes_supported = json.list { "openid", "email", "phone", "profile" },
    subject_types_supported = json.list { "public" }, id_token_signing_alg_values_supported = json.list { "RS256" },
    token_endpoint_auth_methods_supported = json.list { "client_secret_basic", "client_secret_post" },
    code_challenge_methods_supported = json.list { "S256" },
  }
end

--- @tparam table state
-- @tparam string path such as "/eu-west-1_Emulator1/.well-known/jwks.json"
-- @treturn table|nil response
function M.answer(state, path)
  local id, document = path:match("^/([%w_-]+)/%.well%-known/([%w.-]+)$")
  local pool = id and state.pools[id]
  if not pool then return nil end
  local body
  if document == "jwks.json" then body = { keys = json.list { pool.key.jwk } }
  elseif document == "openid-configuration" then body = configuration(state, pool)
  else return nil end
  return { status = 200, headers = { { "Content-Type", "application/json" } }, body = json.encode(body) }
end

return M
