--- The coroutines of a loop: which are ready, which wait until when, how they end. No I/O in here.
-- @module cognito.host.scheduler

local posix = require "cognito.posix"
local timers = require "cognito.host.timers"

local scheduler = {}

local monotime = posix.boottime
local running, yield = coroutine.running, coroutine.yield
local status_of, resume_coroutine = coroutine.status, coroutine.resume
local unpack = table.unpack or unpack

local Scheduler = { __name = "cognito.host.scheduler" }
Scheduler.__index = Scheduler

-- What a coroutine yields when it waits for the loop. One that yields anything else only lets others go first.
local WAIT = {}
-- What a coroutine yields when it has done its task and may be given another.
local FREE = {}

-- Coroutines that are kept for further tasks: making one costs more than a task does.
local MAX_IDLE = 64

--- The raised text where a caller is no coroutine of the loop.
scheduler.CURE = "the library was called outside a coroutine of its loop: call it inside loop:spawn(function() ... "
  .. "end) and let loop:run() or loop:step() go on; or make the loop with `park`"

--- Makes a scheduler.
-- @treturn table `alive` is the number of coroutines that have not ended
function scheduler.new()
  return setmetatable({
    alive = 0, current = nil, timers = timers.new(),
    ready = {}, count = 0, spare = {},      -- lists of threads and of { thread, values... }
    idle = {}, idle_count = 0,              -- coroutines between two tasks
    tasks = {},                             -- tasks under way, by coroutine
    failures = {},                          -- { co, error } of coroutines that are no task
  }, Scheduler)
end

--- Who waits: the running coroutine if it is ours, a table for its results if it is not.
-- @tparam boolean foreign whether coroutines of others are welcome
-- @treturn thread|table
function Scheduler:here(foreign)
  local co = running()
  if co and co == self.current then return co end
  if foreign then return { done = false } end
  error(scheduler.CURE, 0)
end

--- Lets the running coroutine wait until `wake` gives it values.
function scheduler.wait()
  return yield(WAIT)
end

local function ended(self, co, ok, err)
  local task = self.tasks[co]
  self.alive = self.alive - 1
  if task then
    self.tasks[co] = nil
    return task:finish(false, err)
  end
  if not ok then self.failures[#self.failures + 1] = { co = co, error = err } end
end

local function set_free(self, co)
  self.alive = self.alive - 1
  if self.idle_count == MAX_IDLE then return end
  self.idle_count = self.idle_count + 1
  self.idle[self.idle_count] = co
end

-- Values are passed by fives, not as a list of any length: this is where a busy loop spends its time.
local function resume(self, co, a, b, c, d, e)
  local previous = self.current
  if status_of(co) == "dead" then return ended(self, co, true) end        -- closed by its owner while it waited
  self.current = co
  local ok, what = resume_coroutine(co, a, b, c, d, e)
  self.current = previous
  if ok and what == WAIT then return end
  if status_of(co) == "dead" then return ended(self, co, ok, what) end
  if what == FREE then return set_free(self, co) end
  return self:later(co)
end

--- Gives a waiter its values, at most five: a coroutine of ours goes on at once.
-- @tparam thread|table waiter
-- @param a first value
-- @param b second
-- @param c third
-- @param d fourth
-- @param e fifth
function Scheduler:wake(waiter, a, b, c, d, e)
  if type(waiter) == "thread" then return resume(self, waiter, a, b, c, d, e) end
  waiter.done, waiter[1], waiter[2], waiter[3], waiter[4], waiter[5] = true, a, b, c, d, e
end

--- Like `wake`, but a coroutine goes on at the next `run_ready`.
function Scheduler:later(waiter, a, b, c, d, e)
  if type(waiter) ~= "thread" then return self:wake(waiter, a, b, c, d, e) end
  local count = self.count + 1
  self.count = count
  self.ready[count] = (a ~= nil or b ~= nil) and { waiter, a, b, c, d, e } or waiter
end

--- Runs what is ready now, not what becomes ready meanwhile: that goes to a second list. A queue in one table would
-- have the table rebuilt again and again, at many times the cost of a switch.
function Scheduler:run_ready()
  local ready, count = self.ready, self.count
  if count == 0 then return end
  self.ready, self.count, self.spare = self.spare, 0, ready
  for i = 1, count do
    local entry = ready[i]
    ready[i] = nil
    if type(entry) == "thread" then resume(self, entry)
    else resume(self, entry[1], entry[2], entry[3], entry[4], entry[5], entry[6]) end
  end
end

local function with_arguments(fn, ...)
  local args, n = { ... }, select("#", ...)
  if n == 0 then return fn end
  return function() return fn(unpack(args, 1, n)) end
end

--- Adds a coroutine that is ready.
-- @tparam function fn
-- @param ... arguments of fn
-- @treturn thread
function Scheduler:spawn(fn, ...)
  local co = coroutine.create(with_arguments(fn, ...))
  self.alive = self.alive + 1
  self:later(co)
  return co
end

-- What a kept coroutine does: one task after the other. An error ends it.
local function serve(self, task)
  while true do
    local first, second = task.fn()
    self.tasks[running()] = nil
    task:finish(true, first, second)
    self, task = yield(FREE)
  end
end

--- Runs a task in a coroutine of its own, at once, as far as it goes without waiting.
-- @tparam table task `fn`, and `finish(task, ok, first, second)`, which is called with its results or its error
function Scheduler:begin(task)
  local co = self.idle[self.idle_count]
  if co then
    self.idle[self.idle_count] = nil
    self.idle_count = self.idle_count - 1
  else
    co = coroutine.create(serve)
  end
  self.alive = self.alive + 1
  self.tasks[co] = task
  return resume(self, co, self, task)
end

--- Wakes those whose time has come, with `false`.
function Scheduler:fire_timers()
  local heap = self.timers
  if heap.size == 0 then return end
  local now = monotime()
  local timer = heap:pop(now)
  while timer do
    self:wake(timer.waiter, false)
    timer = heap:pop(now)
  end
end

--- Seconds until there is something to do here, or nil.
-- @treturn number|nil
function Scheduler:timeout()
  if self.count > 0 then return 0 end
  local time = self.timers:next()
  if not time or time == math.huge then return nil end
  return math.max(time - monotime(), 0)
end

--- Hands over what ended with an error that nobody caught.
-- @tparam[opt] function handler called with each error and its coroutine; without it the first is raised
function Scheduler:report(handler)
  local failures = self.failures
  if #failures == 0 then return end
  self.failures = {}
  for _, failure in ipairs(failures) do
    if handler then
      handler(failure.error, failure.co)
    elseif type(failure.error) == "string" then
      error(debug.traceback(failure.co, failure.error), 0)
    else
      error(failure.error, 0)
    end
  end
end

return scheduler
