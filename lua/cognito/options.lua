--- Checks of option tables: a wrong Lua type or an unknown name is the programmer's mistake and raises.
-- @module cognito.options

local options = {}

local floor, min = math.floor, math.min

local function is_integer(value)
  return type(value) == "number" and value == floor(value) and value - value == 0
end

-- One row of the edit-distance matrix after another.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
  end
  return row[#b]
end

--- The valid name that is nearest to a mistyped one.
-- @tparam string name what was given
-- @tparam table names a table whose keys are the valid names
-- @treturn string|nil the nearest name, or nil when none is near
function options.nearest(name, names)
  local best, best_distance
  for candidate in pairs(names) do
    local d = distance(name:lower(), candidate:lower())
    if not best or d < best_distance or (d == best_distance and candidate < best) then
      best, best_distance = candidate, d
    end
  end
  if best and best_distance <= floor(#best / 3) + 1 then return best end
end

--- Says whether a value has one of the types of a schema entry.
-- @param value anything
-- @tparam string types Lua type names joined by `|`; also `integer` and `any`
-- @treturn boolean
function options.has_type(value, types)
  if types == "any" then return true end
  for name in types:gmatch("[^|]+") do
    if type(value) == name then return true end
    if name == "integer" and is_integer(value) then return true end
  end
  return false
end

local function unknown(name, schema, where)
  local text = where .. ": unknown option " .. ("%q"):format(tostring(name))
  local near = type(name) == "string" and options.nearest(name, schema)
  if near then text = text .. "; did you mean " .. near .. "?" end
  return text
end

--- Checks a table of options against a schema; raises where it does not fit.
-- @tparam table given the options
-- @tparam table schema option name -> types (see `has_type`)
-- @tparam string where the function's name, for the message
-- @tparam[opt=2] number level the level of the raised error, as seen from the caller of `check`
-- @treturn table the options
function options.check(given, schema, where, level)
  level = (level or 2) + 1
  if type(given) ~= "table" then
    error(("%s: a table of options is needed, not %s"):format(where, type(given)), level)
  end
  for name, value in pairs(given) do
    local types = schema[name]
    if not types then error(unknown(name, schema, where), level) end
    if not options.has_type(value, types) then
      local wanted = types:gsub("|", " or ")
      error(("%s: option %s must be %s, not %s"):format(where, name, wanted, type(value)), level)
    end
  end
  return given
end

return options
