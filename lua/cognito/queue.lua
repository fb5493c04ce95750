--- The wait for a session's lock that another process holds.
-- @module cognito.queue

local errors = require "cognito.errors"
local records = require "cognito.records"
local refresh = require "cognito.refresh"
local tokens = require "cognito.tokens"
local turn = require "cognito.turn"

local queue = {}

local min = math.min

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

--- Waits for the lock, or for what makes it needless.
-- @tparam table job see `cognito.turn.take`
-- @return the lock; nil and an error; nil, nil and a record that somebody else has just stored
function queue.wait(job)
  local host = job.pool.host
  local began, pause = host.monotime(), FIRST_PAUSE
  local now = began
  while true do
    local seen, has_token = peek(job)
    if seen then return nil, nil, seen end
    -- the token may end while we wait, and then there is nothing to give
    local ends = has_token and not job.force and min(job.ends, began + WAIT_WHILE_VALID) or job.ends
    if now >= ends then return nil, lock_timeout() end
    host.sleep(min(pause * (0.5 + host.random(1):byte() / 512), ends - now))
    pause, now = min(pause * 2, LONGEST_PAUSE), host.monotime()
    local lock, why = turn.try(job, now)
    if why ~= "busy" then return lock, why end
  end
end

return queue
