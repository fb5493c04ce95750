--- Timers of the loop: a binary heap of deadlines. Deadlines that are met in time are the rule, so taking a timer out
-- only marks it; the heap is cleared of such timers when they are the larger part.
-- @module cognito.host.timers

local timers = {}

local Timers = { __index = timers }

local FEW = 32

--- Makes an empty heap. `size` counts what lies in it, `gone` those of them that were taken out.
function timers.new()
  return setmetatable({ size = 0, gone = 0 }, Timers)
end

local function insert(heap, entry)
  local place = heap.size + 1
  local time = entry.time
  heap.size = place
  while place > 1 do
    local parent = (place - place % 2) / 2
    local above = heap[parent]
    if above.time <= time then break end
    heap[place] = above
    place = parent
  end
  heap[place] = entry
end

-- Takes the first entry off.
local function drop_first(heap)
  local size = heap.size
  local last = heap[size]
  heap[size] = nil
  size = size - 1
  heap.size = size
  if size == 0 then return end
  local place, time = 1, last.time
  while 2 * place <= size do
    local child = 2 * place
    if child < size and heap[child + 1].time < heap[child].time then child = child + 1 end
    if time <= heap[child].time then break end
    heap[place] = heap[child]
    place = child
  end
  heap[place] = last
end

local function clear(heap)
  local size = heap.size
  heap.size, heap.gone = 0, 0
  for i = 1, size do
    local entry = heap[i]
    heap[i] = nil
    if not entry.gone then insert(heap, entry) end
  end
end

-- The first entry that counts, or nil.
local function first(heap)
  local entry = heap[1]
  while entry and entry.gone do
    drop_first(heap)
    heap.gone = heap.gone - 1
    entry = heap[1]
  end
  return entry
end

--- Adds a timer.
-- @tparam number time monotonic seconds
-- @param waiter whatever is to be woken
-- @treturn table the entry, for `remove`
function timers:add(time, waiter)
  local entry = { time = time, waiter = waiter, gone = false }
  insert(self, entry)
  return entry
end

--- Takes a timer out; one that has fired or was taken out already is ignored.
function timers:remove(entry)
  if entry.gone then return end
  entry.gone = true
  local gone = self.gone + 1
  self.gone = gone
  if gone > FEW and 2 * gone > self.size then clear(self) end
end

--- The next timer that is due, taken out; or nil.
function timers:pop(now)
  local entry = first(self)
  if not entry or entry.time > now then return nil end
  drop_first(self)
  entry.gone = true
  return entry
end

--- When the next timer is due, or nil.
function timers:next()
  local entry = first(self)
  return entry and entry.time
end

return timers
