--- Random values and text forms of bytes.
-- @module cognito.emulator.random

local rand = require "openssl.rand"

local M = {}

--- @treturn string n random bytes
M.bytes = rand.bytes

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

local function base64(s, alphabet, pad)
  local out = {}
  for i = 1, #s, 3 do
    local a, b, c = s:byte(i, i + 2)
    local n = a << 16 | (b or 0) << 8 | (c or 0)
    for k = 0, 3 do
      local at = (n >> (18 - 6 * k) & 63) + 1
      local missing = (k == 2 and not b) or (k == 3 and not c)
      out[#out + 1] = missing and pad or alphabet:sub(at, at)
    end
  end
  return table.concat(out)
end

--- Standard base64 with padding.
function M.base64(s) return base64(s, ALPHABET .. "+/", "=") end

--- base64url without padding (RFC 7515).
function M.base64url(s) return base64(s, ALPHABET .. "-_", "") end

local VALUES = {}
for i = 1, 64 do VALUES[(ALPHABET .. "+/"):byte(i)] = i - 1 end
VALUES[("-"):byte()], VALUES[("_"):byte()] = 62, 63

--- Reads either alphabet, padded or not.
-- @treturn string|nil bytes, nil when s is no base64
function M.unbase64(s)
  s = s:gsub("=+$", "")
  if s:find("[^%w+/_-]") or #s % 4 == 1 then return nil end
  local out = {}
  for i = 1, #s, 4 do
    local n, count = 0, 0
    for k = i, i + 3 do
      n = n << 6 | (VALUES[s:byte(k)] or 0)
      if k <= #s then count = count + 1 end
    end
    out[#out + 1] = string.char(n >> 16, n >> 8 & 255, n & 255):sub(1, count - 1)
  end
  return table.concat(out)
end

--- @treturn string bytes as lower-case hex digits
function M.hex(s)
  return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

--- @treturn string a random UUID (version 4)
function M.uuid()
  local h = M.hex(M.bytes(16))
  return ("%s-%s-4%s-%x%s-%s"):format(h:sub(1, 8), h:sub(9, 12), h:sub(14, 16),
    8 + tonumber(h:sub(17, 17), 16) % 4, h:sub(18, 20), h:sub(21, 32))
end

--- @treturn string n decimal digits
function M.digits(n)
  local out = {}
  for i = 1, n do out[i] = rand.uniform(10) end
  return table.concat(out)
end

--- @treturn number at least 0, below 1
function M.fraction() return rand.uniform(2 ^ 31 // 1 | 0) / 2 ^ 31 end

--- A random text of n characters of [A-Za-z0-9_-].
function M.token(n) return M.base64url(M.bytes(n)):sub(1, n) end

return M
