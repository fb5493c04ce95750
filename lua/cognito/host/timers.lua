--- Timers of the loop: a binary heap whose entries know their place, so that one can be taken out again.
-- Deadlines that are met are the rule, and they must leave nothing behind.
-- @module cognito.host.timers

local timers = {}

local Timers = {}
Timers.__index = Timers

--- Makes an empty heap.
function timers.new()
    return setmetatable({ size = 0 }, Timers)
end

local function put(heap, place, entry)
    heap[place] = entry
    entry.place = place
end

local function rise(heap, entry)
    local place = entry.place
    while place > 1 do
        local parent = (place - place % 2) / 2
        if heap[parent].time <= entry.time then break end
        put(heap, place, heap[parent])
        place = parent
    end
    put(heap, place, entry)
end

local function sink(heap, entry)
    local place, size = entry.place, heap.size
    while 2 * place <= size do
        local child = 2 * place
        if child < size and heap[child + 1].time < heap[child].time then child = child + 1 end
        if entry.time <= heap[child].time then break end
        put(heap, place, heap[child])
        place = child
    end
    put(heap, place, entry)
end

--- Adds a timer.
-- @tparam number time monotonic seconds
-- @param waiter whatever is to be woken
-- @treturn table the entry, for `remove`
function Timers:add(time, waiter)
    local entry = { time = time, waiter = waiter, place = self.size + 1 }
    self.size = entry.place
    self[entry.place] = entry
    rise(self, entry)
    return entry
end

--- Takes a timer out; one that has fired or was taken out already is ignored.
function Timers:remove(entry)
    local place = entry.place
    if not place then return end
    local last = self[self.size]
    self[self.size] = nil
    self.size = self.size - 1
    entry.place = nil
    if last == entry then return end
    last.place = place
    rise(self, last)
    sink(self, last)
end

--- The next timer that is due, taken out; or nil.
function Timers:pop(now)
    local first = self[1]
    if not first or first.time > now then return nil end
    self:remove(first)
    return first
end

--- When the next timer is due, or nil.
function Timers:next()
    return self[1] and self[1].time
end

return timers
