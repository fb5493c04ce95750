--- The client's half of Cognito's SRP, written plainly for specs of the emulator (Lua 5.4, luaossl).
-- @module spec.support.srp_client

require("cognito.emulator.paths").extend()

local bignum = require "openssl.bignum"
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local rand = require "openssl.rand"

local M = {}

-- RFC 3526, group 15: 2^3072 - 2^3008 - 1 + 2^64 * (floor(2^2942 * pi) + 1690314), pi by Machin's formula.
local function prime()
  local two, one = bignum.new(2), bignum.new(2):exp(3100)
  local function arctan(x)
    local term, square = one / bignum.new(x), bignum.new(x * x)
    local sum, n, sign = term, 3, -1
    while term > bignum.new(0) do
      term = term / square
      sum = sign < 0 and sum - term / bignum.new(n) or sum + term / bignum.new(n)
      n, sign = n + 2, -sign
    end
    return sum
  end
  local pi = bignum.new(4) * (bignum.new(4) * arctan(5) - arctan(239))
  return two:exp(3072) - two:exp(3008) - bignum.new(1)
    + two:exp(64) * (pi / two:exp(3100 - 2942) + bignum.new(1690314))
end

local N, G = prime(), bignum.new(2)

local function from(bytes) return bignum.fromBinary(bytes) end

local function hex_bytes(text)
  return ((#text % 2 == 1 and "0" or "") .. text):gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end)
end

local function pad(n)
  local bytes = n:tobin()
  return bytes:byte() >= 128 and "\0" .. bytes or bytes
end

local function sha256(...)
  local d = digest.new "sha256"
  for _, part in ipairs { ... } do d:update(part) end
  return d:final()
end

local function mac(key, text) return hmac.new(key, "sha256"):final(text) end

local function pipe(text, command)
  local name = os.tmpname()
  local file = io.open(name, "wb")
  file:write(text)
  file:close()
  local out = io.popen(command .. " < " .. name):read "a"
  os.remove(name)
  return out
end

function M.base64(bytes) return (pipe(bytes, "base64 -w0")) end
function M.unbase64(text) return (pipe(text, "base64 -d")) end

--- @treturn table `a`, `A` (hex text)
function M.start()
  local a = from(rand.bytes(40))
  local A = G:mod_exp(a, N)
  return { a = a, number = A, A = A:tohex():lower():gsub("^0+", "") }
end

local function x_of(salt, group, user, password)
  return from(sha256(pad(salt), sha256(group, user, ":", password)))
end

--- The signature over block and timestamp.
function M.sign(start, parameters, group, user, password, timestamp)
  local B, salt = from((hex_bytes(parameters.SRP_B))), from((hex_bytes(parameters.SALT)))
  local k, u = from(sha256(pad(N), pad(G))), from(sha256(pad(start.number), pad(B)))
  local x = x_of(salt, group, user, password)
  local base = (B - k:mod_mul(G:mod_exp(x, N), N)):nnmod(N)
  local s = base:mod_exp(start.a + u * x, N)
  local key = mac(mac(pad(u), pad(s)), "Caldera Derived Key\1"):sub(1, 16)
  return M.base64(mac(key, group .. user .. M.unbase64(parameters.SECRET_BLOCK) .. timestamp))
end

--- Salt and verifier of a device, in base64.
function M.device(group, key, password)
  local salt = from(rand.bytes(16))
  local v = G:mod_exp(x_of(salt, group, key, password), N)
  return { Salt = M.base64(pad(salt)), PasswordVerifier = M.base64(pad(v)) }
end

--- The present as TIMESTAMP, some seconds off.
function M.timestamp(offset)
  return (os.date("!%a %b %d %H:%M:%S UTC %Y", os.time() + (offset or 0)):gsub(" 0(%d) ", " %1 "))
end

return M
