--- Reads CBOR (RFC 8949) as far as WebAuthn needs it: integers, strings, lists, maps, simple values, definite lengths.
-- @module cognito.emulator.cbor

local M = {}

local SIZES = { [24] = ">I1", [25] = ">I2", [26] = ">I4", [27] = ">I8" }

local function argument(s, i)
  local info = s:byte(i) & 31
  if info < 24 then return info, i + 1 end
  local size = SIZES[info] or error("cbor: indefinite length", 0)
  return string.unpack(size, s, i + 1)
end

local item

local function text(s, i)
  local length, start = argument(s, i)
  if length < 0 or start + length - 1 > #s then error("cbor: cut off", 0) end
  return s:sub(start, start + length - 1), start + length
end

local function list(s, i, depth)
  local count, at = argument(s, i)
  local out = {}
  for k = 1, count do out[k], at = item(s, at, depth) end
  return out, at
end

local function map(s, i, depth)
  local count, at = argument(s, i)
  local out = {}
  for _ = 1, count do
    local key, value
    key, at = item(s, at, depth)
    value, at = item(s, at, depth)
    out[key] = value
  end
  return out, at
end

local SIMPLE = { [20] = false, [21] = true }

local READERS = {
  [0] = argument,
  [1] = function(s, i)
    local n, after = argument(s, i)
    return -1 - n, after
  end,
  [2] = text, [3] = text, [4] = list, [5] = map,
  [7] = function(s, i) return SIMPLE[s:byte(i) & 31], i + 1 end,
}

function item(s, i, depth)
  if i > #s then error("cbor: cut off", 0) end
  if depth > 16 then error("cbor: nested too deep", 0) end
  local read = READERS[s:byte(i) >> 5] or error("cbor: unknown type", 0)
  return read(s, i, depth + 1)
end

--- Reads one item.
-- @tparam string s
-- @tparam[opt=1] integer start
-- @return the value and the position after it, or nil and a message
function M.decode(s, start)
  local ok, value, after = pcall(item, s, start or 1, 0)
  if ok then return value, after end
  return nil, value
end

return M
