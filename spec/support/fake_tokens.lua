--- Tokens as the service shapes them, for specs over a scripted host; their signature is none.

local core = require "cognito.core"
local json = require "cognito.json"

local fake_tokens = {}

local count = 0

--- Makes a JWT with the given claims.
function fake_tokens.jwt(claims)
  count = count + 1
  claims.jti = "jti-" .. count
  return core.b64url_encode('{"alg":"RS256","kid":"k"}') .. "." .. core.b64url_encode(assert(json.encode(claims)))
    .. "." .. core.b64url_encode(core.sha256(tostring(count)):rep(8))
end

--- An AuthenticationResult.
-- @tparam table host for its clock
-- @tparam[opt] table o `username`, `lifetime`, `id_lifetime`, `refresh_token`, and `without` (a set of members)
function fake_tokens.result(host, o)
  o = o or {}
  local now, lifetime = math.floor(host.wall + host.server_ahead), o.lifetime or 3600
  local result = {
    AccessToken = fake_tokens.jwt { token_use = "access", username = o.username or "alice", iat = now,
      exp = now + lifetime },
    IdToken = fake_tokens.jwt { token_use = "id", ["cognito:username"] = o.username or "alice", iat = now,
      exp = now + (o.id_lifetime or lifetime), email = "alice@example.com" },
    RefreshToken = o.refresh_token, ExpiresIn = lifetime, TokenType = "Bearer",
  }
  for name in pairs(o.without or {}) do result[name] = nil end
  return result
end

return fake_tokens
