--- WebAuthn on the server's side (Level 2): attestation "none", ES256, challenge, origin and rpIdHash checked.
-- @module cognito.emulator.webauthn

local digest = require "openssl.digest"
local pkey = require "openssl.pkey"

local cbor = require "cognito.emulator.cbor"
local errors = require "cognito.emulator.errors"
local hash = require "cognito.emulator.hash"
local json = require "cognito.emulator.json"
local random = require "cognito.emulator.random"

local M = {}

local USER_PRESENT, ATTESTED = 0x01, 0x40

-- SubjectPublicKeyInfo of a P-256 key up to its point.
local SPKI = random.unbase64 "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"

local function malformed() errors.throw("InvalidParameter", "Invalid WebAuthn credential.") end

local function field(t, name)
  local value = type(t) == "table" and t[name]
  if type(value) ~= "string" then malformed() end
  return value
end

local function binary(t, name) return random.unbase64(field(t, name)) or malformed() end

--- The parts of a credential that came as JSON.
-- @tparam table credential RegistrationResponseJSON or AuthenticationResponseJSON
-- @treturn table `id`, `client` (decoded clientDataJSON), `client_bytes`, `response`
function M.open(credential)
  if field(credential, "type") ~= "public-key" then malformed() end
  local response = credential.response
  local bytes = binary(response, "clientDataJSON")
  local client = json.decode(bytes)
  if type(client) ~= "table" then malformed() end
  return { id = field(credential, "id"), client = client, client_bytes = bytes, response = response,
    attachment = credential.authenticatorAttachment }
end

local function allowed(origin, origins)
  for _, pattern in ipairs(origins) do
    if pattern == origin then return true end
    local base = pattern:match("^(.*):%*$")
    if base and (origin == base or origin:match("^(.*):%d+$") == base) then return true end
  end
  return false
end

--- Checks what the browser says: kind, challenge, origin.
-- @tparam table parts from `open`
-- @tparam string kind "webauthn.create" or "webauthn.get"
-- @tparam string challenge base64url, as it was given out
-- @tparam table config the pool's webauthn settings
function M.check_client(parts, kind, challenge, config)
  if parts.client.type ~= kind then malformed() end
  errors.check(challenge and parts.client.challenge == challenge, "WebAuthnChallengeNotFound", "Challenge not found.")
  errors.check(allowed(field(parts.client, "origin"), config.origins), "WebAuthnOriginNotAllowed",
    "Origin is not allowed.")
end

local function authenticator(data, config)
  if #data < 37 then malformed() end
  errors.check(data:sub(1, 32) == hash.sha256(config.rp_id), "WebAuthnRelyingPartyMismatch",
    "Relying party ID does not match.")
  local flags, count = string.unpack(">BI4", data, 33)
  if flags & USER_PRESENT == 0 then malformed() end
  return flags, count
end

local function unsupported(what) errors.throw("WebAuthnCredentialNotSupported", what) end

-- COSE_Key: 1 kty = 2 (EC2), 3 alg = -7 (ES256), -1 crv = 1 (P-256), -2 x, -3 y.
local function public_key(data)
  local id_length = string.unpack(">I2", data, 54)
  local cose = cbor.decode(data, 56 + id_length)
  if type(cose) ~= "table" then malformed() end
  if cose[1] ~= 2 or cose[3] ~= -7 or cose[-1] ~= 1 then unsupported("Only ES256 is supported.") end
  if #(cose[-2] or "") ~= 32 or #(cose[-3] or "") ~= 32 then malformed() end
  local point = random.base64(SPKI .. cose[-2] .. cose[-3]):gsub(("."):rep(64), "%0\n")
  return data:sub(56, 55 + id_length), "-----BEGIN PUBLIC KEY-----\n" .. point .. "\n-----END PUBLIC KEY-----\n"
end

--- Checks an attestation and reads the new key.
-- @treturn table `id` (base64url), `pem`, `count`
function M.register(parts, config)
  local object = cbor.decode(binary(parts.response, "attestationObject"))
  if type(object) ~= "table" or type(object.authData) ~= "string" then malformed() end
  if object.fmt ~= "none" then unsupported("Only attestation none is supported.") end
  local flags, count = authenticator(object.authData, config)
  if flags & ATTESTED == 0 or #object.authData < 56 then malformed() end
  local id, pem = public_key(object.authData)
  if random.base64url(id) ~= parts.id then malformed() end
  return { id = parts.id, pem = pem, count = count }
end

--- Checks an assertion.
-- @tparam table parts
-- @tparam table passkey from `register`
-- @tparam table config
-- @treturn boolean
function M.authenticate(parts, passkey, config)
  local data = binary(parts.response, "authenticatorData")
  local _, count = authenticator(data, config)
  local signed = digest.new("sha256"):update(data .. hash.sha256(parts.client_bytes))
  local ok, right = pcall(function()
    return pkey.new(passkey.pem):verify(binary(parts.response, "signature"), signed)
  end)
  if not ok or not right then return false end
  if (count > 0 or passkey.count > 0) and count <= passkey.count then return false end
  passkey.count = count
  return true
end

return M
