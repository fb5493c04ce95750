--- The coroutines of a loop: which are ready, which wait until when, how they end. No I/O in here.
-- Everything that a loop does passes through here, so what it takes is counted in steps of the interpreter.
-- @module cognito.host.scheduler

local posix = require "cognito.posix"
local timers = require "cognito.host.timers"

local scheduler = {}

local monotime = posix.boottime
local running, yield = coroutine.running, coroutine.yield
local status_of, resume_coroutine, frame_of = coroutine.status, coroutine.resume, debug.getinfo
local unpack = table.unpack or unpack

local Scheduler = { __name = "cognito.host.scheduler", __index = scheduler }

--- What a coroutine yields when it waits until `wake` gives it values. One that yields anything else only lets others
-- go first.
scheduler.WAIT = {}
-- What a coroutine yields when it has done its task and may be given another.
local FREE = {}

-- Coroutines that are kept for further tasks: making one costs more than a task does.
local MAX_IDLE = 64

local WAIT = scheduler.WAIT

--- The raised text where a caller is no coroutine of the loop.
scheduler.CURE = "the library was called outside a coroutine of its loop: call it inside loop:spawn(function() ... "
  .. "end) and let loop:run() or loop:step() go on; or make the loop with `park`"

--- Makes a scheduler.
-- @tparam function finish called as `finish(task, ok, first, second)` when a task has ended, with its results or its
-- error
-- @treturn table `alive` is the number of coroutines that have not ended
function scheduler.new(finish)
  return setmetatable({
    alive = 0, current = nil, timers = timers.new(), finish = finish,
    strangers = false,                      -- whether a coroutine of others ever waited
    called = setmetatable({}, { __mode = "k" }), -- waiters of such that were woken and have not gone on yet
    calling = 0,                            -- how many those are, with such as were forgotten meanwhile
    ready = {}, count = 0, spare = {},      -- threads, each followed by a list of its values or by false
    idle = {}, idle_count = 0,              -- workers between two tasks
    workers = {},                           -- `{ co, task }`, by coroutine: those that run tasks
    failures = {},                          -- { co, error } of coroutines that are no worker
  }, Scheduler)
end

--- Who waits: the running coroutine if it is ours, a table for its results if it is not.
-- @tparam boolean foreign whether coroutines of others are welcome
-- @treturn thread|table
function scheduler:here(foreign)
  local co = running()
  if co and co == self.current then return co end
  if not foreign then error(scheduler.CURE, 0) end
  self.strangers = true
  return { done = false }
end

local function ended(self, co, ok, err)
  local worker = self.workers[co]
  self.alive = self.alive - 1
  if worker then
    self.workers[co] = nil
    return self.finish(worker.task, false, err)
  end
  if not ok then self.failures[#self.failures + 1] = { co = co, error = err } end
end

local function set_free(self, co)
  local count = self.idle_count + 1
  self.alive = self.alive - 1
  if count > MAX_IDLE then
    self.workers[co] = nil
  else
    self.idle_count, self.idle[count] = count, self.workers[co]
  end
end

-- Closed by its owner while it waited. Of a coroutine that an error ended the frames are left.
local function was_closed(co, err)
  return err == "cannot resume dead coroutine" and not frame_of(co, 0)
end

-- Values are passed by fives, not as a list of any length.
local function resume(self, co, a, b, c, d, e)
  local previous = self.current
  self.current = co
  local ok, what = resume_coroutine(co, a, b, c, d, e)
  self.current = previous
  if ok then
    if what == WAIT then return end
    if what == FREE then return set_free(self, co) end
    if status_of(co) ~= "dead" then return scheduler.later(self, co) end
  end
  return ended(self, co, ok or was_closed(co, what), what)
end

--- Gives a waiter its values, at most five: a coroutine of ours goes on at once.
-- @tparam thread|table waiter
-- @param a first value
-- @param b second
-- @param c third
-- @param d fourth
-- @param e fifth
function scheduler:wake(waiter, a, b, c, d, e)
  if not self.strangers or type(waiter) == "thread" then return resume(self, waiter, a, b, c, d, e) end
  self.called[waiter], self.calling = true, self.calling + 1
  waiter.done, waiter[1], waiter[2], waiter[3], waiter[4], waiter[5] = true, a, b, c, d, e
end

--- A waiter that is no coroutine of ours has seen its values.
function scheduler:answered(waiter)
  self.called[waiter], self.calling = nil, self.calling - 1
end

--- Says whether one was woken that has not gone on yet.
-- @treturn boolean
function scheduler:is_calling()
  if self.calling > 0 and not next(self.called) then self.calling = 0 end
  return self.calling > 0
end

--- Like `wake`, but a coroutine goes on at the next `run_ready`.
function scheduler:later(waiter, a, b, c, d, e)
  if self.strangers and type(waiter) ~= "thread" then return self:wake(waiter, a, b, c, d, e) end
  local ready, count = self.ready, self.count + 2
  self.count = count
  ready[count - 1], ready[count] = waiter, (a ~= nil or b ~= nil) and { a, b, c, d, e }
end

--- Runs what is ready now, not what becomes ready meanwhile: that goes to a second list. A queue in one table would
-- have the table rebuilt again and again, at many times the cost of a switch.
function scheduler:run_ready()
  local ready, count = self.ready, self.count
  if count == 0 then return end
  self.ready, self.count, self.spare = self.spare, 0, ready
  for i = 1, count, 2 do
    local co, values = ready[i], ready[i + 1]
    ready[i], ready[i + 1] = nil, nil
    if values then resume(self, co, values[1], values[2], values[3], values[4], values[5])
    else resume(self, co) end
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
function scheduler:spawn(fn, ...)
  local co = coroutine.create(with_arguments(fn, ...))
  self.alive = self.alive + 1
  self:later(co)
  return co
end

-- What a worker does: one task after the other. An error ends it.
local function serve(self, worker, fn)
  local finish = self.finish
  while true do
    local first, second = fn()
    local task = worker.task
    worker.task = nil
    finish(task, true, first, second)
    fn = yield(FREE)
  end
end

local function new_worker(self, task, fn)
  local co = coroutine.create(serve)
  local worker = { co = co, task = task }
  self.workers[co] = worker
  return resume(self, co, self, worker, fn)
end

--- Runs a task in a coroutine of its own, at once, as far as it goes without waiting.
-- @param task what `finish` is to be called with
-- @tparam function fn
function scheduler:begin(task, fn)
  local idle, count = self.idle, self.idle_count
  self.alive = self.alive + 1
  if count == 0 then return new_worker(self, task, fn) end
  local worker = idle[count]
  idle[count], self.idle_count, worker.task = nil, count - 1, task
  return resume(self, worker.co, fn)
end

--- Wakes those whose time has come, with `false`.
function scheduler:fire_timers()
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
function scheduler:timeout()
  if self.count > 0 then return 0 end
  local time = self.timers:next()
  if not time or time == math.huge then return nil end
  return math.max(time - monotime(), 0)
end

--- Hands over what ended with an error that nobody caught.
-- @tparam[opt] function handler called with each error and its coroutine; without it the first is raised
function scheduler:report(handler)
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
