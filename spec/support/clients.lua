--- A client over a scripted host, for the specs of what lies between an operation and the wire.
local client = require "cognito.client"
local pool = require "cognito.pool"
local script_host = require "spec.support.script_host"

local clients = {}

--- @tparam[opt] table more options of `cognito.pool`
-- @treturn table the client
-- @treturn table its host
function clients.make(more)
  local host = script_host.new()
  local options = { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc" }
  for k, v in pairs(more or {}) do options[k] = v end
  return client.new(assert(pool.new(options)), host), host
end

--- The value of a header field of a request.
function clients.field(request, name)
  for _, line in ipairs(request.headers) do
    local value = line:match("^" .. name:gsub("%-", "%%-") .. ": (.*)$")
    if value then return value end
  end
end

return clients
