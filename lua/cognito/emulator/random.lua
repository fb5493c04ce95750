--- Random values and text forms of bytes.
-- @module cognito.emulator.random

local mime = require "mime"
local rand = require "openssl.rand"

local M = {}

--- @treturn string n random bytes
M.bytes = rand.bytes

--- Standard base64 with padding.
function M.base64(s) return s == "" and "" or (mime.b64(s)) end

local TO_URL, FROM_URL = { ["+"] = "-", ["/"] = "_", ["="] = "" }, { ["-"] = "+", ["_"] = "/" }

--- base64url without padding (RFC 7515).
function M.base64url(s) return (M.base64(s):gsub("[+/=]", TO_URL)) end

--- Reads either alphabet, padded or not.
-- @treturn string|nil bytes, nil when s is no base64
function M.unbase64(s)
  s = s:gsub("=+$", "")
  if s:find("[^%w+/_-]") or #s % 4 == 1 then return nil end
  if s == "" then return "" end
  return (mime.unb64((s:gsub("[-_]", FROM_URL)) .. ("="):rep(-#s % 4)))
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
