-- luacheck: std lua54
--- A passkey authenticator for specs of the emulator (Lua 5.4, luaossl): ES256, attestation "none".
-- @module spec.support.authenticator

require("cognito.emulator.paths").extend()

local digest = require "openssl.digest"
local pkey = require "openssl.pkey"
local rand = require "openssl.rand"

local srp = require "spec.support.srp_client"

local M = {}

local function sha256(text) return digest.new("sha256"):final(text) end

local function base64url(bytes) return (srp.base64(bytes):gsub("[+/]", { ["+"] = "-", ["/"] = "_" }):gsub("=", "")) end

local function bytes_of(text) return string.pack(#text < 24 and "B" or "BB", table.unpack(#text < 24 and
  { 0x40 | #text } or { 0x58, #text })) .. text end

local function long_bytes(text) return string.pack(">BI2", 0x59, #text) .. text end

local function text_of(text) return string.char(0x60 | #text) .. text end

-- The point of the key: the last 64 bytes of its SubjectPublicKeyInfo.
local function cose(key, algorithm)
  local body = key:toPEM("public"):gsub("%-%-%-%-%-[^\n]*\n", "")
  local point = srp.unbase64(body):sub(-64)
  local alg = algorithm == -7 and "\38" or "\x39\1\0"
  return "\xa5\1\2\3" .. alg .. "\x20\1\x21" .. bytes_of(point:sub(1, 32)) .. "\x22" .. bytes_of(point:sub(33))
end

local function client_data(kind, challenge, origin)
  return ('{"type":"%s","challenge":"%s","origin":"%s","crossOrigin":false}'):format(kind, challenge, origin)
end

--- @tparam[opt] table wrong what to get wrong: `rp_id`, `origin`, `challenge`, `fmt`, `algorithm`, `key`
-- @treturn table `create(options)`, `get(options)`: credential JSON as tables
function M.new(wrong)
  wrong = wrong or {}
  local self, key, id, count = {}, pkey.new { type = "EC", curve = "prime256v1" }, rand.bytes(16), 0
  self.id = base64url(id)

  local function wrap(response)
    return { id = self.id, rawId = self.id, type = "public-key", response = response,
      authenticatorAttachment = "platform", clientExtensionResults = { appid = false } }
  end

  local function origin() return wrong.origin or "http://localhost:3000" end

  function self.create(options)
    local data = sha256(wrong.rp_id or options.rp.id) .. "\x45" .. string.pack(">I4", count) .. ("\0"):rep(16)
      .. string.pack(">I2", #id) .. id .. cose(key, wrong.algorithm or -7)
    local object = "\xa3" .. text_of "fmt" .. text_of(wrong.fmt or "none") .. text_of "attStmt" .. "\xa0"
      .. text_of "authData" .. long_bytes(data)
    return wrap { attestationObject = base64url(object), transports = { "internal" },
      clientDataJSON = base64url(client_data("webauthn.create", wrong.challenge or options.challenge, origin())) }
  end

  function self.get(options)
    count = count + 1
    local data = sha256(wrong.rp_id or options.rpId) .. "\5" .. string.pack(">I4", count)
    local client = client_data("webauthn.get", wrong.challenge or options.challenge, origin())
    local signer = wrong.key or key
    return wrap { authenticatorData = base64url(data), clientDataJSON = base64url(client),
      signature = base64url(signer:sign(digest.new("sha256"):update(data .. sha256(client)))) }
  end

  return self
end

return M
