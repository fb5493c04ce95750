--- Runs a piece of work under one deadline.
-- The timeouts of a cosocket are per operation and do not cover name resolution (`resolver_timeout` rules that),
-- so a slow resolver or a trickle of single bytes could outlast any sum of them. Here the work runs in a light
-- thread and the caller waits for one semaphore; when the deadline passes or the caller cancels, the thread is
-- killed where it stands.
-- @module cognito.ngx.bound

local semaphore = require "ngx.semaphore"
local clock = require "cognito.ngx.clock"

local bound = {}

-- A waiter is woken by the end of the work or by the cancel token; both only post.
local function wait(sem, deadline)
  local left = deadline - clock.monotime()
  if left > 0 then sem:wait(left) end
end

local function start(sem, work)
  local state = {}
  local thread = ngx.thread.spawn(function()
    state.ok, state.first, state.second = pcall(work)
    state.done = true
    sem:post(1)
  end)
  return thread, state
end

--- Runs `work` until it ends, the deadline passes or the token is cancelled.
-- @tparam number deadline monotonic seconds
-- @tparam[opt] table cancel a cancel token
-- @tparam function work may yield; returns up to two values
-- @treturn boolean true when the work ended; false when it was killed
-- @return its two results
function bound.run(deadline, cancel, work)
  local sem = semaphore.new()
  local function wake() sem:post(1) end
  if cancel then cancel.listeners[wake] = true end
  local thread, state = start(sem, work)
  if not state.done then wait(sem, deadline) end
  if cancel then cancel.listeners[wake] = nil end
  if not state.done then
    ngx.thread.kill(thread)
    return false
  end
  ngx.thread.wait(thread)
  if not state.ok then error(state.first, 0) end
  return true, state.first, state.second
end

return bound
