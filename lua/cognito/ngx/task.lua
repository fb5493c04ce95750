--- Single flight in tasks that the worker owns.
-- A request handler whose client went away is killed wherever it waits, also between a refresh and its storing.
-- So the work runs in a zero timer, which belongs to nobody, and callers only wait, each to its own deadline.
-- @module cognito.ngx.task

local semaphore = require "ngx.semaphore"
local errors = require "cognito.errors"
local clock = require "cognito.ngx.clock"

local task = {}

--- Timers that the library uses at a time in one worker; further tasks queue. Below the default of
-- `lua_max_running_timers` (256), beyond which nginx drops a timer with nothing but a line in the log.
task.MAX_RUNNERS = 128
--- Tasks that one timer runs before it hands over: the memory of a timer is freed only at its end.
task.TASKS_PER_RUNNER = 64

-- State of this worker: flights by key, those that wait for a runner, and the number of runners.
local flights, queue, runners = {}, { first = 1, last = 0 }, 0

local function push(flight)
  queue.last = queue.last + 1
  queue[queue.last] = flight
end

local function pop()
  while queue.first <= queue.last do
    local flight = queue[queue.first]
    queue[queue.first] = nil
    queue.first = queue.first + 1
    if not flight.dropped then return flight end
  end
end

local function finish(flight, first, second)
  if flights[flight.key] == flight then flights[flight.key] = nil end
  flight.done, flight.first, flight.second = true, first, second
  if flight.waiters > 0 then flight.sem:post(flight.waiters) end
end

local function broken(reason)
  return errors.new("config", "a task failed: " .. tostring(reason), { code = "task", cause = reason })
end

local function perform(flight)
  flight.started = true
  local ok, first, second = pcall(flight.fn)
  if ok then return finish(flight, first, second) end
  if not errors.is(first) then first = broken(first) end
  finish(flight, nil, first)
end

local launch

-- A timer of an exiting worker is premature at once; the task runs all the same, because somebody waits for it.
local function run(_, flight)
  if flight.dropped then
    runners = runners + 1
    flight = pop()
  end
  for _ = 1, task.TASKS_PER_RUNNER do
    if not flight then break end
    perform(flight)
    flight = pop()
  end
  runners = runners - 1
  if flight then launch(flight) end
end

function launch(flight)
  if runners >= task.MAX_RUNNERS then return push(flight) end
  local ok, reason = ngx.timer.at(0, run, flight)
  if not ok then
    return finish(flight, nil, errors.new("limited", "no timer for a task: " .. tostring(reason),
      { code = "timers", retryable = true, hint = "raise lua_max_pending_timers" }))
  end
  flight.assigned = true
  runners = runners + 1
end

-- A flight whose timer nginx never started must not hold its key for ever.
local function drop(flight)
  if flight.started or flight.dropped then return end
  flight.dropped = true
  if flight.assigned then runners = runners - 1 end
  if flights[flight.key] == flight then flights[flight.key] = nil end
end

local function late(flight)
  if flight.started then
    return nil, errors.new("timeout", "the task did not end before the deadline", { retryable = true })
  end
  drop(flight)
  return nil, errors.new("timeout", "the task was not started before the deadline",
    { retryable = true, hint = "raise lua_max_running_timers" })
end

local function wait(flight, deadline, cancel)
  while not flight.done and not (cancel and cancel.cancelled) do
    local left = deadline - clock.monotime()
    if left <= 0 then break end
    flight.sem:wait(math.min(left, 3600))
  end
end

-- A token wakes one waiter of the flight, maybe another than its own; each looks why and waits on. So it posts as
-- often as there are waiters.
local function await(flight, deadline, cancel)
  local function wake() flight.sem:post(flight.waiters) end
  flight.waiters = flight.waiters + 1
  if cancel then cancel.listeners[wake] = true end
  wait(flight, deadline, cancel)
  if cancel then cancel.listeners[wake] = nil end
  flight.waiters = flight.waiters - 1
  if flight.done then return flight.first, flight.second end
  if cancel and cancel.cancelled then return nil, errors.new("cancelled", "the call was cancelled") end
  return late(flight)
end

--- Runs `fn` once however many ask for `key` in this worker.
-- @tparam string key
-- @tparam function fn may wait; returns up to two values
-- @tparam[opt] number deadline monotonic seconds, of this caller alone
-- @tparam[opt] table cancel a token that ends the waiting of this caller alone
-- @return the results of fn, or nil and an error (`timeout` at the deadline, `cancelled`, `limited` without a timer)
function task.once(key, fn, deadline, cancel)
  local flight = flights[key]
  if not flight then
    flight = { key = key, fn = fn, sem = semaphore.new(), waiters = 0 }
    flights[key] = flight
    launch(flight)
  end
  -- who cannot wait at all only wanted it begun, so it is not dropped like one that was waited for in vain
  if deadline and deadline <= clock.monotime() and not flight.done then
    return nil, errors.new("timeout", "the task is left to itself", { retryable = true })
  end
  return await(flight, deadline or math.huge, cancel)
end

--- Figures of this worker, for tests and monitoring.
-- @treturn table `runners`, `queued`
function task.stats() return { runners = runners, queued = queue.last - queue.first + 1 } end

return task
