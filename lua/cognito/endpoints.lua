--- One resolver for every address: the service's endpoints in all partitions, the issuers of tokens, and the rule
-- that plain http goes to the loopback interface only.
-- @module cognito.endpoints

local errors = require "cognito.errors"

local endpoints = {}

-- In the order of the service's rules; the first that matches wins, `aws` where none does.
local partitions = {
  { id = "aws-cn", pattern = "^cn%-[%w_]+%-%d+$", suffix = "amazonaws.com.cn",
    dual_suffix = "api.amazonwebservices.com.cn" },
  { id = "aws-us-gov", pattern = "^us%-gov%-[%w_]+%-%d+$", suffix = "amazonaws.com", dual_suffix = "api.aws" },
  { id = "aws-eusc", pattern = "^eusc%-de%-[%w_]+%-%d+$", suffix = "amazonaws.eu",
    dual_suffix = "api.amazonwebservices.eu" },
  { id = "aws-iso", pattern = "^us%-iso%-[%w_]+%-%d+$", suffix = "c2s.ic.gov", dual_suffix = "api.aws.ic.gov" },
  { id = "aws-iso-b", pattern = "^us%-isob%-[%w_]+%-%d+$", suffix = "sc2s.sgov.gov",
    dual_suffix = "api.aws.scloud" },
  { id = "aws-iso-e", pattern = "^eu%-isoe%-[%w_]+%-%d+$", suffix = "cloud.adc-e.uk",
    dual_suffix = "api.cloud-aws.adc-e.uk" },
  { id = "aws-iso-f", pattern = "^us%-isof%-[%w_]+%-%d+$", suffix = "csp.hci.ic.gov",
    dual_suffix = "api.aws.hci.ic.gov" },
}
local aws = { id = "aws", suffix = "amazonaws.com", dual_suffix = "api.aws" }

-- Where FIPS and dual-stack meet, these regions keep the plain suffix.
local plain_fips = { ["us-east-1"] = true, ["us-east-2"] = true, ["us-west-1"] = true, ["us-west-2"] = true }

--- The partition of a region.
-- @tparam string region
-- @treturn table with `id`, `suffix`, `dual_suffix`
function endpoints.partition(region)
  for _, partition in ipairs(partitions) do
    if region:find(partition.pattern) or region == partition.id .. "-global" then return partition end
  end
  return aws
end

local function wrong(field, message, hint)
  return nil, errors.new("config", message, { field = field, hint = hint })
end

local function host_name(service, region, fips, dual)
  local partition = endpoints.partition(region)
  local name = service .. (fips and "-fips" or "") .. "." .. region .. "."
  if fips and dual and not plain_fips[region] then return name .. partition.dual_suffix end
  if dual and not fips and partition ~= aws then return name .. partition.dual_suffix end
  return name .. partition.suffix
end

local function custom(where)
  if where.fips then
    return wrong("fips", "fips cannot be combined with a custom endpoint", "leave one of the two out")
  elseif where.dual_stack then
    return wrong("dual_stack", "dual_stack cannot be combined with a custom endpoint", "leave one of the two out")
  end
  return where.endpoint
end

--- The base address of a service, by the rules of the service's own endpoint rule set.
-- @tparam table where `region`, `fips`, `dual_stack`, `endpoint`
-- @tparam[opt="cognito-idp"] string service
-- @treturn string|nil the address without a path, or nil and an error of kind `config` with `field`
function endpoints.resolve(where, service)
  if where.endpoint then return custom(where) end
  if not where.region then return wrong("region", "no region is given", 'give region, such as "eu-west-1"') end
  return "https://" .. host_name(service or "cognito-idp", where.region, where.fips, where.dual_stack)
end

--- Says whether a text can be a region's name (one label of a host name).
-- @tparam string region
-- @treturn boolean
function endpoints.is_region(region)
  return #region <= 63 and region:find("^%l[%l%d]*%-[%l%d%-]*%w$") ~= nil
end

--- Says whether a host name is the machine itself.
-- @tparam string host
-- @treturn boolean
function endpoints.is_loopback(host)
  if host == "localhost" or host == "[::1]" then return true end
  local a, b, c, d = host:match("^127%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)(.*)$")
  return a ~= nil and d == "" and tonumber(a) < 256 and tonumber(b) < 256 and tonumber(c) < 256
end

local function split(url)
  local scheme, rest = url:match("^(%a+)://([^%s%c]+)$")
  if not scheme then return nil end
  local authority, path = rest:match("^([^/?#]*)(.*)$")
  local host, port = authority:match("^(%[[%x:]+%])(.*)$")
  if not host then host, port = authority:match("^(%w[%w%.%-]*)(.*)$") end
  if not host or not (port == "" or port:find("^:%d+$")) then return nil end
  if port ~= "" and (tonumber(port:sub(2)) < 1 or tonumber(port:sub(2)) > 65535) then return nil end
  return scheme:lower(), host:lower(), path
end

--- Checks an address that a caller gave: https, or http to the loopback interface; no user, query or fragment.
-- @tparam string url
-- @tparam string field the option's name, for the error
-- @treturn string|nil the address without a slash at its end, or nil and an error of kind `config`
function endpoints.check_url(url, field)
  local scheme, host, path = split(url)
  local form = 'write it like "https://example.com"'
  if not scheme then return wrong(field, field .. " is not an address", form) end
  if path:find("[?#]") then return wrong(field, field .. " has a query or a fragment", form) end
  if scheme == "http" and not endpoints.is_loopback(host) then
    return wrong(field, field .. " is http to a host that is not this machine", "use https")
  elseif scheme ~= "https" and scheme ~= "http" then
    return wrong(field, field .. " is neither https nor http", form)
  end
  return (url:gsub("/+$", ""))
end

--- The issuers that tokens of a pool may name.
-- @tparam string region the pool's (primary) region
-- @tparam string pool_id
-- @treturn string the issuer of type ORIGINAL
-- @treturn string the issuer of type UPDATED
function endpoints.issuers(region, pool_id)
  local tail = "." .. region .. "." .. endpoints.partition(region).suffix .. "/" .. pool_id
  return "https://cognito-idp" .. tail, "https://issuer-cognito-idp" .. tail
end

return endpoints
