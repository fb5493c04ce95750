--- The coroutines of a loop: which are ready, which wait until when, how they end. No I/O in here.
-- @module cognito.host.scheduler

local posix = require "cognito.posix"
local timers = require "cognito.host.timers"

local scheduler = {}

local monotime = posix.boottime
local running, yield, status_of = coroutine.running, coroutine.yield, coroutine.status
local unpack = table.unpack or unpack

local Scheduler = { __name = "cognito.host.scheduler" }
Scheduler.__index = Scheduler

-- What a coroutine yields when it waits for the loop. One that yields anything else only lets others go first.
local WAIT = {}

--- The raised text where a caller is no coroutine of the loop.
scheduler.CURE = "the library was called outside a coroutine of its loop: call it inside loop:spawn(function() ... "
    .. "end) and let loop:run() or loop:step() go on; or make the loop with `park`"

--- Makes a scheduler.
-- @treturn table `alive` is the number of coroutines that have not ended
function scheduler.new()
    return setmetatable({
        alive = 0, current = nil, timers = timers.new(),
        ready = {}, first = 1, last = 0,        -- a queue of threads and of { thread, n =, values... }
        endings = {},                           -- what is called with a coroutine's results, by coroutine
        failures = {},                          -- { co, error } of coroutines without such a function
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
function Scheduler.wait()
    return yield(WAIT)
end

function Scheduler:ended(co, ok, ...)
    local ending = self.endings[co]
    self.alive = self.alive - 1
    self.endings[co] = nil
    if ending then return ending(ok, ...) end
    if not ok then self.failures[#self.failures + 1] = { co = co, error = (...) } end
end

local function after(self, co, previous, ok, first, ...)
    self.current = previous
    if status_of(co) == "dead" then return self:ended(co, ok, first, ...) end
    if first ~= WAIT then self:later(co) end
end

local function resume(self, co, ...)
    local previous = self.current
    if status_of(co) == "dead" then return self:ended(co, true) end     -- closed by its owner while it waited
    self.current = co
    return after(self, co, previous, coroutine.resume(co, ...))
end

--- Gives a waiter its values: a coroutine of ours goes on at once.
-- @tparam thread|table waiter
-- @param ... the values
function Scheduler:wake(waiter, ...)
    if type(waiter) == "thread" then return resume(self, waiter, ...) end
    waiter.done, waiter.n = true, select("#", ...)
    for i = 1, waiter.n do waiter[i] = (select(i, ...)) end
end

--- Like `wake`, but a coroutine goes on at the next `run_ready`.
function Scheduler:later(waiter, ...)
    if type(waiter) ~= "thread" then return self:wake(waiter, ...) end
    local n = select("#", ...)
    self.last = self.last + 1
    self.ready[self.last] = n > 0 and { waiter, n = n, ... } or waiter
end

--- Runs what is ready now, not what becomes ready meanwhile.
function Scheduler:run_ready()
    local ready, last = self.ready, self.last
    while self.first <= last do
        local entry = ready[self.first]
        ready[self.first] = nil
        self.first = self.first + 1
        if type(entry) == "thread" then resume(self, entry)
        else resume(self, entry[1], unpack(entry, 2, entry.n + 1)) end
    end
end

--- Adds a coroutine that is ready.
-- @tparam function fn
-- @param ... arguments of fn
-- @treturn thread
function Scheduler:spawn(fn, ...)
    local co = coroutine.create(fn)
    self.alive = self.alive + 1
    self:later(co, ...)
    return co
end

--- Runs a function in a coroutine of its own, at once, as far as it goes without waiting.
-- @tparam function fn
-- @tparam function ending called with `true` and the results, or `false` and the error
function Scheduler:begin(fn, ending)
    local co = coroutine.create(fn)
    self.alive = self.alive + 1
    self.endings[co] = ending
    return resume(self, co)
end

--- Wakes those whose time has come, with `false`. Their timers say `late`.
function Scheduler:fire_timers()
    local heap = self.timers
    if heap.size == 0 then return end
    local now = monotime()
    local timer = heap:pop(now)
    while timer do
        timer.late = true
        self:wake(timer.waiter, false)
        timer = heap:pop(now)
    end
end

--- Seconds until there is something to do here, or nil.
-- @treturn number|nil
function Scheduler:timeout()
    if self.first <= self.last then return 0 end
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
