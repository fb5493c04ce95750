--- What users do with their own account: the methods of a pool and of a session, one row of data each.
-- A row names the operation, how the caller's options become its members, and what the answer becomes. The methods
-- themselves are made here, once.
-- @module cognito.user
local errors = require "cognito.errors"
local json = require "cognito.json"
local options = require "cognito.options"
local rules = require "cognito.protocol.rules"

local user = {}

-- Every call takes these besides its own options.
local CALL_OPTIONS = { deadline = "number", cancel = "table", max_attempts = "integer" }

local function to_attributes(map)
  local names, list = {}, {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do list[i] = { Name = name, Value = map[name] } end
  return json.list(list)
end

local function refuse(field, words)
  return nil, errors.new("invalid", field .. " must be " .. words, { field = field, code = "constraint" })
end

local function attributes(value, field)
  if type(value) ~= "table" then return refuse(field, "a table of names and values") end
  for name, v in pairs(value) do
    if type(name) ~= "string" then return refuse(field, "a table of names and values") end
    local ok, err = rules.check("AttributeName", name, field .. "." .. name)
    if ok then ok, err = rules.check("AttributeValue", v, field .. "." .. name) end
    if not ok then return nil, err end
  end
  return to_attributes(value)
end

local function context(value, field)
  if type(value) ~= "table" then return refuse(field, "a table with ip_address and encoded_data") end
  for name, v in pairs(value) do
    if name ~= "ip_address" and name ~= "encoded_data" then
      return refuse(field, "a table with ip_address and encoded_data only")
    end
    local ok, err = rules.check("String", v, field .. "." .. name)
    if not ok then return nil, err end
  end
  return { IpAddress = value.ip_address, EncodedData = value.encoded_data }
end

local function names(value, field)
  local ok, err = rules.check("AttributeNames", value, field)
  if not ok then return nil, err end
  if #value == 0 then return refuse(field, "a list of at least one attribute name") end
  local list = {}
  for i, name in ipairs(value) do list[i] = name end
  return json.list(list)
end

local function remembered(value, field)
  local ok, err = rules.check("Boolean", value, field)
  if not ok then return nil, err end
  return value and "remembered" or "not_remembered"
end

local function factor(value, field)
  if type(value) == "boolean" then return { Enabled = value } end
  if type(value) ~= "table" then return refuse(field, "true, false, or a table with enabled and preferred") end
  for name, v in pairs(value) do
    if (name ~= "enabled" and name ~= "preferred") or type(v) ~= "boolean" then
      return refuse(field, "a table with enabled and preferred, each true or false")
    end
  end
  return { Enabled = value.enabled, PreferredMfa = value.preferred }
end

-- The browser's own text goes out as it came: read and written again, an empty list in it would become an object.
local function document(value, field)
  if type(value) == "string" and value:find "^%s*{" then
    local raw = json.raw(value)
    if raw then return raw end
  end
  if type(value) ~= "table" or value[1] ~= nil then
    return refuse(field, "the credential as the browser gave it: a table, or its JSON text")
  end
  return value
end

-- How one of the caller's values becomes a member; without an entry it goes as it is, checked by its type.
local CONVERT = {
  Attributes = attributes, AttributeNames = names, UserContextData = context, MfaSettings = factor,
  PasskeySettings = factor, Document = document, RememberedStatus = remembered,
}

local function convert(kind, value, field)
  local by = CONVERT[kind]
  if by then return by(value, field) end
  local ok, err = rules.check(kind, value, field)
  if not ok then return nil, err end
  return value
end

local function schema_of(row)
  local schema = {}
  for name in pairs(row.args or {}) do schema[name] = "any" end
  for name, kind in pairs(CALL_OPTIONS) do schema[name] = kind end
  return schema
end

local function missing(row, given)
  for _, name in ipairs(row.required or {}) do
    if given[name] == nil then
      return errors.new("invalid", name .. " is required", { field = name, code = "required" })
    end
  end
end

local function members(row, given)
  local kinds, input = rules.compile(rules.inputs[row.operation]).kinds, {}
  for name, member in pairs(row.args or {}) do
    if given[name] ~= nil then
      local value, err = convert(kinds[member], given[name], name)
      if value == nil then return nil, err end
      input[member] = value
    end
  end
  return input
end

--- Turn the caller's options into the members of a request.
-- @tparam table row `operation`, `args` (option to member), `required` (list of options)
-- @tparam table given the caller's options
-- @treturn table|nil input
-- @treturn ?errors `invalid`, its `field` spelled as the caller spelled it
function user.input(row, given)
  local err = missing(row, given)
  if err then return nil, err end
  return members(row, given)
end

local function done() return true end

local function limits(given)
  return { deadline = given.deadline, cancel = given.cancel, max_attempts = given.max_attempts }
end

--- Make a method from its row.
-- @tparam string name the method's name, for the error of an unknown option
-- @tparam table row see `input`; `answer(out, self, given)` turns the answer into what the method returns
-- @treturn function method(self, options)
function user.method(name, row)
  local schema, answer = schema_of(row), row.answer or done
  return function(self, given)
    given = options.check(given or {}, schema, name, 2)
    local input, err = user.input(row, given)
    if not input then return nil, err end
    local out
    out, err = self:call(row.operation, input, limits(given))
    if not out then return nil, err end
    return answer(out, self, given)
  end
end

--- Make all methods of a table of rows.
-- @tparam table rows name to row
-- @tparam table into receives name to function
function user.define(rows, into)
  for name, row in pairs(rows) do into[name] = user.method(name, row) end
end

--- Where a code was sent, as every call that sends one answers.
-- @tparam table details the API's CodeDeliveryDetails
-- @treturn table|nil `destination` (masked by the service), `medium` ("EMAIL" or "SMS"), `attribute`
function user.delivery(details)
  if type(details) ~= "table" then return nil end
  return { destination = details.Destination, medium = details.DeliveryMedium, attribute = details.AttributeName }
end

--- Attributes as a plain table.
-- @tparam {table,...} list the API's list of Name and Value
-- @treturn table name to value
function user.attributes(list)
  local out = {}
  for _, attribute in ipairs(list or {}) do out[attribute.Name] = attribute.Value end
  return out
end

--- A function that gives one item after another and asks for the next page when it runs out.
-- Lua 5.1 cannot yield inside a `for`; in the loop host call the function yourself there.
-- @tparam function page page(token) gives list, next token, or nil, err
-- @treturn function gives an item, or nil at the end, or nil, err
function user.iterator(page)
  local list, index, token, ended = {}, 0, nil, false
  return function()
    while index >= #list do
      if ended then return nil end
      local err
      list, token, err = page(token)
      if not list then
        list, ended = {}, true
        return nil, token or err
      end
      index, ended = 0, token == nil
    end
    index = index + 1
    return list[index]
  end
end

return user
