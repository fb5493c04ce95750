--- SRP-6a as Cognito plays it (server side), with luaossl's big numbers.
-- Group of RFC 3526 with 3072 bits, g = 2, SHA-256; numbers are hashed in their shortest two's-complement form.
-- @module cognito.emulator.srp

local bignum = require "openssl.bignum"

local hash = require "cognito.emulator.hash"
local random = require "cognito.emulator.random"

local M = {}

local function unhex(text)
  if #text % 2 == 1 then text = "0" .. text end
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function number(bytes) return bignum.fromBinary(bytes) end

local N = number(unhex(
  "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" ..
  "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" ..
  "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" ..
  "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" ..
  "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" ..
  "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" ..
  "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" ..
  "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"))
local G = bignum.new(2)
local ZERO = bignum.new(0)

-- The shortest form that does not read as negative.
local function pad(n)
  local bytes = n:tobin()
  return (bytes == "" or bytes:byte() >= 128) and "\0" .. bytes or bytes
end

local K = number(hash.sha256(pad(N), pad(G)))

--- Reads a hexadecimal number from the wire.
-- @treturn userdata|nil big number; nil when it is none or no valid public value
function M.public(text)
  if not text or #text > 768 or not text:find("^%x+$") then return nil end
  local n = number(unhex(text))
  if n:nnmod(N) == ZERO or n >= N then return nil end
  return n
end

--- The verifier of a password.
-- @tparam string group pool name, or DeviceGroupKey
-- @tparam string user USER_ID_FOR_SRP, or DeviceKey
-- @tparam string password
-- @tparam string salt bytes
-- @treturn userdata v = g^x mod N
function M.verifier(group, user, password, salt)
  local x = number(hash.sha256(pad(number(salt)), hash.sha256(group, user, ":", password)))
  return G:mod_exp(x, N)
end

--- The server's half of an exchange.
-- @tparam userdata A
-- @tparam userdata v
-- @tparam string salt bytes
-- @treturn table `b`, `B`, `hex_B`, `hex_salt`, `A`, `v`
function M.begin(A, v, salt)
  local b, B
  repeat
    b = number(random.bytes(32))
    B = (K:mod_mul(v, N)):mod_add(G:mod_exp(b, N), N)
  until B ~= ZERO
  return { A = A, v = v, b = b, B = B, hex_B = M.hex(B), hex_salt = M.hex(number(salt)) }
end

--- Lower-case hexadecimal digits without leading zeros, as the service writes numbers.
function M.hex(n)
  local text = random.hex(n:tobin()):gsub("^0+", "")
  return text == "" and "0" or text
end

local function key(exchange)
  local u = number(hash.sha256(pad(exchange.A), pad(exchange.B)))
  local s = exchange.A:mod_mul(exchange.v:mod_exp(u, N), N):mod_exp(exchange.b, N)
  return hash.hmac(hash.hmac(pad(u), pad(s)), "Caldera Derived Key\1"):sub(1, 16)
end

--- The signature that a client which knows the password sends.
-- @tparam table exchange from `begin`
-- @tparam string group
-- @tparam string user
-- @tparam string block the secret block, decoded
-- @tparam string timestamp as sent
-- @treturn string base64
function M.signature(exchange, group, user, block, timestamp)
  return random.base64(hash.hmac(key(exchange), group .. user .. block .. timestamp))
end

--- Reads a verifier or salt that ConfirmDevice brought.
-- @treturn userdata|nil
function M.number(bytes)
  return bytes and bytes ~= "" and number(bytes) or nil
end

return M
