--- Sessions out of the storage of amazon-cognito-identity-js and Amplify.
-- Keys are `CognitoIdentityServiceProvider.<client id>.<user>.<what>`. Their clockDrift is left: the two libraries mean
-- different things by it.
-- @module cognito.import

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

local function names(users)
    local list = {}
    for name in pairs(users) do list[#list + 1] = name end
    table.sort(list)
    return list
end

--- Adopts every session of a dump; see `pool:import`.
-- @tparam table pool
-- @tparam table dump
-- @treturn table a list of sessions
-- @treturn table a list of errors, one for each user whose tokens could not be taken
function import.run(pool, dump)
    if type(dump) ~= "table" then error("pool:import: a table of keys and values is needed", 3) end
    local users, sessions, failures = import.read(dump, pool.client_id), {}, {}
    for _, name in ipairs(names(users)) do
        local fields = users[name]
        local made, err = pool:adopt { username = name, refresh_token = fields.refresh_token,
            access_token = fields.access_token, id_token = fields.id_token, device = device(fields) }
        if made then sessions[#sessions + 1] = made else failures[#failures + 1] = err end
    end
    return sessions, failures
end

return import
