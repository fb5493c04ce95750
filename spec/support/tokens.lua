--- Makes tokens, good and bad, with luaossl: the other side of what the core verifies.
local bignum = require "openssl.bignum"
local cjson = require("cjson").new()
local digest = require "openssl.digest"
local mime = require "cognito.core"
local pkey = require "openssl.pkey"

local tokens = {}

tokens.now = 1750000000
tokens.pool_id = "eu-west-1_TestPool1"
tokens.issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_TestPool1"
tokens.client_id = "4h57kd29testclientid0000aa"

local b64 = mime.b64url_encode
tokens.b64 = b64

local function number(n) return b64((n:toBinary())) end

--- A key pair with its JWK.
-- @tparam string kid
-- @tparam[opt=2048] number bits
function tokens.key(kid, bits)
  local key = pkey.new { type = "RSA", bits = bits or 2048 }
  local p = key:getParameters()
  return { kid = kid, pkey = key,
    jwk = { kty = "RSA", kid = kid, use = "sig", alg = "RS256", n = number(p.n), e = number(p.e) } }
end

--- A key set's text.
function tokens.jwks(...)
  local list = {}
  for i, key in ipairs { ... } do list[i] = key.jwk or key end
  return cjson.encode { keys = list }
end

--- Signs header and payload texts as they are.
-- @tparam table key
-- @tparam string header
-- @tparam string payload
-- @tparam[opt="sha256"] string hash
function tokens.sign(key, header, payload, hash)
  local input = b64(header) .. "." .. b64(payload)
  return input .. "." .. b64(key.pkey:sign(digest.new(hash or "sha256"):update(input)))
end

--- Removes a claim, as its value in a table of changes.
tokens.none = {}

local function with(claims, changes)
  for name, value in pairs(changes or {}) do
    if value == tokens.none then claims[name] = nil else claims[name] = value end
  end
  return claims
end

--- The claims of a sound access token, but for the changes.
function tokens.claims(changes)
  return with({ sub = "a1b2c3d4-0000-4000-8000-00000000cafe", iss = tokens.issuer, client_id = tokens.client_id,
    token_use = "access", scope = "openid profile", ["cognito:groups"] = { "readers", "writers" },
    auth_time = tokens.now - 10, iat = tokens.now - 10, exp = tokens.now + 3600, jti = "j-1", username = "alice" },
    changes)
end

--- The claims of a sound ID token, but for the changes.
function tokens.id_claims(changes)
  return with(tokens.claims { token_use = "id", aud = tokens.client_id, client_id = tokens.none, scope = tokens.none,
    username = tokens.none, ["cognito:username"] = "alice" }, changes)
end

--- A token over claims (a table or JSON text).
-- @tparam table key
-- @param claims
-- @tparam[opt] table|string header replaces the usual header
function tokens.make(key, claims, header)
  local function text(value) return type(value) == "string" and value or cjson.encode(value) end
  return tokens.sign(key, text(header or { alg = "RS256", kid = key.kid }), text(claims or tokens.claims()))
end

--- The shared known cases, or nil and the reason to skip.
function tokens.cases()
  local file = io.open "../shared/data/jwt-cases.json"
  if not file then return nil, "the shared data folder is not present (../shared/data/jwt-cases.json)" end
  local text = file:read "*a"
  file:close()
  return cjson.decode(text)
end

tokens.bignum = bignum
return tokens
