--- A session's lock in a storage that others use too: whose turn it is to refresh.
-- @module cognito.turn

local errors = require "cognito.errors"
local records = require "cognito.records"
local refresh = require "cognito.refresh"
local tokens = require "cognito.tokens"

local turn = {}

local min = math.min

local LEASE_SPARE = 5         -- seconds that a lock outlives the call's deadline; an attempt, where it is extended
local LEASE_LEAST = 2         -- seconds that are left of it when an attempt ends: for the storing
local FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.1
local WAIT_WHILE_VALID = 2    -- seconds to wait for a lock when there is a token to give meanwhile

local function is_valid(pool, record)
  return record and tokens.remaining(record, (records.server_now(pool, record))) > 0
end

local function lock_timeout()
  return errors.new("timeout", "another process holds the session's lock",
    { code = "lock", retryable = true, maybe_processed = false })
end

-- While somebody else refreshes, what they stored is as good as what we would find under the lock.
local function peek(job)
  local record = records.read(job.pool, job.key)
  if record and record.access_token ~= job.known and refresh.is_wanted(job, record) then return record end
  return nil, is_valid(job.pool, record)
end

-- A lock that can be extended is taken for one attempt, so that one whose holder was killed is soon free.
local function lease_of(job, now)
  local left, storage = job.ends - now, job.pool.storage
  return (storage.extend and min(left, job.pool.timeout) or left) + LEASE_SPARE
end

-- The lock must outlive each attempt: who lost it may not send any more.
local function keep_lock(job, lock, now, lease)
  local storage = job.pool.storage
  if not storage.extend then return lock end
  job.holds_until = now + lease - LEASE_LEAST
  function job.hold(last)
    local from = job.pool.host.monotime()
    local longer = last - from + LEASE_SPARE
    local ok, err = storage:extend(job.key, lock, longer)
    if ok then job.holds_until = from + longer - LEASE_LEAST end
    return ok, err
  end
  return lock
end

local function wait_for_lock(job)
  local pool, key, host = job.pool, job.key, job.pool.host
  local pause, began = FIRST_PAUSE, nil
  while true do
    local now = host.monotime()
    local lease = lease_of(job, now)
    local lock, why = pool.storage:try_lock(key, lease)
    if lock then return keep_lock(job, lock, now, lease) end
    if why ~= "busy" then return nil, why end
    local seen, has_token = peek(job)
    if seen then return nil, nil, seen end
    began = began or now
    -- the token may end while we wait, and then there is nothing to give
    local ends = has_token and not job.force and min(job.ends, began + WAIT_WHILE_VALID) or job.ends
    if now >= ends then return nil, lock_timeout() end
    host.sleep(min(pause * (0.5 + host.random(1):byte() / 512), ends - now))
    pause = min(pause * 2, LONGEST_PAUSE)
  end
end

--- Gives back a lock that a task left behind when an error ended it. Only one task a session runs in a process, so
-- a lock that is held while none does is nobody's.
-- @tparam table pool
-- @tparam string key
function turn.release(pool, key)
  local lock = pool.held[key]
  if not lock then return end
  pool.held[key] = nil
  pool.storage:unlock(key, lock)
end

--- Takes the session's lock and notes it, so that `release` finds it.
-- @tparam table job `pool`, `key`, `known` (access token), `force`, `session`, and the limits of its calls as
-- `client:context` gives them
-- @treturn boolean|nil true; nil and an error; nil, nil and a record that makes the lock needless
function turn.take(job)
  -- One task a session runs at a time: where nobody else uses the storage, that is lock enough.
  if job.pool.storage.users == 1 then return true end
  turn.release(job.pool, job.key)
  local lock, err, seen = wait_for_lock(job)
  if lock then
    job.pool.held[job.key] = lock
    return true
  end
  return nil, err, seen
end

--- Gives back the lock of a job that is done.
-- @tparam table job
function turn.give_back(job)
  job.hold = nil
  turn.release(job.pool, job.key)
end

return turn
