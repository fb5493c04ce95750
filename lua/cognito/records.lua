--- Where the sessions of a pool lie in its storage: keys, aliases, the last one, and what could not be stored yet.
--
-- A storage with one owner keeps one session a user, under the user's name; a shared one (a server's) keeps each
-- under a random id of its own.
-- @module cognito.records

local core = require "cognito.core"
local lazy = require "cognito.lazy"
local tokens = require "cognito.tokens"

local intake = lazy.module "cognito.intake"

local records = {}

local fingerprint, b64url_encode = core.fingerprint, core.b64url_encode

local TRIES = 5               -- compare-and-set against other writers

--- The key of a record.
-- @tparam table pool
-- @tparam string sort `session`, `alias`, `last`, `device`, `revoke`
-- @tparam string name what tells records of one sort apart
-- @treturn string 64 hex digits
function records.key(pool, sort, name)
  return fingerprint(pool.user_pool_id .. "\0" .. pool.client_id .. "\0" .. sort .. "\0" .. name)
end

--- The key of a session's record. What stays in this process needs no digest of its name.
-- @tparam table pool
-- @tparam string id
-- @treturn string
function records.session_key(pool, id)
  if pool.storage.volatile then return pool.short_prefix .. id end
  return fingerprint(pool.key_prefix .. id)
end

--- The key of a session's flights in the host, which other pools may use too.
-- @tparam table pool
-- @tparam string id
-- @treturn string
function records.flight_key(pool, id)
  return pool.flight_prefix .. id
end

--- A random id.
-- @tparam table pool
-- @tparam number bytes
-- @treturn string base64url
function records.random_id(pool, bytes)
  return b64url_encode(pool.host.random(bytes))
end

--- The server's time as far as it is known.
-- @tparam table pool
-- @tparam[opt] table record one that may hold a difference which an earlier process measured
-- @treturn number seconds since the epoch
-- @treturn number|nil the difference that was used
-- @treturn number our monotonic time then
function records.server_now(pool, record)
  local host = pool.host
  local wall, mono = host.now(), host.monotime()
  local drift = pool.client.clock:difference(wall, mono)
  if not drift and record and not pool.storage.shared then drift = record.drift end
  return drift and wall + drift or wall, drift, mono
end

--- Reads a session's record; what this process could not store yet counts as stored.
-- @tparam table pool
-- @tparam string key
-- @treturn table|nil the record; nil: there is none; nil and an error of kind `store`
function records.read(pool, key)
  local stored, err = pool.storage:get(key)
  if err then return nil, err end
  -- one of the version that was checked or written last has been looked at before
  if stored and stored.version ~= pool.sound and not pool.storage.volatile then
    local ok, why = intake.record(stored)
    if not ok then return nil, why end
    pool.sound = stored.version
  end
  local pending = pool.unsaved[key]
  if not pending then return stored end
  if (stored and stored.version) == pending.expected then return pending.record, nil, stored end
  pool.unsaved[key] = nil
  return stored
end

--- The record of a session object. A storage that keeps records in this process is the session's memory; any other
-- is not asked twice.
-- @tparam table session
-- @treturn table|nil
function records.of(session)
  local pool = getmetatable(session).pool
  if session.record or not pool.storage.volatile then return session.record end
  return (records.read(pool, records.session_key(pool, session.id)))
end

local function version_of(record)
  return record and record.version
end

--- Writes a session's record; a failure that is not a conflict leaves it waiting for the next chance.
-- @tparam table pool
-- @tparam string key
-- @tparam table record
-- @tparam[opt] string expected the version that is stored
-- @treturn boolean|nil true, or nil and an error of kind `store`
function records.write(pool, key, record, expected)
  local ok, err = pool.storage:put(key, record, expected)
  if ok or err.code == "conflict" then
    if ok then pool.sound = record.version end
    pool.unsaved[key] = nil
    return ok, err
  end
  pool.unsaved[key] = { record = record, expected = expected }
  return nil, err
end

-- In a storage of this process sessions share the text of a version until one is replaced or removed: that is as
-- good as a random id, because every later session then has another.
local function new_family(pool)
  if not pool.storage.volatile then return records.random_id(pool, 9) end
  return pool.flight_prefix .. ("%d"):format(pool.generation)
end

--- Makes the record of a new session.
-- @tparam table pool
-- @tparam table fields the record's own, but for `version`
-- @treturn table
function records.make(pool, fields)
  fields.version = tokens.first_version(new_family(pool))
  return fields
end

--- Removes a session's record if it is still the one that was read.
-- @tparam table pool
-- @tparam string key
-- @tparam string version
-- @treturn boolean|nil true, or nil and an error of kind `store`
function records.remove(pool, key, version)
  pool.unsaved[key] = nil
  pool.generation = pool.generation + 1
  return pool.storage:delete(key, version)
end

--- Writes a new session's record whatever is there.
-- @tparam table pool
-- @tparam string key
-- @tparam table record
-- @treturn boolean|nil true, or nil and an error of kind `store`
function records.replace(pool, key, record)
  local err
  for _ = 1, TRIES do
    local stored, why = pool.storage:get(key)
    if why then
      err = why
      break
    end
    if stored then
      pool.generation = pool.generation + 1
      records.make(pool, record)
    end
    local ok
    ok, err = records.write(pool, key, record, version_of(stored))
    if ok then return true end
    if err.code ~= "conflict" then return nil, err end
  end
  if err.code ~= "conflict" then pool.unsaved[key] = { record = record } end
  return nil, err
end

-- What stays in this process needs no random version: two pointers of one pool never have the same.
local function pointer_version(pool)
  if not pool.storage.volatile then return tokens.first_version(records.random_id(pool, 9)) end
  pool.pointers = pool.pointers + 1
  return pool.flight_prefix .. "." .. ("%d"):format(pool.pointers)
end

local function put_pointer(pool, sort, name, id)
  local key = records.key(pool, sort, name)
  local stored, err = pool.storage:get(key)
  if err then return nil, err end
  if stored and stored.id == id then return true end
  return pool.storage:put(key, { version = pointer_version(pool), id = id }, version_of(stored))
end

--- Remembers under which names a session is found, in a storage with one owner.
-- @tparam table pool
-- @tparam string id
-- @tparam[opt] string alias the name that was typed
-- @treturn boolean|nil true, or nil and an error of kind `store`
function records.remember(pool, id, alias)
  if pool.storage.shared then return true end
  if alias and alias ~= id then
    local ok, err = put_pointer(pool, "alias", alias, id)
    if not ok then return nil, err end
  end
  return put_pointer(pool, "last", "", id)
end

--- The record of the refresh tokens that wait to be revoked, if there is one.
-- @tparam table pool
-- @treturn table|nil the record
function records.revocations(pool)
  return (pool.storage:get(records.key(pool, "revoke", "")))
end

local function follow(pool, sort, name)
  local pointer, err = pool.storage:get(records.key(pool, sort, name))
  if err then return nil, err end
  return pointer and pointer.id
end

--- Finds the id of a session.
-- @tparam table pool
-- @tparam[opt] string name a user's name or alias; nil: the last that signed in
-- @treturn string|nil the id; nil: there is none; nil and an error of kind `store`
function records.find(pool, name)
  if not name then return follow(pool, "last", "") end
  local stored, err = records.read(pool, records.session_key(pool, name))
  if err then return nil, err end
  if stored then return name end
  return follow(pool, "alias", name)
end

--- The name of a new session in its storage.
-- @tparam table pool
-- @tparam[opt] string username
-- @tparam[opt] string seed what names it where no user name is known
-- @treturn string
function records.new_id(pool, username, seed)
  if pool.storage.shared then return records.random_id(pool, 18) end
  return username or fingerprint(seed):sub(1, 32)
end

return records
