--- Sessions out of the storage of amazon-cognito-identity-js and Amplify.
-- Keys are `CognitoIdentityServiceProvider.<client id>.<user>.<what>`. Their clockDrift is left: the two libraries mean
-- different things by it.
-- @module cognito.import

local errors = require "cognito.errors"
local json = require "cognito.json"

local import = {}

local PREFIX = "CognitoIdentityServiceProvider."
local parts = { idToken = "id_token", accessToken = "access_token", refreshToken = "refresh_token",
  deviceKey = "device_key", deviceGroupKey = "device_group_key", randomPasswordKey = "device_password" }

--- Sorts a dump by user.
-- @tparam table dump key -> value
-- @tparam string client_id
-- @treturn table user name -> fields
function import.read(dump, client_id)
  local prefix, users = PREFIX .. client_id .. ".", {}
  for key, value in pairs(dump) do
    if type(key) == "string" and type(value) == "string" and key:sub(1, #prefix) == prefix then
      local name, what = key:sub(#prefix + 1):match("^(.+)%.(%a+)$")
      if parts[what] and value ~= "" then
        users[name] = users[name] or {}
        users[name][parts[what]] = value
      end
    end
  end
  return users
end

local function device(fields)
  if not fields.device_key then return nil end
  return { key = fields.device_key, group_key = fields.device_group_key, password = fields.device_password }
end

-- The user who was signed in last comes last, and so is the last one here, too.
local function names(users, last)
  local list = {}
  for name in pairs(users) do
    if name ~= last then list[#list + 1] = name end
  end
  table.sort(list)
  if last and users[last] then list[#list + 1] = last end
  return list
end

local function entries(dump)
  if type(dump) == "table" then return dump end
  if type(dump) ~= "string" then error("pool:import: a table of keys and values, or one as JSON, is needed", 4) end
  local read = json.decode(dump)
  if type(read) == "table" then return read end
  return nil, errors.new("invalid", "the dump is not a JSON object", { field = "dump", retryable = false,
    hint = "take JSON.stringify(localStorage)" })
end

--- Adopts every session of a dump; see `pool:import`.
-- @tparam table pool
-- @tparam table|string dump
-- @treturn table|nil a list of sessions, or nil and an error of kind `invalid`
-- @treturn table a list of errors, one for each user whose tokens could not be taken
function import.run(pool, dump)
  local given, bad = entries(dump)
  if not given then return nil, bad end
  local users, sessions, failures = import.read(given, pool.client_id), {}, {}
  for _, name in ipairs(names(users, given[PREFIX .. pool.client_id .. ".LastAuthUser"])) do
    local fields = users[name]
    local made, err = pool:adopt { username = name, refresh_token = fields.refresh_token,
      access_token = fields.access_token, id_token = fields.id_token, device = device(fields) }
    if made then sessions[#sessions + 1] = made else failures[#failures + 1] = err end
  end
  return sessions, failures
end

return import
