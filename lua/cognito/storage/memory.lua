--- Sessions in the memory of this Lua state; the default of a script. Nothing outlives the process.
-- @module cognito.storage.memory

local errors = require "cognito.errors"
local tokens = require "cognito.tokens"

local memory = {}

local Memory = { __name = "cognito.storage.memory" }
Memory.__index = Memory

local function copy(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for k, v in pairs(value) do out[k] = copy(v) end
  return out
end

-- A session's record with nothing out of the ordinary is kept as a list, which takes less memory than its names do.
local function pack(record)
  if not tokens.is_usual(record) then return record end
  return { record.version, record.username, record.access_token, record.id_token, record.refresh_token,
    record.expires_at, record.lifetime }
end

local function conflict()
  return errors.new("store", "the record was changed by somebody else", { code = "conflict" })
end

local function version_of(stored)
  return stored and (stored.version or stored[1])
end

--- Makes an empty store.
-- @treturn table a storage: see docs/architecture.md for the contract. `volatile` says that a reader finds records
-- here at no cost, so that a session need not hold a second copy.
function memory.new()
  return setmetatable({ name = "memory", shared = false, volatile = true, records = {}, locks = {}, ends = {},
    count = 0 }, Memory)
end

--- Gives the store a monotonic clock, by which leases of locks run out. A pool gives its host's, so `users` counts the
-- pools. Without a clock a lock is held until it is given back.
-- @tparam function clock returns seconds
function Memory:use_clock(clock)
  self.clock = clock
  self.users = (self.users or 0) + 1
end

--- Reads a record.
-- @tparam string key
-- @treturn table|nil a copy of the record
function Memory:get(key)
  local stored = self.records[key]
  if not stored or stored.version then return copy(stored) end
  return { version = stored[1], id = stored[2], username = stored[2], access_token = stored[3],
    id_token = stored[4], refresh_token = stored[5], expires_at = stored[6], lifetime = stored[7] }
end

--- Compare-and-set. The record is kept as it is given: it may not be changed afterwards.
-- @tparam string key
-- @tparam table record has a string `version`
-- @tparam[opt] string expected the version that must be stored now; nil: none may be
-- @treturn boolean|nil true, or nil and an error of kind `store`
function Memory:put(key, record, expected)
  if version_of(self.records[key]) ~= expected then return nil, conflict() end
  self.records[key] = pack(record)
  return true
end

--- Removes a record.
-- @tparam string key
-- @tparam[opt] string expected the version that must be stored now; nil: unconditional
-- @treturn boolean|nil true, or nil and an error of kind `store`
function Memory:delete(key, expected)
  if expected and version_of(self.records[key]) ~= expected then return nil, conflict() end
  self.records[key] = nil
  return true
end

local function is_held(self, key)
  if not self.locks[key] then return false end
  local ends = self.ends[key]
  return not (ends and self.clock() >= ends)
end

--- Takes the lock of a key.
-- @tparam string key
-- @tparam[opt] number lease seconds after which the lock is free again by itself
-- @treturn number|nil a token, or nil and "busy"
function Memory:try_lock(key, lease)
  if is_held(self, key) then return nil, "busy" end
  self.count = self.count + 1
  self.locks[key], self.ends[key] = self.count, self.clock and lease and self.clock() + lease or nil
  return self.count
end

--- Gives a lock back.
-- @tparam string key
-- @tparam number token what try_lock gave
-- @treturn boolean|nil true, or nil and an error of kind `store`
function Memory:unlock(key, token)
  if token == nil or self.locks[key] ~= token then
    return nil, errors.new("store", "the lock is not ours", { code = "lock_lost" })
  end
  self.locks[key], self.ends[key] = nil, nil
  return true
end

--- Lists the keys.
-- @treturn table a list of strings
function Memory:list()
  local keys = {}
  for key in pairs(self.records) do keys[#keys + 1] = key end
  return keys
end

return memory
