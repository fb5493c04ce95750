--- The seam over JSON: requests, answers and records.
-- All are written and read by the C core, strictly and in one pass. What its reader refuses `cognito.lenient` may still
-- read. Tokens and key sets never come here.
-- @module cognito.json

local core = require "cognito.core"
local lazy = require "cognito.lazy"

local lenient = lazy.module "cognito.lenient"

local json = {}

local null = core.null
local find = string.find
local decode_strictly, encode_strictly = core.json_decode, core.json_encode
local setmetatable = setmetatable

local List = { __name = "cognito.json.list" }
local Raw = { __name = "cognito.json.raw" }

--- The metatable of tables that `list` marked, for those who mark in C.
json.list_mark = List

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

--- Reads JSON text. Members that are null are left out.
-- @tparam string text
-- @return the value, or nil and a message
function json.decode(text)
  local object = decode_strictly(text)
  -- the reader leaves null members out, but not null elements
  if object and object ~= null and not (find(text, "[", 1, true) and find(text, "null", 1, true)) then
    return object
  end
  return lenient.decode(text)
end

return json
