--- Signing keys of the pools: RSA 2048, made at the start or read from a file.
-- @module cognito.emulator.keys

local digest = require "openssl.digest"
local pkey = require "openssl.pkey"

local hash = require "cognito.emulator.hash"
local json = require "cognito.emulator.json"
local private = require "cognito.emulator.private"
local random = require "cognito.emulator.random"

local M = {}

local function read(path)
  local file = path and io.open(path, "r")
  if not file then return nil end
  local pem = file:read("a")
  file:close()
  local ok, key = pcall(pkey.new, pem)
  return ok and key or nil
end

local function jwk(key, kid)
  local parameters = key:getParameters()
  return {
    kty = "RSA", alg = "RS256", use = "sig", kid = kid,
    n = random.base64url(parameters.n:tobin()), e = random.base64url(parameters.e:tobin()),
  }
end

--- A key pair ready to sign.
-- @tparam[opt] string path where to keep the private key
-- @treturn table `sign(text)`, `verify(text, signature)`, `kid`, `jwk`
function M.load(path)
  local key = read(path)
  if not key then
    key = pkey.new { type = "RSA", bits = 2048 }
    local ok, why = true, nil
    if path then ok, why = private.write(path, key:toPEM("private")) end
    if not ok then error(("the key file %s cannot be written: %s"):format(path, why), 0) end
  end
  local kid = random.base64(hash.sha256(key:toPEM("public")))
  local self = { kid = kid, jwk = jwk(key, kid) }
  function self.sign(text) return key:sign(digest.new("sha256"):update(text)) end
  function self.verify(text, signature) return key:verify(signature, digest.new("sha256"):update(text)) end
  return self
end

--- Signs a JWT with RS256.
-- @tparam table key from `load`
-- @tparam table claims
function M.jwt(key, claims)
  local head = random.base64url(json.encode { alg = "RS256", kid = key.kid })
  local text = head .. "." .. random.base64url(json.encode(claims))
  return text .. "." .. random.base64url(key.sign(text))
end

--- Reads a JWT that this key signed.
-- @treturn table|nil claims, nil when the text or the signature is not ours
function M.open(key, token)
  local text, payload, signature = token:match("^([^.]+%.([^.]+))%.([^.]+)$")
  signature = signature and random.unbase64(signature)
  if not signature or not key.verify(text, signature) then return nil end
  return json.decode(random.unbase64(payload))
end

return M
