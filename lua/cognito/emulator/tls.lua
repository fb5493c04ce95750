--- A certificate authority and a server certificate, made at the start.
-- The CA's certificate is written to a file that clients name as their `ca_file`.
-- @module cognito.emulator.tls

local altname = require "openssl.x509.altname"
local bignum = require "openssl.bignum"
local context = require "openssl.ssl.context"
local name = require "openssl.x509.name"
local pkey = require "openssl.pkey"
local x509 = require "openssl.x509"
local chain = require "openssl.x509.chain"

local random = require "cognito.emulator.random"

local M = {}

local DAY = 86400

-- SSL_OP_NO_TLSv1_3; luaossl is older than the constant.
local NO_TLS_1_3 = context.OP_NO_TLSv1_3 or 0x20000000

local function distinguished(common) return name.new():add("O", "cognito emulator"):add("CN", common) end

local function blank(subject, key)
  local crt = x509.new()
  crt:setVersion(3)
  crt:setSerial(bignum.fromBinary("\1" .. random.bytes(15)))
  crt:setSubject(distinguished(subject))
  crt:setPublicKey(key)
  return crt
end

local function make_ca()
  local key = pkey.new { type = "EC", curve = "prime256v1" }
  local crt = blank("CA " .. random.hex(random.bytes(4)), key)
  crt:setIssuer(crt:getSubject())
  crt:setLifetime(os.time() - DAY, os.time() + 30 * DAY)
  crt:setBasicConstraints { CA = true }
  crt:setBasicConstraintsCritical(true)
  crt:sign(key)
  return { key = key, crt = crt }
end

local function addresses(hosts)
  local alt = altname.new()
  -- Addresses stand as names too: nginx compares whatever it connects to with the names alone.
  for _, host in ipairs(hosts) do
    if host:find "^[%d.:]+$" then alt:add("IP", host) end
    alt:add("DNS", host)
  end
  return alt
end

-- One server certificate; `days` is the lifetime from now on, negative for an expired one.
local function make_leaf(ca, hosts, days)
  local key = pkey.new { type = "EC", curve = "prime256v1" }
  local crt = blank(hosts[1], key)
  crt:setIssuer(ca.crt:getSubject())
  crt:setSubjectAlt(addresses(hosts))
  crt:setLifetime(os.time() - 60 * DAY, os.time() + days * DAY)
  crt:setBasicConstraints { CA = false }
  crt:sign(ca.key)
  return key, crt
end

local function server_context(ca, hosts, days)
  local key, crt = make_leaf(ca, hosts, days)
  local ctx = context.new("TLS", true)
  ctx:setOptions(context.OP_NO_TLSv1 + context.OP_NO_TLSv1_1)
  ctx:setPrivateKey(key)
  ctx:setCertificate(crt)
  ctx:setCertificateChain(chain.new():add(ca.crt))
  return ctx
end

-- Speaks nothing newer than TLS 1.1.
local function old_context(ca, hosts)
  local ctx = server_context(ca, hosts, 30)
  ctx:clearOptions(context.OP_NO_TLSv1_1)
  ctx:setOptions(context.OP_NO_TLSv1_2 + NO_TLS_1_3)
  ctx:setCipherList("ALL:@SECLEVEL=0")
  return ctx
end

--- Makes the authority and the contexts a server plays.
-- @tparam string path where the CA's certificate (PEM) is written
-- @treturn table contexts by name: `good`, and for faults `expired`, `wrong_host`, `self_signed`, `old`
function M.new(path)
  local ca, stranger = make_ca(), make_ca()
  local file = assert(io.open(path, "w"))
  file:write(ca.crt:toPEM())
  file:close()
  local hosts = { "localhost", "127.0.0.1", "::1" }
  return {
    good = server_context(ca, hosts, 30),
    expired = server_context(ca, hosts, -1),
    wrong_host = server_context(ca, { "elsewhere.example" }, 30),
    old = old_context(ca, hosts),
    self_signed = server_context(stranger, hosts, 30),
  }
end

return M
