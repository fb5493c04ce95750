--- Checks a request body against the shapes, with the service's own wording.
-- Wrong JSON types are a SerializationException, everything else is collected into one InvalidParameterException.
-- @module cognito.emulator.validate

local errors = require "cognito.emulator.errors"
local json = require "cognito.emulator.json"
local shapes = require "cognito.emulator.shapes"

local M = {}

-- The service repeats the values of these two members, and of no other.
local ECHOED = { userPoolId = true, clientId = true }

local function lower_first(name) return (name:gsub("^%u", string.lower)) end

local function complain(out, path, value, constraint)
  local shown = ECHOED[path] and type(value) == "string" and "Value '" .. value .. "' at '" or "Value at '"
  if value == nil then shown = "Value null at '" end
  out[#out + 1] = shown .. path .. "' failed to satisfy constraint: " .. constraint
end

local function wrong_type(value, wanted)
  local got = type(value)
  if got == "table" then got = json.is_list(value) and "list" or "object" end
  errors.throw("Serialization", ("%s can not be converted to %s"):format(got:upper(), wanted), { capital = true })
end

local check

local function fits(shape, value)
  if type(shape.match) == "function" then return shape.match(value) end
  return value:find(shape.match) ~= nil
end

local function check_length(shape, value, path, out)
  local length = utf8.len(value)
  if shape.max and length > shape.max then
    complain(out, path, value, "Member must have length less than or equal to " .. shape.max)
  end
  if shape.min and length < shape.min then
    complain(out, path, value, "Member must have length greater than or equal to " .. shape.min)
  end
end

local function check_string(shape, value, path, out)
  if type(value) ~= "string" then wrong_type(value, "a String") end
  check_length(shape, value, path, out)
  if shape.match and not fits(shape, value) then
    complain(out, path, value, "Member must satisfy regular expression pattern: " .. shape.regex)
  end
  if shape.enum and not shape.enum[value] then
    complain(out, path, value, "Member must satisfy enum value set: [" .. shape.words .. "]")
  end
end

local function check_integer(shape, value, path, out)
  if math.type(value) ~= "integer" then wrong_type(value, "an Integer") end
  if value > shape.max then complain(out, path, value, "Member must have value less than or equal to " .. shape.max) end
  if value < shape.min then
    complain(out, path, value, "Member must have value greater than or equal to " .. shape.min)
  end
end

local function check_map(_, value, path, out)
  if type(value) ~= "table" or json.is_list(value) then wrong_type(value, "a Map") end
  for key, item in pairs(value) do
    if item == json.null then value[key] = nil
    else check("String", item, path .. "." .. key .. ".member", out) end
  end
end

local function check_list(shape, value, path, out)
  if not json.is_list(value) then wrong_type(value, "a List") end
  for i, item in ipairs(value) do check(shape.member, item, ("%s.%d.member"):format(path, i), out) end
end

local function check_structure(shape, value, path, out)
  if type(value) ~= "table" or json.is_list(value) then wrong_type(value, "a Structure") end
  local prefix = path and path .. "." or ""
  for key, item in pairs(value) do
    if item == json.null then value[key] = nil
    elseif not shape.members[key] and not out.lenient then
      out[#out + 1] = ("Value at '%s%s' failed to satisfy constraint: Member is not known to this operation")
        :format(prefix, key)
    end
  end
  for _, name in ipairs(shape.order) do
    local member, item, at = shape.members[name], value[name], prefix .. lower_first(name)
    if item ~= nil then check(member.type, item, at, out)
    elseif member.required then complain(out, at, nil, "Member must not be null") end
  end
end

local function check_boolean(_, value)
  if type(value) ~= "boolean" then wrong_type(value, "a Boolean") end
end

local CHECKS = {
  string = check_string, integer = check_integer, boolean = check_boolean, map = check_map, list = check_list,
  structure = check_structure,
  document = function(_, value) if type(value) ~= "table" then wrong_type(value, "a Document") end end,
}

function check(shape, value, path, out)
  if type(shape) == "string" then shape = assert(shapes[shape], shape) end
  return CHECKS[shape.kind](shape, value, path, out)
end

--- Checks a decoded body; null members are taken out, as if absent.
-- @tparam table shape the input structure of an operation
-- @tparam table body
-- @tparam boolean strict refuse unknown members (the live service ignores them)
function M.request(shape, body, strict)
  local out = { lenient = not strict }
  check(shape, body, nil, out)
  if #out == 0 then return end
  table.sort(out)
  errors.throw("InvalidParameter", ("%d validation error%s detected: %s"):format(#out, #out == 1 and "" or "s",
    table.concat(out, "; ")))
end

return M
