--- The pool as a value: who it is, where it is reached, and the limits of its calls. No I/O.
-- @module cognito.pool

local errors = require "cognito.errors"
local lazy = require "cognito.lazy"
local options = require "cognito.options"

local address = lazy.module "cognito.address"
local endpoints = lazy.module "cognito.endpoints"
local secrets = lazy.module "cognito.secrets"

local pool = {}

local Pool = { __name = "cognito.pool" }
Pool.__index = Pool

--- The class of pool values; the facade adds the calls that need a host.
pool.class = Pool

--- The options of `cognito.pool` and their types.
pool.schema = {
  user_pool_id = "string", client_id = "string", client_secret = "string|function|table", region = "string",
  endpoint = "string", fips = "boolean", dual_stack = "boolean", issuer = "string", domain = "string",
  storage = "table", host = "table", margin = "number", flow = "string", device = "boolean", timeout = "number",
  deadline = "number", max_attempts = "integer", proxy = "string", ca_file = "string", ca_path = "string",
  user_agent = "string", logger = "function", on_refresh = "function", on_signed_out = "function",
  on_warning = "function",
}

local flows = { USER_SRP_AUTH = true, USER_PASSWORD_AUTH = true, USER_AUTH = true, CUSTOM_AUTH = true }

local wrong = errors.config

local function check_text(value, field, pattern, longest, hint)
  if value == nil then return wrong(field, field .. " is missing", hint) end
  if #value > longest or not value:find(pattern) then return wrong(field, field .. " has a wrong form", hint) end
  return value
end

local function check_ids(o)
  local id, err = check_text(o.user_pool_id, "user_pool_id", "^[%w_%-]+_%w+$", 55,
    'it looks like "eu-west-1_AbCdEf123" and stands on the overview page of the user pool')
  if not id then return nil, err end
  return check_text(o.client_id, "client_id", "^[%w_+]+$", 128,
    "it is a word of letters and digits and stands under App clients of the user pool")
end

local function check_region(o)
  local region = o.region or o.user_pool_id:match("^(.+)_")
  if o.endpoint and region:find("^[%w%-]+$") and #region <= 63 then return region end
  if endpoints.is_region(region) then return region end
  return wrong(o.region and "region" or "user_pool_id", ("%q is not a region"):format(errors.clean(region)),
    'a region looks like "eu-west-1"')
end

local function check_number(o, field, low, high, default)
  local value = o[field]
  if value == nil then return default end
  if not (value >= low and value <= high) then
    return wrong(field, ("%s must be between %g and %g"):format(field, low, high))
  end
  return value
end

local limits = {
  { "margin", 0, 86400, 60 }, { "timeout", 0.001, 3600, 10 }, { "deadline", 0.001, 86400, 30 },
  { "max_attempts", 1, 100, 3 },
}

local function check_limits(value, o)
  for _, limit in ipairs(limits) do
    local number, err = check_number(o, limit[1], limit[2], limit[3], limit[4])
    if not number then return nil, err end
    value[limit[1]] = number
  end
  return value
end

local function resolve(o, region)
  local endpoint, err
  if o.endpoint then
    endpoint, err = address.check(o.endpoint, "endpoint")
    if not endpoint or not (o.fips or o.dual_stack) then return endpoint, err end
  end
  return endpoints.resolve { region = region, fips = o.fips, dual_stack = o.dual_stack, endpoint = endpoint }
end

local function check_address(value, o)
  local url, err
  value.region, err = check_region(o)
  if not value.region then return nil, err end
  url, err = resolve(o, value.region)
  if not url then return nil, err end
  value.url = url .. "/"
  return value
end

local function check_issuer(value, o)
  value.given_issuer = o.issuer
  if not o.issuer then return value end
  return address.check(o.issuer, "issuer")
end

local function check_words(o)
  if o.flow and not flows[o.flow] then
    local near = options.nearest(o.flow, flows)
    return wrong("flow", ("%q is not a flow"):format(errors.clean(o.flow)), near and "did you mean " .. near .. "?"
      or "one of USER_SRP_AUTH, USER_PASSWORD_AUTH, USER_AUTH, CUSTOM_AUTH")
  end
  if o.user_agent and o.user_agent:find("%c") then
    return wrong("user_agent", "user_agent has a control character")
  end
  if o.proxy and not o.proxy:find("^https?://[^%s%c]+$") then
    return wrong("proxy", "proxy is not an http or https address", 'write it like "http://proxy.example:3128"')
  end
  return o
end

local VERSION = "0.1.0"

local function fill(value, o)
  value.user_pool_id, value.client_id = o.user_pool_id, o.client_id
  value.flow = o.flow or "USER_SRP_AUTH"
  value.device = o.device or false
  value.domain, value.proxy, value.ca_file, value.ca_path = o.domain, o.proxy, o.ca_file, o.ca_path
  value.logger, value.on_refresh, value.on_signed_out = o.logger, o.on_refresh, o.on_signed_out
  value.on_warning = o.on_warning
  value.fips, value.dual_stack, value.endpoint = o.fips, o.dual_stack, o.endpoint
  value.user_agent = "lua-cognito/" .. VERSION .. (o.user_agent and " " .. o.user_agent or "")
end

--- Checks options and makes the value.
-- @tparam table o see `schema`; unknown names and wrong Lua types raise
-- @treturn table|nil the pool value, or nil and an error of kind `config` that names the `field` and the cure
function pool.new(o)
  options.check(o, pool.schema, "cognito.pool", 4)
  local value = {}
  for _, check in ipairs { check_ids, check_words } do
    local ok, err = check(o)
    if not ok then return nil, err end
  end
  for _, check in ipairs { check_address, check_issuer, check_limits } do
    local ok, err = check(value, o)
    if not ok then return nil, err end
  end
  fill(value, o)
  if o.client_secret ~= nil then
    local ok, err = secrets.keep(value, o.client_secret)
    if not ok then return nil, err end
  end
  return setmetatable(value, Pool)
end

--- The client secrets, the current first. The function that a caller gave is asked each time.
-- @treturn table|nil a list of one or two, or nil and an error of kind `config`
function Pool:read_secrets()
  return self.secrets()
end

--- The issuers that tokens of the pool may name.
-- @treturn table a list of one or two
function Pool:issuers()
  return self.given_issuer and { self.given_issuer } or { endpoints.issuers(self.region, self.user_pool_id) }
end

--- The pool's name as SRP uses it: what follows the underscore of its id.
-- @treturn string
function Pool:short_name()
  return (self.user_pool_id:match("_(.*)$"))
end

function Pool:__tostring()
  return ("cognito.pool(%s)"):format(self.user_pool_id)
end

return pool
