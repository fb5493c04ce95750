--- Compare-and-set of byte strings in a `lua_shared_dict`, such that a full dictionary loses nothing.
--
-- `dict:safe_set` removes the old value before it looks for room, so a longer value in a full dictionary would
-- destroy what it replaces. Here each value has a name of its own: the new one is written beside the old one, then
-- a pointer of constant length, which nginx overwrites in place, is turned to it, then the old one goes. Nothing
-- is ever evicted by us; where there is no room, the write fails and the old value stays.
--
-- nginx has no compare-and-set over several steps, so a replacement holds a guard entry for some microseconds.
-- A worker that is killed meanwhile leaves it behind until it expires.
-- @module cognito.ngx.dict

local core = require "cognito.core"
local errors = require "cognito.errors"
local clock = require "cognito.ngx.clock"
local phase = require "cognito.ngx.phase"
local process = require "cognito.ngx.process"
local trouble = require "cognito.storage.trouble"

local dict = {}

local Dict = {}
Dict.__index = Dict

--- Seconds after which a guard of a dead worker is void.
dict.GUARD = 3
-- A pointer must not outlive its value by a turn of the clock, nor end before it.
local GRACE = 5
local SPINS = 50

local function failed(message, fields)
  return nil, errors.new("store", message, fields)
end

local function full(name)
  return failed(("lua_shared_dict %s is full"):format(name),
    { code = "full", hint = "give it more memory in nginx.conf; nothing that it holds was lost" })
end

local function conflict() return nil, trouble.conflict() end

--- Opens a dictionary.
-- @tparam string name as in `lua_shared_dict <name> <size>;`
-- @treturn Dict or nil and an error of kind `config` that names the directive
function dict.open(name)
  local shared = ngx.shared[name]
  if not shared then
    return nil, errors.new("config", ("there is no shared dictionary %q"):format(name),
      { field = "name", hint = ("add `lua_shared_dict %s 10m;` to the http block of nginx.conf"):format(name) })
  end
  return setmetatable({ shared = shared, name = name }, Dict)
end

local function write_value(self, key, value, ttl)
  local id = core.random(16)
  local ok, reason = self.shared:safe_add("v" .. key .. id, value, ttl > 0 and ttl + GRACE or 0)
  if ok then return id end
  if reason == "no memory" then return full(self.name) end
  return failed("lua_shared_dict: " .. tostring(reason))
end

local function pause()
  if phase.check "a write" then
    ngx.sleep(0.001)
    return true
  end
  return false
end

-- Holders are done within microseconds, so a few looks suffice unless one was stopped or killed.
local function guard(self, key)
  local ends, spins = clock.monotime() + dict.GUARD + 1, 0
  local mine = core.random(8)
  while true do
    local ok, reason = self.shared:safe_add("g" .. key, mine, dict.GUARD)
    if ok then return mine end
    if reason == "no memory" then return full(self.name) end
    spins = spins + 1
    if spins > SPINS and not pause() or clock.monotime() > ends then
      return failed("the record is being written by somebody else", { code = "busy", retryable = true })
    end
  end
end

local function unguard(self, key, mine)
  if self.shared:get("g" .. key) == mine then self.shared:delete("g" .. key) end
end

--- The value of a key.
-- @tparam string key
-- @treturn string|nil value
-- @treturn string|nil id which changes with every write
function Dict:get(key)
  for _ = 1, 100 do
    local id = self.shared:get("p" .. key)
    if not id then return nil end
    local value = self.shared:get("v" .. key .. id)
    if value then return value, id end
    -- Between the two reads it was replaced; a pointer that did not move points to a value that has ended.
    if self.shared:get("p" .. key) == id then return nil end
  end
  return nil
end

--- The id of the present value, for those who keep a decoded copy.
-- @tparam string key
-- @treturn string|nil
function Dict:id(key) return self.shared:get("p" .. key) end

--- Writes a value where there is none.
-- @tparam string key
-- @tparam string value
-- @tparam number ttl seconds after which it ends; 0: never
-- @treturn boolean true, or nil and an error (`full`, `conflict`)
function Dict:add(key, value, ttl)
  local id, err = write_value(self, key, value, ttl)
  if not id then return nil, err end
  local ok, reason = self.shared:safe_add("p" .. key, id, ttl)
  if ok then return true end
  self.shared:delete("v" .. key .. id)
  if reason == "no memory" then return full(self.name) end
  return conflict()
end

local function turn(self, key, old, value, ttl)
  local id, err = write_value(self, key, value, ttl)
  if not id then return nil, err end
  local ok, reason = self.shared:replace("p" .. key, id, ttl)
  if not ok then
    self.shared:delete("v" .. key .. id)
    return failed("lua_shared_dict: " .. tostring(reason))
  end
  self.shared:delete("v" .. key .. old)
  return true
end

local function change(self, key, accept, apply)
  local mine, err = guard(self, key)
  if not mine then return nil, err end
  local value, id = self:get(key)
  local ok, why
  if value and accept(value, id) then
    ok, why = apply(id)
  else
    ok, why = conflict()
  end
  unguard(self, key, mine)
  return ok, why
end

--- Replaces a value that the caller accepts.
-- @tparam string key
-- @tparam function accept called with the present value and its id; may not wait
-- @tparam string value
-- @tparam number ttl seconds after which it ends; 0: never
-- @treturn boolean true, or nil and an error (`full`, `conflict`, `busy`)
function Dict:replace(key, accept, value, ttl)
  return change(self, key, accept, function(id) return turn(self, key, id, value, ttl) end)
end

local function remove(self, key, id)
  self.shared:delete("p" .. key)
  self.shared:delete("v" .. key .. id)
  return true
end

--- Removes a value that the caller accepts.
-- @tparam string key
-- @tparam function accept called with the present value and its id; may not wait
-- @treturn boolean true, or nil and an error
function Dict:remove(key, accept)
  return change(self, key, accept, function(id) return remove(self, key, id) end)
end

--- Removes whatever there is.
-- @tparam string key
-- @treturn boolean true, or nil and an error
function Dict:clear(key)
  local mine, err = guard(self, key)
  if not mine then return nil, err end
  local id = self.shared:get("p" .. key)
  if id then remove(self, key, id) end
  unguard(self, key, mine)
  return true
end

-- The lock of a worker that was killed in the middle of a refresh need not wait for its lease, which may be longer
-- than the time for which the service takes the old refresh token again. Workers of one nginx share one machine.
local function is_orphan(self, key)
  local holder = self.shared:get("l" .. key)
  return holder ~= nil and process.ended(holder:sub(1, 10))
end

local function inherit(self, key, token, lease)
  if not is_orphan(self, key) then return nil, "busy" end
  local mine, err = guard(self, "l" .. key)
  if not mine then return nil, err end
  local free = is_orphan(self, key)
  if free then self.shared:replace("l" .. key, token, lease) end
  unguard(self, "l" .. key, mine)
  if free then return token end
  return nil, "busy"
end

--- Takes the lock of a key.
-- @tparam string key
-- @tparam number lease seconds after which it is free again by itself
-- @treturn string a token; or nil and "busy"; or nil and an error
function Dict:try_lock(key, lease)
  local token = process.id() .. core.hex_encode(core.random(16))
  lease = math.max(lease, 0.001)
  local ok, reason = self.shared:safe_add("l" .. key, token, lease)
  if ok then return token end
  if reason == "exists" then return inherit(self, key, token, lease) end
  if reason == "no memory" then return full(self.name) end
  return failed("lua_shared_dict: " .. tostring(reason))
end

--- Gives a lock back.
-- @tparam string key
-- @tparam string token from `try_lock`
-- @treturn boolean true, or nil and an error of code `lock_lost`
function Dict:unlock(key, token)
  local mine, err = guard(self, "l" .. key)
  if not mine then return nil, err end
  local ours = self.shared:get("l" .. key) == token
  if ours then self.shared:delete("l" .. key) end
  unguard(self, "l" .. key, mine)
  if ours then return true end
  return nil, trouble.lock_lost()
end

--- All keys. Holds the dictionary for every worker while it copies, so it is for maintenance only.
-- @treturn table
function Dict:keys()
  local keys = {}
  for _, name in ipairs(self.shared:get_keys(0)) do
    if name:sub(1, 1) == "p" then keys[#keys + 1] = name:sub(2) end
  end
  return keys
end

return dict
