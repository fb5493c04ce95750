--- Profiles: which pool and client a command speaks to.
-- They live in one private file, `$XDG_CONFIG_HOME/cognito/config.json` (else `~/.config/cognito`), since a profile
-- may hold a client secret.
-- @module cognito.cli.config
local json = require "cognito.json"
local lazy = require "cognito.lazy"
local posix = require "cognito.posix"

local complaints = lazy.module "cognito.cli.complaints"

local config = {}

local MAX_BYTES = 256 * 1024

--- The name of the file.
config.FILE = "config.json"

--- The settings a profile can have: text, or lists of numbers or strings. What they mean: `cognito.cli.settings`.
config.types = {
  user_pool_id = "text", client_id = "text", client_secret = "text", domain = "text", redirect_ports = "number",
  scopes = "string", flow = "text", region = "text", endpoint = "text", issuer = "text", proxy = "text",
  ca_file = "text", storage = "text",
}

--- Where the profiles live.
-- @treturn string|nil the path, or nil and an error: `config` when neither XDG_CONFIG_HOME nor HOME is set
function config.path()
  local xdg, home = os.getenv "XDG_CONFIG_HOME", os.getenv "HOME"
  if xdg and xdg:sub(1, 1) == "/" then return xdg .. "/cognito" end
  if home and home:sub(1, 1) == "/" then return home .. "/.config/cognito" end
  return nil, complaints.no_home()
end

--- Opens the folder of the profiles, making it when it is missing.
-- @treturn userdata|nil the folder, or nil and an error: `config`
-- @treturn string its path
function config.open()
  local path, err = config.path()
  if not path then return nil, err end
  local folder, code, message = posix.folder(path)
  if not folder then return nil, complaints.refuse(code, message, path, "700") end
  return folder, path
end

local function fits(value, kind)
  if kind == "text" then return type(value) == "string" end
  if type(value) ~= "table" then return false end
  for key, item in pairs(value) do
    if type(key) ~= "number" or type(item) ~= kind then return false end
  end
  return true
end

local function is_profile(profile)
  if type(profile) ~= "table" then return false end
  for name, value in pairs(profile) do
    local kind = config.types[name]
    if kind and not fits(value, kind) then return false end
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
  local folder, path = config.open()
  if not folder then return nil, path end
  local text, code, message = folder:read(config.FILE, MAX_BYTES)
  folder:close()
  if not text then
    if code == "not_found" or code == "ENOENT" then return { profiles = {} } end
    return nil, complaints.refuse(code, message, path .. "/" .. config.FILE, "600")
  end
  local data = json.decode(text)
  if is_valid(data) then return data end
  return nil, complaints.not_ours(path .. "/" .. config.FILE)
end

--- A variable of the environment; an empty one is as good as none.
-- @tparam string name
-- @treturn string|nil
function config.variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- The profile that a command shall use.
-- @tparam[opt] string name else `$COGNITO_PROFILE`, else the default one
-- @treturn table|nil settings, or nil and an error: `config` with what to run
function config.profile(name)
  local data, err = config.read()
  if not data then return nil, err end
  name = name or config.variable "COGNITO_PROFILE" or data.default
  local profile = name and data.profiles[name]
  if profile then return profile, name end
  return nil, complaints.no_profile(name)
end

return config
