--- Where the service is reached: its endpoints in all partitions, and the issuers of tokens.
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

local wrong = errors.config

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
