--- A session's lock in a storage that others use too: whose turn it is to refresh.
-- @module cognito.turn

local lazy = require "cognito.lazy"

local queue = lazy.module "cognito.queue"

local turn = {}

local LEASE_SPARE = 5         -- seconds that a lock outlives the call's deadline; an attempt, where it is extended
local LEASE_LEAST = 2         -- seconds that are left of it when an attempt ends: for the storing

-- A lock that can be extended is taken for one attempt, so that one whose holder was killed is soon free.
local function lease_of(job, now)
  local left, storage = job.ends - now, job.pool.storage
  return (storage.extend and math.min(left, job.pool.timeout) or left) + LEASE_SPARE
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

--- Tries once to take the lock.
-- @tparam table job
-- @tparam number now monotonic seconds
-- @return the lock, or nil and "busy", or nil and an error
function turn.try(job, now)
  local lease = lease_of(job, now)
  local lock, why = job.pool.storage:try_lock(job.key, lease)
  if lock then return keep_lock(job, lock, now, lease) end
  return nil, why
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
  local seen
  local lock, err = turn.try(job, job.pool.host.monotime())
  if err == "busy" then lock, err, seen = queue.wait(job) end
  if not lock then return nil, err, seen end
  job.pool.held[job.key] = lock
  return true
end

--- Gives back the lock of a job that is done.
-- @tparam table job
function turn.give_back(job)
  job.hold = nil
  turn.release(job.pool, job.key)
end

return turn
