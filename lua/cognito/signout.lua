--- Signing out: global, revoke, local, each with its own result; and the queue of what could not be revoked.
-- @module cognito.signout

local ended = require "cognito.ended"
local events = require "cognito.events"
local ops = require "cognito.protocol.ops"
local options = require "cognito.options"
local records = require "cognito.records"
local turn = require "cognito.turn"

local signout = {}

local family = require("cognito.tokens").family

local QUEUE_MAX = 100         -- refresh tokens that wait to be revoked; the oldest is dropped
local TRIES = 5
local PAUSE = 60              -- seconds between two tries to revoke what is queued
local FLIGHTS = 5             -- refreshes under way whose end is waited for
local LOCK_WAIT = 2           -- seconds to wait for a refresh that is under way elsewhere

local schema = { revoke = "boolean", global = "boolean", deadline = "number", cancel = "table",
  max_attempts = "integer" }

local function queue_key(pool)
  return records.key(pool, "revoke", "")
end

-- Changes the stored queue by compare-and-set; `change` gets the list of tokens and changes it.
local function change_queue(pool, change)
  local key, err = queue_key(pool), nil
  for _ = 1, TRIES do
    local stored, why = pool.storage:get(key)
    if why then return nil, why end
    local list = stored and stored.tokens or {}
    change(list)
    local version = records.random_id(pool, 9) .. ".1"
    local ok
    if #list == 0 then
      ok, err = not stored or pool.storage:delete(key, stored.version), nil
    else
      ok, err = pool.storage:put(key, { version = version, tokens = list }, stored and stored.version)
    end
    if ok then return true end
    if err and err.code ~= "conflict" then return nil, err end
  end
  return nil, err
end

local function queue(pool, token)
  return change_queue(pool, function(list)
    list[#list + 1] = token
    if #list > QUEUE_MAX then table.remove(list, 1) end
  end)
end

-- What can never be revoked need not be tried again: the token is unknown, or the pool revokes none.
local function is_final(err)
  return not err.retryable and err.status ~= nil and err.kind ~= "server" and err.kind ~= "throttled"
    and err.kind ~= "bad_response" and err.reason ~= "client_secret" and err.code ~= "ForbiddenException"
end

-- A session of the hosted login is revoked where it came from; from the queue, which knows no origins, by the API,
-- which takes its tokens too.
local function revoke(pool, token, ctx, origin)
  if origin == "oauth" and pool.domain then return require("cognito.hosted").revoke(pool, token, ctx) end
  local ok, err = pool.client:send(ops.by_name.RevokeToken, { Token = token }, ctx)
  if ok then return true end
  return nil, err
end

local function drop(pool, token)
  return change_queue(pool, function(list)
    for i = #list, 1, -1 do
      if list[i] == token then table.remove(list, i) end
    end
  end)
end

--- Tries again to revoke what an earlier sign-out could not.
-- @tparam table pool
-- @tparam table ctx
-- @treturn number how many still wait
function signout.drain(pool, ctx)
  local stored = records.revocations(pool)
  local list = stored and stored.tokens or {}
  pool.revocations = false
  for i, token in ipairs(list) do
    local ok, err = revoke(pool, token, ctx)
    if not ok and not is_final(err) then
      pool.revocations, pool.revoke_after = true, pool.host.monotime() + PAUSE
      return #list - i + 1
    end
    drop(pool, token)
  end
  return 0
end

--- The same after a call that succeeded, when the service can be reached: one attempt for each, not too often.
-- @tparam table pool
-- @tparam table ctx of that call
function signout.drain_later(pool, ctx)
  if pool.host.monotime() < (pool.revoke_after or 0) then return end
  signout.drain(pool, { ends = ctx.ends, cancel = ctx.cancel, max_attempts = 1 })
end

local function sign_out_globally(self, pool, result, given, ctx)
  local token, err = self:access_token(given)
  local ok
  if token then ok, err = pool.client:send(ops.by_name.GlobalSignOut, { AccessToken = token }, ctx) end
  result.global = ok ~= nil
  if not ok then result.errors.global = err end
end

local function revoke_or_queue(pool, result, record, ctx)
  local token = record.refresh_token
  local ok, err = revoke(pool, token, ctx, record.origin)
  result.revoked = ok or false
  if ok then return end
  result.errors.revoke = err
  if is_final(err) then return end
  local queued, failure = queue(pool, token)
  result.queued = queued or false
  if queued then pool.revocations = true end
  if failure then result.errors.queue = failure end
end

-- A newer sign-in under the same name is not ours to clear. (In a storage of this process a session stands for
-- whatever is stored under its name.)
local function is_ours(self, stored)
  return self.record == nil or family(stored.version) == family(self.record.version)
end

-- The pointer to the last session, if it is this one.
local function forget(pool, id)
  if pool.storage.shared then return end
  local key = records.key(pool, "last", "")
  local stored = pool.storage:get(key)
  if stored and stored.id == id then pool.storage:delete(key, stored.version) end
end

local function clear(self, pool, key, result)
  local err
  for _ = 1, TRIES do
    local stored, why = pool.storage:get(key)
    err = why
    if err or not stored or not is_ours(self, stored) then break end
    local ok
    ok, err = records.remove(pool, key, stored.version)
    if ok or err.code ~= "conflict" then break end
  end
  pool.unsaved[key] = nil
  if not err then forget(pool, self.id) end
  result.cleared = not err
  if err then result.errors.clear = err end
end

-- The newest record of the session, which a sibling may have stored.
local function newest(self, pool, key)
  local stored = records.read(pool, key)
  return stored and is_ours(self, stored) and stored or self.record
end

-- Under the lock no refresh is under way that would bring a token we do not know of. A lock that cannot be had does
-- not stop a sign-out.
local function locked(self, pool, key, ctx)
  local ends = math.min(ctx.ends, pool.host.monotime() + LOCK_WAIT)
  return turn.take { pool = pool, key = key, ends = ends, cancel = ctx.cancel, force = true, session = self }
end

local function task(self, pool, key, given, ctx)
  local result = { revoked = false, global = false, cleared = false, queued = false, errors = {} }
  local has_lock = locked(self, pool, key, ctx)
  local record = newest(self, pool, key)
  clear(self, pool, key, result)
  if given.revoke ~= false and record and record.refresh_token then revoke_or_queue(pool, result, record, ctx) end
  if has_lock then turn.release(pool, key) end
  return result
end

local function over()
  return ended.over(nil, "the session was signed out")
end

-- In the flight of the session's refreshes, so that none is under way meanwhile; one that is ends first. Whoever joins
-- ours is told that the session is over.
local function run_alone(self, pool, key, given, ctx)
  local result, err
  for _ = 1, FLIGHTS do
    local _, why = pool.host.once(records.flight_key(pool, self.id), function()
      result = task(self, pool, key, given, ctx)
      return nil, over()
    end, ctx.ends, ctx.cancel)
    if result or pool.host.monotime() >= ctx.ends then break end
    err = why
  end
  return result or { revoked = false, cleared = false, queued = false, errors = { clear = err or over() } }
end

--- Signs a session out.
-- @tparam table self the session
-- @tparam table pool
-- @tparam[opt] table given `revoke`, `global`, `deadline`, `cancel`, `max_attempts`
-- @treturn table see `session:sign_out`
function signout.run(self, pool, given)
  given = options.check(given or {}, schema, "session:sign_out", 3)
  local ctx = pool.client:context(given)
  local key = records.session_key(pool, self.id)
  local before = { errors = {}, global = false }
  if given.global then
    sign_out_globally(self, pool, before, { deadline = given.deadline, cancel = given.cancel }, ctx)
  end
  local result = run_alone(self, pool, key, given, ctx)
  result.global, result.errors.global = before.global, before.errors.global
  self.fresh_until, self.record, self.identity, self.token, self.ended = -math.huge, nil, nil, nil, over()
  events.announce(pool, "on_signed_out", "signed_out", self)
  events.flush(pool)
  return result
end

return signout
