--- The few Unicode classes that the API's patterns name.
-- The emulator does not carry the Unicode tables: a character counts as letter, mark, symbol, number or punctuation
-- unless it is a separator, a control or format character, a surrogate or private. Unassigned ones pass.
-- @module cognito.emulator.unicode

local M = {}

-- First and last code point of each range of the classes Z and C (without unassigned).
local BLANK = {
  { 0x00, 0x20 }, { 0x7F, 0xA0 }, { 0xAD, 0xAD }, { 0x600, 0x605 }, { 0x61C, 0x61C }, { 0x6DD, 0x6DD },
  { 0x70F, 0x70F }, { 0x8E2, 0x8E2 }, { 0x1680, 0x1680 }, { 0x180E, 0x180E }, { 0x2000, 0x200F },
  { 0x2028, 0x202F }, { 0x205F, 0x206F }, { 0x3000, 0x3000 }, { 0xD800, 0xF8FF }, { 0xFEFF, 0xFEFF },
  { 0xFFF9, 0xFFFB }, { 0xE0000, 0x10FFFF },
}

local function blank(code)
  for _, range in ipairs(BLANK) do
    if code <= range[2] then return code >= range[1] end
  end
  return false
end

local function all(s, allowed)
  for _, code in utf8.codes(s) do
    if blank(code) and not allowed[code] then return false end
  end
  return s ~= ""
end

--- `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`: no spaces, no controls.
function M.visible(s) return all(s, {}) end

local WHITE = { [0x09] = true, [0x0A] = true, [0x0D] = true, [0x20] = true }

--- The same with tab, line feed, carriage return and space.
function M.attribute_name(s) return all(s, WHITE) end

--- `[\S]+`: none of the six ASCII white-space characters.
function M.solid(s) return s ~= "" and not s:find("[ \t\n\v\f\r]") end

return M
