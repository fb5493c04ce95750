--- Certificates of the bad server, made anew for each run: a CA and what servers can do wrong.
local altname = require "openssl.x509.altname"
local bignum = require "openssl.bignum"
local context = require "openssl.ssl.context"
local extension = require "openssl.x509.extension"
local name = require "openssl.x509.name"
local pkey = require "openssl.pkey"
local x509 = require "openssl.x509"

local M = {}

local serial = 0

local function key() return pkey.new { type = "EC", curve = "prime256v1" } end

local function certificate(k, subject, days)
  serial = serial + 1
  local crt, dn, now = x509.new(), name.new(), os.time()
  dn:add("CN", subject)
  crt:setVersion(3)
  crt:setSerial(bignum.new(serial))
  crt:setSubject(dn)
  crt:setIssuer(dn)
  crt:setLifetime(now - 10 * 86400, now + days * 86400)
  crt:setPublicKey(k)
  return crt
end

local function authority(subject)
  local k = key()
  local crt = certificate(k, subject, 2)
  crt:setBasicConstraints { CA = true }
  crt:setBasicConstraintsCritical(true)
  crt:addExtension(extension.new("keyUsage", "critical,keyCertSign,cRLSign"))
  crt:sign(k)
  return { key = k, crt = crt }
end

local function server(ca, host, days)
  local k = key()
  local crt, alt = certificate(k, host, days), altname.new()
  alt:add("DNS", host)
  if host == "localhost" then alt:add("IP", "127.0.0.1") end
  crt:setSubjectAlt(alt)
  if ca then crt:setIssuer(ca.crt:getSubject()) end
  crt:sign(ca and ca.key or k)
  return { key = k, crt = crt }
end

local function serve(identity, version)
  local ctx = context.new(version or "TLS", true)
  if version then ctx:setCipherList("DEFAULT:@SECLEVEL=0") end
  ctx:setCertificate(identity.crt)
  ctx:setPrivateKey(identity.key)
  return ctx
end

--- Contexts by name, and the CA's certificate in PEM.
function M.make()
  local ca, other = authority("bad server CA"), authority("a CA nobody knows")
  local good = server(ca, "localhost", 2)
  return {
    ca = ca.crt:toPEM(),
    tls = serve(good),
    wrong_host = serve(server(ca, "elsewhere.example", 2)),
    expired = serve(server(ca, "localhost", -1)),
    self_signed = serve(server(nil, "localhost", 2)),
    unknown_ca = serve(server(other, "localhost", 2)),
    tls11 = serve(good, "TLSv1_1"),
  }
end

return M
