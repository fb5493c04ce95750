--- Checks of option tables: a wrong Lua type or an unknown name is the programmer's mistake and raises.
-- @module cognito.options

local lazy = require "cognito.lazy"

local nearest = lazy.module "cognito.nearest"

local options = {}

local floor = math.floor

--- The options of every call that may talk to the service.
options.call = { deadline = "number", cancel = "table", max_attempts = "integer" }

local function is_integer(value)
  return type(value) == "number" and value == floor(value) and value - value == 0
end

--- The valid name that is nearest to a mistyped one; see `cognito.nearest`.
-- @tparam string name what was given
-- @tparam table names a table whose keys are the valid names
-- @treturn string|nil the nearest name, or nil when none is near
function options.nearest(name, names)
  return nearest.find(name, names)
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
    if not types then error(nearest.unknown(name, schema, where), level) end
    if not options.has_type(value, types) then
      local wanted = types:gsub("|", " or ")
      error(("%s: option %s must be %s, not %s"):format(where, name, wanted, type(value)), level)
    end
  end
  return given
end

--- Checks the options of a call; see `options.call`.
-- @tparam table|nil given
-- @tparam string where the function's name, for the message
-- @tparam number level of the raised error, as seen from the caller of `check_call`
-- @treturn table|nil the options
function options.check_call(given, where, level)
  if given ~= nil then options.check(given, options.call, where, level + 1) end
  return given
end

return options
