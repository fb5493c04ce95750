--- Sessions in the memory of this Lua state; the default of a script. Nothing outlives the process.
-- @module cognito.storage.memory

local core = require "cognito.core"
local errors = require "cognito.errors"

local hex_decode, hex_encode = core.hex_decode, core.hex_encode

local memory = {}

local Memory = { __name = "cognito.storage.memory" }
Memory.__index = Memory

local function copy(value)
    if type(value) ~= "table" then return value end
    local out = {}
    for k, v in pairs(value) do out[k] = copy(v) end
    return out
end

-- Keys are SHA-256 in hex; kept as bytes they cost a session 32 bytes less.
local function short(key)
    return #key == 64 and hex_decode(key) or key
end

local function long(key)
    return #key == 32 and hex_encode(key) or key
end

local function conflict()
    return errors.new("store", "the record was changed by somebody else", { code = "conflict" })
end

local function version_of(record)
    return record and record.version
end

--- Makes an empty store.
-- @treturn table a storage: see docs/architecture.md for the contract
function memory.new()
    return setmetatable({ name = "memory", shared = false, records = {}, locks = {}, count = 0 }, Memory)
end

--- Gives the store a monotonic clock, by which leases of locks run out. A pool gives its host's. Without a clock a
-- lock is held until it is given back.
-- @tparam function clock returns seconds
function Memory:use_clock(clock)
    self.clock = clock
end

--- Reads a record.
-- @tparam string key
-- @treturn table|nil a copy of the record
function Memory:get(key)
    return copy(self.records[short(key)])
end

--- Compare-and-set. The record is kept as it is given: it may not be changed afterwards.
-- @tparam string key
-- @tparam table record has a string `version`
-- @tparam[opt] string expected the version that must be stored now; nil: none may be
-- @treturn boolean|nil true, or nil and an error of kind `store`
function Memory:put(key, record, expected)
    key = short(key)
    if version_of(self.records[key]) ~= expected then return nil, conflict() end
    self.records[key] = record
    return true
end

--- Removes a record.
-- @tparam string key
-- @tparam[opt] string expected the version that must be stored now; nil: unconditional
-- @treturn boolean|nil true, or nil and an error of kind `store`
function Memory:delete(key, expected)
    key = short(key)
    if expected and version_of(self.records[key]) ~= expected then return nil, conflict() end
    self.records[key] = nil
    return true
end

local function is_held(self, lock)
    return lock and not (lock.ends and self.clock and self.clock() >= lock.ends)
end

--- Takes the lock of a key.
-- @tparam string key
-- @tparam[opt] number lease seconds after which the lock is free again by itself
-- @treturn number|nil a token, or nil and "busy"
function Memory:try_lock(key, lease)
    key = short(key)
    if is_held(self, self.locks[key]) then return nil, "busy" end
    self.count = self.count + 1
    self.locks[key] = { token = self.count, ends = self.clock and lease and self.clock() + lease }
    return self.count
end

--- Gives a lock back.
-- @tparam string key
-- @tparam number token what try_lock gave
-- @treturn boolean|nil true, or nil and an error of kind `store`
function Memory:unlock(key, token)
    key = short(key)
    local lock = self.locks[key]
    if not lock or lock.token ~= token then
        return nil, errors.new("store", "the lock is not ours", { code = "lock_lost" })
    end
    self.locks[key] = nil
    return true
end

--- Lists the keys.
-- @treturn table a list of strings
function Memory:list()
    local keys = {}
    for key in pairs(self.records) do keys[#keys + 1] = long(key) end
    return keys
end

return memory
