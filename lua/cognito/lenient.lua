--- Reads JSON that the core's strict reader refuses (a name given twice, half a surrogate pair in an attribute's value)
-- by lua-cjson, with an instance of our own: the settings of the program's other users are not ours.
-- @module cognito.lenient

local cjson = require("cjson.safe").new()

local lenient = {}

local MAX_DEPTH = 32
local TWO_53 = 2 ^ 53

cjson.decode_max_depth(MAX_DEPTH)
cjson.decode_invalid_numbers(false)

local null = cjson.null
local to_integer, type, next = math.tointeger, type, next

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
function lenient.decode(text)
  local value, message = cjson.decode(text)
  if type(value) == "table" then return tidy(value) end
  if value == nil then return nil, message end
  if value == null then return nil, "null" end
  return type(value) == "number" and tidy_number(value) or value
end

return lenient
