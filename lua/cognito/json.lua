--- The seam over JSON: requests, answers and records.
-- Answers and records are read by the C core's strict reader, which is twice as fast as lua-cjson; what it refuses
-- (a name given twice, half a surrogate pair in an attribute's value) lua-cjson may still read, with an instance of
-- our own: the settings of the program's other users are not ours. Tokens and key sets never come here.
-- @module cognito.json

local cjson = require("cjson.safe").new()
local core = require "cognito.core"

local json = {}

local MAX_DEPTH = 32
local TWO_53 = 2 ^ 53

cjson.decode_max_depth(MAX_DEPTH)
cjson.encode_max_depth(MAX_DEPTH)
cjson.decode_invalid_numbers(false)

local null = cjson.null
local to_integer, find = math.tointeger, string.find
local encode_value, decode_text = cjson.encode, cjson.decode
local decode_strictly, is_plain = core.json_decode, core.json_plain
local getmetatable, setmetatable, type, next, pairs = getmetatable, setmetatable, type, next, pairs

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
  local value, message = decode_text(text)
  if value == nil then return nil, message end
  return setmetatable({ text }, Raw)
end

-- Names of members with their marks and colon, as far as they need no escape. Few names are ever used.
local NAMES_MAX = 500
local names, name_count = {}, 0

local function write_name(k)
  if type(k) ~= "string" then return nil end
  local text = encode_value(k) .. ":"
  if name_count < NAMES_MAX then names[k], name_count = text, name_count + 1 end
  return text
end

-- An object of scalars; nil when there is something else in it. Almost every text of a request needs no escape, and
-- seeing that is quicker than escaping it.
local function write_flat(t)
  local text, separator = "{", ""
  for k, v in next, t do
    local name = names[k] or write_name(k)
    if not name then return nil end
    if is_plain(v) then
      text = text .. separator .. name .. '"' .. v .. '"'
    else
      local value = type(v) ~= "table" and encode_value(v)
      if not value then return nil end
      text = text .. separator .. name .. value
    end
    separator = ","
  end
  return text .. "}"
end

local function write_scalar(v)
  if is_plain(v) then return '"' .. v .. '"' end
  return encode_value(v)
end

local write

local function write_list(t, depth)
  local out = {}
  for i = 1, #t do
    local text, message = write(t[i], depth)
    if not text then return nil, message end
    out[i] = text
  end
  return "[" .. table.concat(out, ",") .. "]"
end

local function write_object(t, depth)
  local out = {}
  for k, v in pairs(t) do
    local name = names[k] or write_name(k)
    if not name then return nil, "an object has string keys only" end
    local text, message = write(v, depth)
    if not text then return nil, message end
    out[#out + 1] = name .. text
  end
  return "{" .. table.concat(out, ",") .. "}"
end

function write(v, depth)
  if type(v) ~= "table" then return write_scalar(v) end
  if depth > MAX_DEPTH then return nil, "nested too deeply" end
  local mark = getmetatable(v)
  if mark == Raw then return v[1] end
  if mark == List or v[1] ~= nil then return write_list(v, depth + 1) end
  return write_object(v, depth + 1)
end

--- Writes a value as JSON.
-- @param v strings, numbers, booleans and tables of them; see `list` and `raw`
-- @treturn string|nil the text, or nil and a message
function json.encode(v)
  local text = type(v) == "table" and not getmetatable(v) and write_flat(v)
  if text then return text end
  return write(v, 1)
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
  local value, message = decode_text(text)
  if type(value) == "table" then return tidy(value) end
  if value == nil then return nil, message end
  if value == null then return nil, "null" end
  return type(value) == "number" and tidy_number(value) or value
end

return json
