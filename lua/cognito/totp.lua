--- Codes of an authenticator app (TOTP, RFC 6238 over HOTP, RFC 4226) and the URI that enrols one.
-- Cognito's software tokens are the common kind: HMAC-SHA1, six digits, steps of 30 seconds.
-- @module cognito.totp

local core = require "cognito.core"
local errors = require "cognito.errors"
local options = require "cognito.options"

local totp = {}

local STEP = 30
local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
local floor, char = math.floor, string.char

local function refused(message)
  return nil, errors.new("invalid", message, { code = "totp_secret", field = "secret" })
end

-- RFC 4648 base32 as people pass it on: any case, grouped by spaces or hyphens, with or without padding.
local function base32_decode(text)
  local plain = text:gsub("[%s-]", ""):gsub("=+$", ""):upper()
  local out, bits, value = {}, 0, 0
  for i = 1, #plain do
    local digit = ALPHABET:find(plain:sub(i, i), 1, true)
    if not digit then return nil end
    value, bits = value * 32 + digit - 1, bits + 5
    if bits >= 8 then
      bits = bits - 8
      local byte = floor(value / 2 ^ bits)
      out[#out + 1] = char(byte)
      value = value - byte * 2 ^ bits
    end
  end
  if #out > 0 then return table.concat(out) end
end

-- The counter as eight bytes, most significant first.
local function counter_bytes(counter)
  local bytes = {}
  for i = 8, 1, -1 do
    bytes[i] = char(counter % 256)
    counter = floor(counter / 256)
  end
  return table.concat(bytes)
end

-- RFC 4226 5.3: 31 bits from the place that the last four bits name, as six decimal digits.
local function truncate(mac)
  local at = mac:byte(20) % 16
  local a, b, c, d = mac:byte(at + 1, at + 4)
  local number = ((a % 128 * 256 + b) * 256 + c) * 256 + d
  return ("%06d"):format(number % 1000000)
end

--- The code that an authenticator app would show.
-- @tparam string secret the shared secret in base32, as `AssociateSoftwareToken` gives it (its `SecretCode`)
-- @tparam number time seconds since the epoch
-- @treturn string|nil six digits, or nil and an error of kind `invalid` for a secret that is not base32
function totp.code(secret, time)
  if type(secret) ~= "string" then error("totp.code: the secret must be a string", 2) end
  if type(time) ~= "number" or time < 0 then error("totp.code: the time must be a number of seconds", 2) end
  local key = base32_decode(secret)
  if not key then return refused("the secret is not base32") end
  return truncate(core.hmac_sha1(key, counter_bytes(floor(time / STEP))))
end

local function escape(text)
  return (text:gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local URI_OPTIONS = { secret = "string", account = "string", issuer = "string" }

--- The otpauth URI that authenticator apps read from a QR code (the Key URI format of Google Authenticator).
-- @tparam table o
-- @tparam string o.secret the shared secret in base32
-- @tparam string o.account whose it is, for example the user name
-- @tparam[opt] string o.issuer who asks for it, for example the name of the site
-- @treturn string|nil the URI (it holds the secret), or nil and an error of kind `invalid`
function totp.uri(o)
  options.check(o, URI_OPTIONS, "totp.uri")
  if not o.secret or not o.account then error("totp.uri: secret and account are needed", 2) end
  if not base32_decode(o.secret) then return refused("the secret is not base32") end
  local secret = o.secret:gsub("[%s-]", ""):gsub("=+$", ""):upper()
  local label = escape(o.account)
  if not o.issuer then return ("otpauth://totp/%s?secret=%s"):format(label, secret) end
  local issuer = escape(o.issuer)
  return ("otpauth://totp/%s:%s?secret=%s&issuer=%s"):format(issuer, label, secret, issuer)
end

return totp
