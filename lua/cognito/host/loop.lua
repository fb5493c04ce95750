--- The host of an event loop: coroutines over one set of libcurl transfers.
--
-- A program of its own: `loop:spawn(fn)` for each task, then `loop:run()`. A frame loop: `loop:step(0)` each frame.
-- Another event loop: wait until `loop:pollfd()` is readable or `loop:timeout()` seconds have passed, then
-- `loop:step(0)`. With cqueues: `loop.new { park = cqueues.poll }`, after which every cqueues coroutine may call the
-- library. The loop is no thread: everything happens inside `run` and `step`, or in a parked call.
-- @module cognito.host.loop

local core = require "cognito.core"
local options = require "cognito.options"
local posix = require "cognito.posix"
local scheduler = require "cognito.host.scheduler"
local timers = require "cognito.host.timers"
local transfers = require "cognito.host.transfers"

local loop = {}

local failure, MAX_BODY, HUGE = transfers.failure, transfers.MAX_BODY, math.huge
local monotime = posix.boottime
local here, wake, later, WAIT = scheduler.here, scheduler.wake, scheduler.later, scheduler.WAIT
local yield = coroutine.yield
local add_timer, remove_timer = timers.add, timers.remove

local Loop = { __name = "cognito.loop" }
Loop.__index = Loop

-- ---- waiting ----

-- Seconds: a waiter that was woken in somebody else's step and waits in the same event loop goes on before the first
-- has passed; one whose event loop rests is called less often after the second.
local GRACE, PATIENCE, PAUSE = 0.001, 0.1, 0.01

-- Seconds until somebody must look again. The event loop of a waiter that was woken in another's step may have found
-- the descriptor silent again: it is called until it has gone on.
local function due(self)
  if not self.scheduler:is_calling() then
    self.since = nil
    return self:timeout()
  end
  local now = monotime()
  self.since = self.since or now
  local waited = now - self.since
  return waited < GRACE and GRACE or waited < PATIENCE and 0 or PAUSE
end

-- Each who waits knows only the timeout of the moment when it began to wait; the alarm reaches whoever is left.
local function look(self)
  self.transfers:open():alarm(due(self))
  self.park(self)
  if not self.stepping then self:step(0) end
end

local function park(self, waiter)
  self.parked = self.parked + 1
  if not self.stepping then self:step(0) end
  while not waiter.done do look(self) end
  self.parked = self.parked - 1
  self.scheduler:answered(waiter)
  if self.scheduler.calling == 0 then self.since = nil end
  if self.parked > 0 then self.transfers:open():alarm(due(self)) end
  return waiter[1], waiter[2], waiter[3], waiter[4], waiter[5]
end

-- Something has come up, maybe outside a step: who waits for the descriptor must look.
local function ring(self)
  local crowd = self.transfers.crowd
  if self.watched and crowd then crowd:alarm(0) end
end

local function wait(self, waiter)
  if self.park and type(waiter) ~= "thread" then return park(self, waiter) end
  return yield(WAIT)
end

-- ---- the verbs ----

local function start(self, request)
  local set = self.transfers
  local number, kind, message = set:pool_of(request)
  if not number then return nil, kind, message end
  return set.crowd:start(number, request.method, request.url, request.headers, request.body,
    request.deadline, request.max_body or MAX_BODY, request.minting)
end

-- In a forked child what the parent sent is lost to the child: its callers are told so.
local function abandon(self)
  local waiting = self.waiting
  self.waiting = {}
  self.transfers:close()
  for _, waiter in pairs(waiting) do
    self.scheduler:later(waiter, nil, "network", "the process was forked while the call was under way", true, true)
  end
end

local function listen(self, token, id, waiter)
  local function listener()
    if self.waiting[id] ~= waiter then return end
    self.waiting[id] = nil
    local maybe = self.transfers.crowd:drop(id)
    self.scheduler:later(waiter, nil, "cancelled", "the call was cancelled", maybe)
    ring(self)
  end
  token.listeners[listener] = true
  return listener
end

local function outcome(status, head, body, maybe, retryable)
  if status then return { status = status, headers = head, body = body } end
  return failure(head, body, maybe, retryable)
end

local function forget(token, listener, ...)
  token.listeners[listener] = nil
  return ...
end

local function send(self, request)
  local waiter, token = here(self.scheduler, self.park), request.cancel
  if token and token.cancelled then return failure("cancelled", "the call was cancelled") end
  local id, kind, message, maybe, retryable = start(self, request)
  if kind == "forked" then
    abandon(self)
    id, kind, message, maybe, retryable = start(self, request)
  end
  if not id then return failure(kind, message, maybe, retryable) end
  self.waiting[id] = waiter
  if not token then return outcome(wait(self, waiter)) end
  local listener = listen(self, token, id, waiter)
  return outcome(forget(token, listener, wait(self, waiter)))
end

local function sleep(self, seconds)
  local waiter = here(self.scheduler, self.park)
  add_timer(self.scheduler.timers, monotime() + math.max(seconds, 0), waiter)
  wait(self, waiter)
end

-- ---- single flight ----

-- A waiter goes away alone; the task stays.
local function leave(self, timer)
  local function listener()
    if timer.gone then return end
    remove_timer(self.scheduler.timers, timer)
    later(self.scheduler, timer.waiter, "cancelled")
    ring(self)
  end
  return listener
end

-- Most tasks have one waiter.
local function join(task, timer)
  if not task.timer then
    task.timer = timer
  elseif task.others then
    task.others[#task.others + 1] = timer
  else
    task.others = { timer }
  end
end

local function await(self, task, waiter, deadline, token)
  local timer = add_timer(self.scheduler.timers, deadline or HUGE, waiter)
  join(task, timer)
  if not token then return wait(self, waiter) end
  local listener = leave(self, timer)
  token.listeners[listener] = true
  return forget(token, listener, wait(self, waiter))
end

local function release(sched, timer)
  if timer.gone then return end
  remove_timer(sched.timers, timer)
  later(sched, timer.waiter)
end

local function finish(task, ok, first, second)
  local self = task.loop
  self.tasks[task.key] = nil
  if not ok then first, second = transfers.raised(first) end
  task.done, task.first, task.second = true, first, second
  if task.timer then release(self.scheduler, task.timer) end
  if not task.others then return end
  for _, timer in ipairs(task.others) do release(self.scheduler, timer) end
end

-- The task has a coroutine of its own: no caller that goes away takes it along.
local function begin_task(self, key, fn)
  local task = { key = key, loop = self, done = nil, first = nil, second = nil, timer = nil, others = nil }
  self.tasks[key] = task
  scheduler.begin(self.scheduler, task, fn)
  return task
end

local function once(self, key, fn, deadline, token)
  local waiter = here(self.scheduler, self.park)
  if token and token.cancelled then return failure("cancelled", "the call was cancelled") end
  local task = self.tasks[key] or begin_task(self, key, fn)
  local how = not task.done and await(self, task, waiter, deadline, token)
  if how == "cancelled" then return failure("cancelled", "the call was cancelled", true) end
  if task.done then return task.first, task.second end
  return failure("timeout", "the task did not end before the deadline", true, true)
end

-- ---- turning ----

local function finish_transfers(self)
  local set = self.transfers
  local next_of = set.crowd and set.crowd.next
  while set.crowd do
    local id, a, b, c, d, e = next_of(set.crowd)
    if not id then return end
    local waiting = self.waiting
    local waiter = waiting[id]
    waiting[id] = nil
    if waiter then wake(self.scheduler, waiter, a, b, c, d, e) end
  end
end

local function pause(self, seconds)
  local crowd, timeout = self.transfers.crowd, self:timeout()
  if not timeout then return end
  if seconds and seconds < timeout then timeout = seconds end
  if crowd then crowd:wait(timeout) elseif timeout > 0 then posix.sleep(timeout) end
end

local function turn(self, seconds)
  local crowd = self.transfers.crowd
  if crowd and crowd:foreign() then abandon(self) end
  self.scheduler:run_ready()
  pause(self, seconds)
  finish_transfers(self)
  self.scheduler:fire_timers()
  self.scheduler:run_ready()
end

--- Does what can be done now, and waits for more for at most so long.
-- @tparam[opt] number seconds 0 never waits; nil waits until something happens
-- @treturn boolean whether coroutines of the loop are left
-- @raise the first error that a coroutine of the loop did not catch, unless the loop has `on_error`
function Loop:step(seconds)
  if self.stepping then error("loop:step was called inside a step of the same loop", 2) end
  self.stepping = true
  turn(self, seconds)
  self.stepping = false
  self.scheduler:report(self.on_error)
  return self.scheduler.alive > 0
end

--- Goes on until every coroutine of the loop has ended.
-- @raise as `step`
function Loop:run()
  while self.scheduler.alive > 0 do
    if self.park then
      look(self)
    else
      if not self:timeout() then error("loop:run: the coroutines that are left wait for nothing", 2) end
      self:step()
    end
  end
end

--- Starts a coroutine, which runs at the next step and may call the library.
-- @tparam function fn
-- @param ... its arguments
-- @treturn thread
function Loop:spawn(fn, ...)
  if not self.stepping then ring(self) end
  return self.scheduler:spawn(fn, ...)
end

--- A descriptor that is readable when `step` has something to do before `timeout` has passed.
-- @treturn integer
function Loop:pollfd()
  self.watched = true
  return self.transfers:open():pollfd()
end

--- What to wait for on the descriptor.
-- @treturn string always "r"
function Loop.events()
  return "r"
end

--- Seconds until `step` must be called even if the descriptor stays silent.
-- @treturn number|nil nil: nothing is pending
function Loop:timeout()
  local crowd = self.transfers.crowd
  local mine, theirs = self.scheduler:timeout(), crowd and crowd:timeout()
  if not mine or not theirs then return mine or theirs end
  return mine < theirs and mine or theirs
end

--- Ends all transfers and closes their connections. Calls under way fail with kind `cancelled`. The descriptor that
-- `pollfd` gave stays good as long as the loop lives.
function Loop:close()
  local waiting, set = self.waiting, self.transfers
  self.waiting = {}
  if self.watched then set:clear(waiting) else set:close() end
  ring(self)
  for _, waiter in pairs(waiting) do
    self.scheduler:later(waiter, nil, "cancelled", "the loop was closed", true)
  end
end

local OPTIONS = { park = "function", on_error = "function" }

--- Makes a loop. It is a host: give it as `host` to `cognito.pool`.
-- @tparam[opt] table opts `park`: a function that waits for an object with `pollfd`, `events` and `timeout` and yields
-- to another event loop meanwhile (`cqueues.poll`); `on_error`: called with an error that a coroutine of the loop did
-- not catch, and the coroutine
-- @treturn table the six verbs (see docs/architecture.md) and the methods of this page
function loop.new(opts)
  opts = options.check(opts or {}, OPTIONS, "loop.new")
  local self = setmetatable({
    name = "loop", now = posix.now, monotime = monotime, random = core.random, park = opts.park,
    on_error = opts.on_error, transfers = transfers.new(), scheduler = scheduler.new(finish), waiting = {}, tasks = {},
    stepping = false,
    watched = false, -- another event loop waits for our descriptor
    parked = 0,      -- foreign coroutines that wait
    since = nil,     -- when somebody was first called for whom others had done the work
  }, Loop)
  function self.send(request) return send(self, request) end
  function self.sleep(seconds) return sleep(self, seconds) end
  function self.once(key, fn, deadline, cancel) return once(self, key, fn, deadline, cancel) end
  return self
end

return loop
