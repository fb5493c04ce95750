--- Digests and comparisons.
-- @module cognito.emulator.hash

local digest = require "openssl.digest"
local hmac = require "openssl.hmac"

local M = {}

--- SHA-256 of the joined arguments.
function M.sha256(...)
  local d = digest.new "sha256"
  for _, part in ipairs { ... } do d:update(part) end
  return d:final()
end

--- HMAC over the joined arguments.
-- @tparam string key
-- @tparam[opt="sha256"] string kind
function M.hmac(key, text, kind)
  local h = hmac.new(key, kind or "sha256")
  h:update(text)
  return h:final()
end

--- Compares without telling by its time where the first difference is.
function M.equal(a, b)
  if #a ~= #b then return false end
  local difference = 0
  for i = 1, #a do difference = difference | (a:byte(i) ~ b:byte(i)) end
  return difference == 0
end

return M
