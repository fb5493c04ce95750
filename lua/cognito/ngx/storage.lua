--- Sessions in a `lua_shared_dict`, shared by the workers of one nginx, sealed with AES-256-GCM.
-- A reload keeps the dictionary and so the sessions; a restart of nginx empties it. Give it a dictionary of its own:
-- other code that writes into the same one may evict sessions, this storage never does.
-- @module cognito.ngx.storage

local clock = require "cognito.ngx.clock"
local codec = require "cognito.storage.codec"
local core = require "cognito.core"
local dict = require "cognito.ngx.dict"
local keys = require "cognito.storage.keys"
local options = require "cognito.options"
local trouble = require "cognito.storage.trouble"

local storage = {}

local Storage = { __name = "cognito.ngx.storage" }
Storage.__index = Storage

local SCHEMA = { name = "string", key = "string|table|function", ttl = "number" }
--- Seconds after its last write at which a record ends; a refresh token that lives longer needs a longer one.
storage.TTL = 30 * 86400

-- Keys are SHA-256 in hex; as bytes they cost half.
local function short(key) return #key == 64 and core.hex_decode(key) or key end
local function long(key) return #key == 32 and core.hex_encode(key) or key end

--- Opens the storage, best in init_by_lua*.
-- @tparam table given `name` of the dictionary, `key` (see `cognito.storage.keys`), `ttl` in seconds (0: for ever)
-- @treturn table a storage, see docs/architecture.md; or nil and an error of kind `config`
function storage.new(given)
  options.check(given, SCHEMA, "cognito.storage.shared_dict", 2)
  if not given.name then error("cognito.storage.shared_dict: option name is missing", 2) end
  if given.key == nil then
    error("cognito.storage.shared_dict: option key is missing; records are never kept unsealed", 2)
  end
  local ring = keys.new(given.key, "cognito.storage.shared_dict")
  -- Workers may not see the file or the environment any more, so the keys are read now.
  local ready, err = ring:seal("", "")
  if not ready then return nil, err end
  local values, why = dict.open(given.name)
  if not values then return nil, why end
  return setmetatable({ name = "shared_dict " .. given.name, shared = true, dict = values, keys = ring,
    ttl = given.ttl or storage.TTL }, Storage)
end

local function decode(self, key, octets)
  local record, problem = codec.decode(key, octets, self.keys)
  if record then return record end
  return nil, type(problem) == "table" and problem or trouble.record(problem, "a record in " .. self.name)
end

local function has_version(self, key, expected)
  return function(octets)
    local record = decode(self, key, octets)
    return record ~= nil and record.version == expected
  end
end

--- See docs/architecture.md, "The storage".
function Storage:get(key)
  key = short(key)
  local octets = self.dict:get(key)
  if not octets then return nil end
  return decode(self, key, octets)
end

-- A record may end earlier than the storage's own limit.
local function ttl_of(self, record)
  local left = record.ends_at and math.max(record.ends_at - clock.now(), 0.001)
  if not left then return self.ttl end
  return self.ttl > 0 and math.min(left, self.ttl) or left
end

--- Changes with every write of a record; cheap, for those who keep a decoded copy.
-- @tparam string key
-- @treturn string|nil nil: there is no record
function Storage:stamp(key) return self.dict:id(short(key)) end

--- See docs/architecture.md. A full dictionary answers `store`, code `full`; what it holds stays.
function Storage:put(key, record, expected)
  key = short(key)
  local head, body, tail = codec.encode(key, record, self.keys)
  if not head then return nil, body end
  local octets = head .. body .. tail
  if expected == nil then return self.dict:add(key, octets, ttl_of(self, record)) end
  return self.dict:replace(key, has_version(self, key, expected), octets, ttl_of(self, record))
end

--- See docs/architecture.md.
function Storage:delete(key, expected)
  key = short(key)
  if expected == nil then return self.dict:clear(key) end
  return self.dict:remove(key, has_version(self, key, expected))
end

--- See docs/architecture.md.
function Storage:try_lock(key, lease) return self.dict:try_lock(short(key), lease) end

--- See docs/architecture.md.
function Storage:unlock(key, token) return self.dict:unlock(short(key), token) end

--- See docs/architecture.md. Holds the dictionary while it copies the names of all records: for maintenance only.
function Storage:list()
  local names = self.dict:keys()
  for i, name in ipairs(names) do names[i] = long(name) end
  return names
end

return storage
