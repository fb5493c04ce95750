--- Time-based one-time passwords (RFC 6238: SHA-1, 30 seconds, six digits) and base32 (RFC 4648).
-- @module cognito.emulator.totp

local clock = require "cognito.emulator.clock"
local hash = require "cognito.emulator.hash"
local random = require "cognito.emulator.random"

local M = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

--- @treturn string a new secret: 52 base32 characters
function M.secret()
  local out = {}
  for i, byte in ipairs { random.bytes(52):byte(1, -1) } do
    local at = byte % 32 + 1
    out[i] = ALPHABET:sub(at, at)
  end
  return table.concat(out)
end

local function unbase32(text)
  local out, hold, count = {}, 0, 0
  for c in text:upper():gmatch("[A-Z2-7]") do
    hold, count = (hold << 5 | ALPHABET:find(c, 1, true) - 1) & 0xFFFF, count + 5
    if count >= 8 then
      count = count - 8
      out[#out + 1] = string.char(hold >> count & 255)
    end
  end
  return table.concat(out)
end

--- The code of one time step.
-- @tparam string secret base32
-- @tparam integer step number of 30-second steps since the epoch
function M.code(secret, step)
  local mac = hash.hmac(unbase32(secret), string.pack(">I8", step), "sha1")
  local offset = mac:byte(-1) & 15
  return ("%06d"):format((string.unpack(">I4", mac, offset + 1) & 0x7FFFFFFF) % 1000000)
end

--- Checks a code with one step of skew to either side.
-- @treturn integer|nil the step it belongs to
function M.check(secret, code)
  local now = clock.seconds() // 30
  for step = now - 1, now + 1 do
    if hash.equal(M.code(secret, step), code) then return step end
  end
end

return M
