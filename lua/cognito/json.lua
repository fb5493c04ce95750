--- The seam over JSON: requests, answers and records.
-- All are written and read by the C core, strictly and in one pass. What its reader refuses (a name given twice, half
-- a surrogate pair in an attribute's value) lua-cjson may still read, with an instance of our own: the settings of the
-- program's other users are not ours. Tokens and key sets never come here.
-- @module cognito.json

local core = require "cognito.core"

local json = {}

local MAX_DEPTH = 32
local TWO_53 = 2 ^ 53

local null = core.null
local to_integer, find = math.tointeger, string.find
local decode_strictly, encode_strictly = core.json_decode, core.json_encode
local setmetatable, type, next = setmetatable, type, next

local List = { __name = "cognito.json.list" }
local Raw = { __name = "cognito.json.raw" }

--- Marks a table as a list, so that it is written as `[]` also when it is empty.
-- @tparam table t a sequence
-- @treturn table the same table
function json.list(t)
  return setmetatable(t, List)
end

--- Stands for a value that is JSON text already; it is written as it is.
-- @tparam string text one JSON value
-- @treturn table|nil the stand-in, or nil and a message when the text is not JSON
function json.raw(text)
  local value, _, message = decode_strictly(text)
  if value == nil then return nil, message end
  return setmetatable({ text }, Raw)
end

--- Writes a value as JSON. Metamethods are not called; a list has no other members.
-- @param v strings (UTF-8), finite numbers, booleans and tables of them, at most 64 deep; see `list` and `raw`
-- @tparam[opt] boolean any_octets strings that are not UTF-8 are written as they are: `decode` reads them, nobody else
-- @treturn string|nil the text, or nil and a message
function json.encode(v, any_octets)
  local text, _, message = encode_strictly(v, List, Raw, any_octets)
  if text then return text end
  return nil, message
end

local lenient

-- Loaded when it is first needed: almost no answer is.
local function decode_leniently(text)
  if not lenient then
    lenient = require("cjson.safe").new()
    lenient.decode_max_depth(MAX_DEPTH)
    lenient.decode_invalid_numbers(false)
  end
  return lenient.decode(text)
end

local function drop_nulls(list)
  local n, count = 0, #list
  for i = 1, count do
    if list[i] ~= null then
      n = n + 1
      list[n] = list[i]
    end
  end
  for i = n + 1, count do list[i] = nil end
end

local function tidy_number(v)
  if to_integer and v > -TWO_53 and v < TWO_53 then return to_integer(v) or v end
  return v
end

-- Nulls count as absent; whole numbers become integers where the Lua has them.
local function tidy(t)
  if t[1] ~= nil then drop_nulls(t) end
  for k, v in next, t do
    local kind = type(v)
    if kind == "table" then
      tidy(v)
    elseif kind == "number" then
      t[k] = tidy_number(v)
    elseif v == null then
      t[k] = nil
    end
  end
  return t
end

--- Reads JSON text. Members that are null are left out.
-- @tparam string text
-- @return the value, or nil and a message
function json.decode(text)
  local object = decode_strictly(text)
  -- the reader leaves null members out, but not null elements
  if object and object ~= null and not (find(text, "[", 1, true) and find(text, "null", 1, true)) then
    return object
  end
  local value, message = decode_leniently(text)
  if type(value) == "table" then return tidy(value) end
  if value == nil then return nil, message end
  if value == null then return nil, "null" end
  return type(value) == "number" and tidy_number(value) or value
end

return json
