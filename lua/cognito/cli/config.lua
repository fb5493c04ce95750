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

--- The settings a profile can have, in the order in which `configure` asks for them. `needs`: asked only where that
-- other setting is there; `rare`: asked only with --all; `list`: values of this type, separated by commas.
config.settings = {
  { name = "user_pool_id", ask = "User pool id, such as eu-west-1_AbCdEf123", required = true },
  { name = "client_id", ask = "App client id", required = true },
  { name = "client_secret", ask = "Client secret, for confidential clients only", secret = true },
  { name = "domain", ask = "Domain or prefix of the login page, for login --browser" },
  { name = "redirect_ports", ask = "Ports of the http://localhost:PORT/ callback URLs, comma separated",
    list = "number", needs = "domain" },
  { name = "scopes", ask = "Scopes, comma separated (default openid)", list = "string", needs = "domain" },
  { name = "flow", ask = "Sign-in flow (default USER_SRP_AUTH)", rare = true },
  { name = "region", ask = "Region, when it is not in the pool id", rare = true },
  { name = "endpoint", ask = "Endpoint, for emulators and proxies", rare = true },
  { name = "issuer", ask = "Issuer of the tokens, for emulators and proxies", rare = true },
  { name = "proxy", ask = "Proxy, such as http://proxy.example:3128", rare = true },
  { name = "ca_file", ask = "CA file, for private CAs", rare = true },
  { name = "storage", ask = "Folder of the sessions", rare = true },
}

--- Where the profiles live.
-- @treturn string|nil the path, or nil and an error: `config` when neither XDG_CONFIG_HOME nor HOME is set
function config.path()
  local xdg, home = os.getenv "XDG_CONFIG_HOME", os.getenv "HOME"
  if xdg and xdg:sub(1, 1) == "/" then return xdg .. "/cognito" end
  if home and home:sub(1, 1) == "/" then return home .. "/.config/cognito" end
  return nil, errors.new("config", "neither XDG_CONFIG_HOME nor HOME is set", { field = "HOME" })
end

local AWAY = "move it away and run `cognito configure` again, or point XDG_CONFIG_HOME elsewhere"
local WRITABLE = "make its folder writable for you, or point XDG_CONFIG_HOME elsewhere"

local HINTS = {
  mode = "run `chmod %s %s`; it may hold a client secret, so nobody else may read it",
  owner = "run the command as its owner, or point XDG_CONFIG_HOME elsewhere",
  parent = "take the right to write there from others (chmod o-w), or point XDG_CONFIG_HOME elsewhere",
  too_large = AWAY, symlink = AWAY, links = AWAY, not_file = AWAY, not_folder = AWAY,
  EACCES = WRITABLE, EPERM = WRITABLE, EROFS = WRITABLE, ENOENT = WRITABLE, ENOTDIR = WRITABLE, ENOSPC = WRITABLE,
}

local function store_error(code, message, path, mode)
  return errors.new("config", path .. ": " .. message, {
    field = path, code = code, hint = HINTS[code] and HINTS[code]:format(mode, path),
  })
end

local function open()
  local path, err = config.path()
  if not path then return nil, err end
  local folder, code, message = posix.folder(path)
  if not folder then return nil, store_error(code, message, path, "700") end
  return folder, path
end

local function is_list_of(value, kind)
  if type(value) ~= "table" then return false end
  for key, item in pairs(value) do
    if type(key) ~= "number" or type(item) ~= kind then return false end
  end
  return true
end

local function fits(setting, value)
  if value == nil then return true end
  if setting.list then return is_list_of(value, setting.list) end
  return type(value) == "string"
end

local function is_profile(profile)
  if type(profile) ~= "table" then return false end
  for _, setting in ipairs(config.settings) do
    if not fits(setting, profile[setting.name]) then return false end
  end
  return true
end

local function is_valid(data)
  if type(data) ~= "table" or type(data.profiles) ~= "table" then return false end
  for _, profile in pairs(data.profiles) do
    if not is_profile(profile) then return false end
  end
  return data.default == nil or type(data.default) == "string"
end

--- Reads all profiles.
-- @treturn table|nil `default` (a name) and `profiles` (name to settings), or nil and an error: `config`: unreadable,
-- readable by others, or not what `configure` writes
function config.read()
  local folder, path = open()
  if not folder then return nil, path end
  local text, code, message = folder:read(FILE, MAX_BYTES)
  folder:close()
  if not text then
    if code == "not_found" or code == "ENOENT" then return { profiles = {} } end
    return nil, store_error(code, message, path .. "/" .. FILE, "600")
  end
  local data = json.decode(text)
  if is_valid(data) then return data end
  return nil, errors.new("config", path .. "/" .. FILE .. ": this is not what `cognito configure` writes", {
    field = path .. "/" .. FILE, hint = "mend it, or move it away and run `cognito configure` again",
  })
end

--- Writes all profiles, durably and at once.
-- @tparam table data see `read`
-- @treturn boolean|nil true, or nil and an error: `config`
function config.write(data)
  local folder, path = open()
  if not folder then return nil, path end
  local ok, code, message = folder:write(FILE, json.encode(data))
  folder:close()
  if not ok then return nil, store_error(code, message, path .. "/" .. FILE, "600") end
  return true
end

--- The profile that a command shall use.
-- @tparam[opt] string name else `$COGNITO_PROFILE`, else the default one
-- @treturn table|nil settings, or nil and an error: `config` with what to run
function config.profile(name)
  local data, err = config.read()
  if not data then return nil, err end
  name = name or os.getenv "COGNITO_PROFILE" or data.default
  if not name then
    return nil, errors.new("config", "there is no profile yet", { hint = "run `cognito configure`" })
  end
  local profile = data.profiles[name]
  if profile then return profile, name end
  return nil, errors.new("config", "there is no profile " .. name, {
    field = name, hint = "`cognito configure --list` shows which there are",
  })
end

--- The options of `cognito.pool` that a profile means.
-- @tparam table profile
-- @treturn table|nil the options, or nil and an error: `store` when the sessions' folder is not private or not writable
function config.pool_options(profile)
  local storage, err = require("cognito.storage.file").new { path = profile.storage }
  if not storage then return nil, err end
  return {
    user_pool_id = profile.user_pool_id, client_id = profile.client_id, region = profile.region,
    client_secret = os.getenv "COGNITO_CLIENT_SECRET" or profile.client_secret,
    endpoint = profile.endpoint, issuer = profile.issuer, domain = profile.domain,
    ca_file = profile.ca_file, proxy = profile.proxy, flow = profile.flow,
    storage = storage,
    -- where the pool tracks devices, a session whose device was not confirmed could never be refreshed
    device = true,
  }
end

return config
