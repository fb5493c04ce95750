--- What `cognito configure` asks and writes.
-- @module cognito.cli.settings
local complaints = require "cognito.cli.complaints"
local config = require "cognito.cli.config"
local json = require "cognito.json"

local settings = {}

--- The settings a profile can have, in the order in which `configure` asks for them. `needs`: asked only where that
-- other setting is there; `rare`: asked only with --all; `list`: values of this type, separated by commas.
settings.list = {
  { name = "user_pool_id", ask = "User pool id, such as eu-west-1_AbCdEf123", required = true },
  { name = "client_id", ask = "App client id", required = true },
  { name = "client_secret", ask = "Client secret, for confidential clients only", secret = true },
  { name = "domain", ask = "Domain or prefix of the login page, for login --browser" },
  { name = "redirect_ports", ask = "Ports of the http://localhost:PORT/ callback URLs, comma separated",
    list = config.types.redirect_ports, needs = "domain" },
  { name = "scopes", ask = "Scopes, comma separated (default openid)", list = config.types.scopes, needs = "domain" },
  { name = "flow", ask = "Sign-in flow (default USER_SRP_AUTH)", rare = true },
  { name = "region", ask = "Region, when it is not in the pool id", rare = true },
  { name = "endpoint", ask = "Endpoint, for emulators and proxies", rare = true },
  { name = "issuer", ask = "Issuer of the tokens, for emulators and proxies", rare = true },
  { name = "proxy", ask = "Proxy, such as http://proxy.example:3128", rare = true },
  { name = "ca_file", ask = "CA file, for private CAs", rare = true },
  { name = "storage", ask = "Folder of the sessions", rare = true },
}

--- Writes all profiles, durably and at once.
-- @tparam table data see `cognito.cli.config.read`
-- @treturn boolean|nil true, or nil and an error: `config`
function settings.write(data)
  local folder, path = config.open()
  if not folder then return nil, path end
  local ok, code, message = folder:write(config.FILE, json.encode(data))
  folder:close()
  if not ok then return nil, complaints.refuse(code, message, path .. "/" .. config.FILE, "600") end
  return true
end

return settings
