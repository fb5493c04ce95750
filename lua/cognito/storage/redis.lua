--- Sessions in Redis: for a fleet of machines that shares them and refreshes each once.
--
-- The caller gives `connect` (and `release`), so that any client will do: redis-lua (blocking; in the loop host it
-- holds up every task), lua-resty-redis (`nginx.redis` in Debian), or one of the same shape: `client:eval(script,
-- count, keys..., arguments...)`, `client:evalsha`, `client:set_timeout(milliseconds)`, `nil, err` for a broken
-- connection and `false, err` for an error reply. A connection is opened and given back inside each call, since nginx
-- forbids to keep them. Every operation is one script in the server, so it happens whole or not at all.
--
-- Records are always sealed. The lock ends with its lease; a holder who was too slow cannot do harm, because the
-- record's version fences each write: only who has read the latest record replaces it. Redis must be the master, and
-- must not evict (`maxmemory-policy noeviction`).
-- @module cognito.storage.redis

local codec = require "cognito.storage.codec"
local core = require "cognito.core"
local keys = require "cognito.storage.keys"
local options = require "cognito.options"
local link = require "cognito.storage.redis_link"
local trouble = require "cognito.storage.trouble"
local watch = require "cognito.storage.watch"

local redis = {}

local Redis = { __name = "cognito.storage.redis" }
Redis.__index = Redis

local OPTIONS = {
  connect = "function", release = "function", key = "string|function|table", prefix = "string", timeout = "number",
  ttl = "number",
}
local DAY = 86400
local TTL = 3650 * DAY -- no refresh token lives longer

-- A repeated put (its first answer was lost) finds its own octets and is done.
local PUT = [[
local version, data = unpack(redis.call('HMGET', KEYS[1], 'v', 'd'))
if data ~= ARGV[3] and (version or '') ~= ARGV[1] then return {'conflict'} end
redis.call('HMSET', KEYS[1], 'v', ARGV[2], 'd', ARGV[3])
if ARGV[5] == '' then redis.call('PEXPIRE', KEYS[1], ARGV[4]) else redis.call('PEXPIREAT', KEYS[1], ARGV[5]) end
return {'ok'}]]

local GET = [[
local version, data = unpack(redis.call('HMGET', KEYS[1], 'v', 'd'))
if not version and not data and redis.call('EXISTS', KEYS[1]) == 0 then return {'none'} end
return {'ok', version or '', data or ''}]]

local DELETE = [[
if ARGV[1] ~= '' and (redis.call('HGET', KEYS[1], 'v') or '') ~= ARGV[1] then return {'conflict'} end
redis.call('DEL', KEYS[1])
return {'ok'}]]

local ASIDE = [[
if (redis.call('HGET', KEYS[1], 'd') or '') ~= ARGV[1] then return {'changed'} end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {'ok'}]]

local LOCK = [[
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return {'busy'} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {'ok'}]]

local UNLOCK = [[
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'lost'} end
redis.call('DEL', KEYS[1])
return {'ok'}]]

local EXTEND = [[
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'lost'} end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'ok'}]]

local SCAN = [[
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 500)
return {page[1], page[2]}]]

--- Makes a Redis storage. Nothing is connected before the first use.
-- @tparam table opts `connect`: function that returns a client (or nil and a reason, or throws); `key`: seals the
-- records, see `cognito.storage.keys`; `release`: function(client, broken) that takes a client back (default:
-- keep-alive for lua-resty-redis, else the connection is closed); `prefix`: of every key (default `cognito:`);
-- `timeout`: seconds for one answer (default 2); `ttl`: seconds that a record is kept after its last write (default
-- ten years, the longest life of a refresh token)
-- @treturn table a storage: see docs/architecture.md for the contract
function redis.new(opts)
  options.check(opts, OPTIONS, "cognito.storage.redis")
  if not opts.connect then error("cognito.storage.redis: connect is needed: a function that gives a client", 2) end
  if not opts.key then error("cognito.storage.redis: key is needed: what is kept in Redis is always sealed", 2) end
  return setmetatable({
    name = "redis", shared = true,
    link = link.new(opts.connect, opts.release, opts.timeout or 2),
    keys = keys.new(opts.key, "cognito.storage.redis"),
    prefix = opts.prefix or "cognito:",
    ttl = ("%.0f"):format((opts.ttl or TTL) * 1000),
    seen = watch.new(),
  }, Redis)
end

-- The braces keep a record and its lock on one node of a cluster.
local function name_of(self, key)
  return self.prefix .. "{" .. key .. "}"
end

local PUT_ASIDE = { corrupt = true, tampered = true, rolled_back = true }

local function set_aside(self, key, data)
  local name = name_of(self, key)
  local bad = ("%s:bad-%s"):format(name, core.hex_encode(core.random(4)))
  self.seen:forget(key)
  local answer = self.link:run(ASIDE, { name, bad }, { data, ("%.0f"):format(30 * DAY * 1000) })
  if answer and answer[1] == "ok" then return "sign in again; the old record is kept for 30 days as " .. bad end
  return "it could not be renamed; remove " .. name .. " and sign in again"
end

local function refusal(self, key, data, problem)
  if type(problem) == "table" then return problem end
  local hint = PUT_ASIDE[problem] and set_aside(self, key, data) or nil
  return trouble.record(problem, "the record " .. name_of(self, key) .. " in Redis", hint)
end

-- The version outside the seal serves Redis' comparison only; the one inside counts. `known`: see `Watch:note`.
local function decode(self, key, version, data, known)
  local record, problem = codec.decode(key, data, self.keys)
  if not record then return nil, problem == "not_sealed" and "tampered" or problem end
  if record.version ~= version then return nil, "tampered" end
  if not self.seen:note(key, version, known) then return nil, "rolled_back" end
  return record
end

--- Reads a record.
-- @tparam string key
-- @treturn table|nil the record, or nil when there is none, or nil and an error of kind `store`
function Redis:get(key)
  local known = self.seen:newest(key)
  local answer, err = self.link:run(GET, { name_of(self, key) }, {})
  if not answer then return nil, err end
  if answer[1] == "none" then return nil end
  local record, problem = decode(self, key, answer[2], answer[3], known)
  if record then return record end
  return nil, refusal(self, key, answer[3], problem)
end

-- A put that is repeated after its failure seals anew: compare what is inside.
local function is_stored(self, key, record)
  local stored = self:get(key)
  return stored and codec.same(stored, record)
end

--- Compare-and-set.
-- @tparam string key
-- @tparam table record has a string `version`; it is forgotten at its `ends_at`, where it has one
-- @tparam[opt] string expected the version that must be stored now; nil: none may be
-- @treturn boolean|nil true, or nil and an error of kind `store`. When the connection broke the record may be stored or
-- not; the same put again is safe
function Redis:put(key, record, expected)
  local head, body, tail = codec.encode(key, record, self.keys)
  if not head then return nil, body end
  local ends_at = record.ends_at and ("%.0f"):format(record.ends_at * 1000) or ""
  local words = { expected or "", record.version, head .. body .. tail, self.ttl, ends_at }
  local answer, err = self.link:run(PUT, { name_of(self, key) }, words)
  if not answer then return nil, err end
  if answer[1] ~= "ok" and not is_stored(self, key, record) then return nil, trouble.conflict() end
  self.seen:note(key, record.version)
  return true
end

--- Removes a record.
-- @tparam string key
-- @tparam[opt] string expected the version that must be stored now; nil: whatever is there
-- @treturn boolean|nil true, or nil and an error of kind `store`
function Redis:delete(key, expected)
  local answer, err = self.link:run(DELETE, { name_of(self, key) }, { expected or "" })
  if not answer then return nil, err end
  if answer[1] ~= "ok" then return nil, trouble.conflict() end
  self.seen:forget(key)
  return true
end

local function milliseconds(seconds)
  return ("%.0f"):format(math.max(1, seconds * 1000))
end

local function lost()
  return trouble.lock_lost()
end

--- Takes the lock of a key.
-- @tparam string key
-- @tparam[opt=30] number lease seconds after which the lock is free again by itself
-- @treturn string|nil a token, or nil and "busy", or nil and an error of kind `store`
function Redis:try_lock(key, lease)
  local token = core.hex_encode(core.random(16))
  local answer, err = self.link:run(LOCK, { name_of(self, key) .. ":lock" }, { token, milliseconds(lease or 30) })
  if not answer then return nil, err end
  if answer[1] == "ok" then return token end
  return nil, "busy"
end

-- What the holder of a lock does with it.
local function by_holder(self, script, key, token, ...)
  local answer, err = self.link:run(script, { name_of(self, key) .. ":lock" }, { token, ... })
  if not answer then return nil, err end
  if answer[1] == "ok" then return true end
  return nil, lost()
end

--- Lets a lock that we hold last longer.
-- @tparam string key
-- @tparam string token what try_lock gave
-- @tparam number lease seconds from now
-- @treturn boolean|nil true, or nil and an error of kind `store`, code `lock_lost`: it is somebody else's
function Redis:extend(key, token, lease)
  return by_holder(self, EXTEND, key, token, milliseconds(lease))
end

--- Gives a lock back.
-- @tparam string key
-- @tparam string token what try_lock gave
-- @treturn boolean|nil true, or nil and an error of kind `store`
function Redis:unlock(key, token)
  return by_holder(self, UNLOCK, key, token)
end

local function add_keys(self, found, names)
  for _, name in ipairs(names) do
    local key = name:sub(#self.prefix + 1):match("^{(%x+)}$")
    if key then found[key] = true end
  end
end

--- Lists the keys that have a record; of a cluster only those of the node that answers.
-- @treturn table|nil a list of strings, or nil and an error of kind `store`
function Redis:list()
  local pattern = self.prefix:gsub("[%*%?%[%]\\]", "\\%0") .. "{*}"
  local found, list, cursor = {}, {}, "0"
  repeat
    local answer, err = self.link:run(SCAN, {}, { cursor, pattern })
    if not answer then return nil, err end
    cursor = tostring(answer[1])
    add_keys(self, found, answer[2])
  until cursor == "0"
  for key in pairs(found) do list[#list + 1] = key end
  return list
end

return redis
