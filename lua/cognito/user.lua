--- What users do with their own account: the methods of a pool and of a session, one row of data each.
-- A row names the operation, how the caller's options become its members, and what the answer becomes. The methods
-- themselves are made here, once.
-- @module cognito.user
local errors = require "cognito.errors"
local json = require "cognito.json"
local ops = require "cognito.protocol.ops"
local options = require "cognito.options"
local rules = require "cognito.protocol.rules"

local user = {}

local next, type = next, type
local core = require "cognito.core"
local NAME, VALUE = rules.types.AttributeName, rules.types.AttributeValue

-- Every call takes these besides its own options.

local function refuse(field, words)
  return nil, errors.new("invalid", field .. " must be " .. words, { field = field, code = "constraint" })
end

-- What is wrong with a table that was not taken as a whole.
local function refuse_attributes(value, field)
  if type(value) ~= "table" then return refuse(field, "a table of names and values") end
  for name, text in next, value do
    if type(name) ~= "string" then return refuse(field, "a table of names and values") end
    local where = field .. "." .. name
    local ok, err = rules.check("AttributeName", name, where)
    if ok then ok, err = rules.check("AttributeValue", text, where) end
    if not ok then return nil, err end
  end
end

local function context(value, field)
  if type(value) ~= "table" then return refuse(field, "a table with ip_address and encoded_data") end
  for name, v in next, value do
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
  if type(value) ~= "table" or next(value) == nil then
    return refuse(field, "true, false, or a table with enabled and preferred")
  end
  for name, v in next, value do
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
  if type(value) ~= "table" or value[1] ~= nil or next(value) == nil then
    return refuse(field, "the credential as the browser gave it: a table, or its JSON text")
  end
  return value
end

local function mfa_options(value, field)
  local ok, err = rules.check("MfaOptions", value, field)
  if not ok then return nil, err end
  return value[1] == nil and json.list {} or value
end

-- How one of the caller's values becomes a member; without an entry it goes as it is, checked by its type.
local CONVERT = {
  Attributes = refuse_attributes, AttributeNames = names, UserContextData = context, MfaOptions = mfa_options,
  MfaSettings = factor, PasskeySettings = factor, Document = document, RememberedStatus = remembered,
}

-- What the core needs to take an option by itself: a text that its form decides, or a table of attributes.
local function row_of(option, member, kind)
  local rule = rules.types[kind]
  if kind == "Attributes" then
    return { option, member, NAME.form, NAME.min, NAME.max, VALUE.form, VALUE.min, VALUE.max }
  elseif not CONVERT[kind] and rule.form and not rule.pattern and not rule.enum then
    return { option, member, rule.form, rule.min, rule.max }
  end
end

-- What becomes of each option of a row, looked up once: its `member` and `kind`; and the function that takes what is
-- as it should be.
local function plan_of(row)
  local kinds, plan, rows = rules.compile(rules.inputs[row.operation]).kinds, {}, {}
  for option, member in pairs(row.args or {}) do
    local kind = kinds[member]
    plan[option] = { member = member, kind = kind }
    rows[#rows + 1] = row_of(option, member, kind)
  end
  return plan, core.taker(rows, json.list_mark)
end

local function convert(kind, value, option)
  local by = CONVERT[kind]
  if by then return by(value, option) end
  local ok, err = rules.check(kind, value, option)
  if not ok then return nil, err end
  return value
end

local function missing(row, given)
  local required = row.required
  for i = 1, required and #required or 0 do
    local name = required[i]
    if given[name] == nil then
      return errors.new("invalid", name .. " is required", { field = name, code = "required" })
    end
  end
end

-- The members of a request, without an error too when there is an option that the row does not know, or a limit: then
-- the third value is false.
local function members(plan, take, given)
  local input, all = take(given)
  if all then return input, nil, true end
  local known = true
  for option, value in next, given do
    local entry = plan[option]
    if not entry then
      known = false
    elseif input[entry.member] == nil then
      local made, err = convert(entry.kind, value, option)
      if made == nil then return nil, err end
      input[entry.member] = made
    end
  end
  return input, nil, known
end

local function done() return true end

local function limits(given)
  return { deadline = given.deadline, cancel = given.cancel, max_attempts = given.max_attempts }
end

local function schema_of(row)
  local schema = {}
  for name in pairs(row.args or {}) do schema[name] = "any" end
  for name, kind in pairs(options.call) do schema[name] = kind end
  return schema
end

local NONE = {}

--- Makes a method from its row. Options are checked as the members that they become, in the one pass that makes these,
-- so `send` need not check again.
-- @tparam string name the method's name, for the error of an unknown option
-- @tparam table row `operation`, `args` (option to member), `required` (list of options); `answer(out, self, given)`
-- turns the answer into what the method returns
-- @tparam function send send(self, op, input, limits) calls the operation; the input is its own
-- @treturn function method(self, options); `invalid` with the `field` as the caller spelled it
function user.method(name, row, send)
  local schema, op, answer = schema_of(row), ops.by_name[row.operation], row.answer or done
  local plan, take = plan_of(row)
  return function(self, given)
    if given == nil then given = NONE end
    if type(given) ~= "table" then options.check(given, schema, name, 2) end
    local input, err, known = members(plan, take, given)
    if not known then options.check(given, schema, name, 2) end
    err = err or missing(row, given)
    if err then return nil, err end
    local out
    out, err = send(self, op, input, not known and limits(given) or nil)
    if not out then return nil, err end
    return answer(out, self, given)
  end
end

--- Makes all methods of a table of rows.
-- @tparam string side "pool" or "session", for messages
-- @tparam table rows name to row
-- @tparam table into receives name to function
-- @tparam function send see `method`
function user.define(side, rows, into, send)
  for name, row in pairs(rows) do into[name] = user.method(side .. ":" .. name, row, send) end
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
