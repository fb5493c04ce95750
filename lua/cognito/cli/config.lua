--- Profiles: which pool and client a command speaks to.
-- They live in one private file, `$XDG_CONFIG_HOME/cognito/config.json` (else `~/.config/cognito`), since a profile
-- may hold a client secret.
-- @module cognito.cli.config
local errors = require "cognito.errors"
local json = require "cognito.json"
local posix = require "cognito.posix"

local config = {}

local FILE = "config.json"
local MAX_BYTES = 256 * 1024

--- The settings a profile can have, in the order in which `configure` asks for them.
config.settings = {
  { name = "user_pool_id", ask = "User pool id", example = "eu-west-1_AbCdEf123", required = true },
  { name = "client_id", ask = "App client id", required = true },
  { name = "client_secret", ask = "Client secret (confidential clients only)", secret = true },
  { name = "region", ask = "Region (when it is not in the pool id)" },
  { name = "endpoint", ask = "Endpoint (emulators and proxies only)" },
  { name = "issuer", ask = "Issuer of the tokens (emulators and proxies only)" },
  { name = "domain", ask = "Hosted login domain or prefix (for login --browser)" },
  { name = "redirect_ports", ask = "Registered loopback ports, comma separated (for login --browser)", list = true },
  { name = "scopes", ask = "Scopes, comma separated (for login --browser)", list = true },
  { name = "ca_file", ask = "CA file (private CAs only)" },
  { name = "flow", ask = "Sign-in flow (default USER_SRP_AUTH)" },
}

--- Where the profiles live.
-- @treturn string|nil
-- @treturn ?errors `config` when neither XDG_CONFIG_HOME nor HOME is set
function config.path()
  local xdg, home = os.getenv "XDG_CONFIG_HOME", os.getenv "HOME"
  if xdg and xdg:sub(1, 1) == "/" then return xdg .. "/cognito" end
  if home and home:sub(1, 1) == "/" then return home .. "/.config/cognito" end
  return nil, errors.new("config", "neither XDG_CONFIG_HOME nor HOME is set", { field = "HOME" })
end

local function store_error(code, message, path)
  return errors.new("config", message, {
    field = path, code = code,
    hint = "the folder must be yours with mode 0700 and the file yours with mode 0600",
  })
end

local function open()
  local path, err = config.path()
  if not path then return nil, err end
  local folder, code, message = posix.folder(path)
  if not folder then return nil, store_error(code, message, path) end
  return folder, path
end

local function is_valid(data)
  if type(data) ~= "table" or type(data.profiles) ~= "table" then return false end
  for _, profile in pairs(data.profiles) do
    if type(profile) ~= "table" then return false end
  end
  return true
end

--- Read all profiles.
-- @treturn table|nil `default` (a name) and `profiles` (name to settings)
-- @treturn ?errors `config`: unreadable, readable by others, or not what `configure` writes
function config.read()
  local folder, path = open()
  if not folder then return nil, path end
  local text, code, message = folder:read(FILE, MAX_BYTES)
  folder:close()
  if not text then
    if code == "not_found" or code == "ENOENT" then return { profiles = {} } end
    return nil, store_error(code, message, path .. "/" .. FILE)
  end
  local data = json.decode(text)
  if is_valid(data) then return data end
  return nil, errors.new("config", "the profile file is not what `cognito configure` writes", {
    field = path .. "/" .. FILE, hint = "mend it, or move it away and run `cognito configure` again",
  })
end

--- Write all profiles, durably and at once.
-- @tparam table data see `read`
-- @treturn boolean|nil
-- @treturn ?errors `config`
function config.write(data)
  local folder, path = open()
  if not folder then return nil, path end
  local ok, code, message = folder:write(FILE, json.encode(data))
  folder:close()
  if not ok then return nil, store_error(code, message, path .. "/" .. FILE) end
  return true
end

--- The profile that a command shall use.
-- @tparam ?string name else `$COGNITO_PROFILE`, else the default one
-- @treturn table|nil settings
-- @treturn ?errors `config` with what to run
function config.profile(name)
  local data, err = config.read()
  if not data then return nil, err end
  name = name or os.getenv "COGNITO_PROFILE" or data.default
  if not name then
    return nil, errors.new("config", "there is no profile yet", { hint = "run `cognito configure`" })
  end
  local profile = data.profiles[name]
  if profile then return profile, name end
  return nil, errors.new("config", "there is no such profile", {
    field = name, hint = "`cognito configure --list` names them",
  })
end

--- The options of `cognito.pool` that a profile means.
-- @tparam table profile
-- @treturn table|nil
-- @treturn ?errors `store` when the sessions' folder is not private or not writable
function config.pool_options(profile)
  local storage, err = require("cognito.storage.file").new { path = profile.storage }
  if not storage then return nil, err end
  return {
    user_pool_id = profile.user_pool_id, client_id = profile.client_id, region = profile.region,
    client_secret = os.getenv "COGNITO_CLIENT_SECRET" or profile.client_secret,
    endpoint = profile.endpoint, issuer = profile.issuer, domain = profile.domain,
    ca_file = profile.ca_file, flow = profile.flow,
    storage = storage,
  }
end

return config
