--- Timers of the loop. Deadlines come in order, but for a few, so most lie in a queue; those that do not, in a binary
-- heap. Deadlines that are met in time are the rule, so taking a timer out only marks it; the marked ones are cleared
-- away when they come to the front, or are the larger part.
-- @module cognito.host.timers

local timers = {}

local Timers = { __index = timers }

local FEW = 32

--- Makes an empty set of timers. `size` counts what lies in it, `gone` those of them that were taken out.
function timers.new()
  return setmetatable({ size = 0, gone = 0, front = nil, tail = nil, heap = {}, height = 0 }, Timers)
end

-- ---- the queue ----

local function append(self, entry)
  if self.tail then self.tail.after = entry else self.front = entry end
  self.tail = entry
end

local function drop_front(self)
  self.front = self.front.after
  if not self.front then self.tail = nil end
end

-- ---- the heap ----

local function insert(self, entry)
  local heap, place, time = self.heap, self.height + 1, entry.time
  self.height = place
  while place > 1 do
    local parent = (place - place % 2) / 2
    local above = heap[parent]
    if above.time <= time then break end
    heap[place] = above
    place = parent
  end
  heap[place] = entry
end

local function drop_top(self)
  local heap, height = self.heap, self.height - 1
  local last = heap[height + 1]
  heap[height + 1] = nil
  self.height = height
  if height == 0 then return end
  local place, time = 1, last.time
  while 2 * place <= height do
    local child = 2 * place
    if child < height and heap[child + 1].time < heap[child].time then child = child + 1 end
    if time <= heap[child].time then break end
    heap[place] = heap[child]
    place = child
  end
  heap[place] = last
end

-- ---- both ----

local function lay(self, entry)
  local tail = self.tail
  self.size = self.size + 1
  if tail and entry.time < tail.time then insert(self, entry) else append(self, entry) end
end

local function clear(self)
  local entry, heap, height = self.front, self.heap, self.height
  self.size, self.gone, self.front, self.tail, self.heap, self.height = 0, 0, nil, nil, {}, 0
  while entry do
    local after = entry.after
    entry.after = nil
    if not entry.gone then lay(self, entry) end
    entry = after
  end
  for i = 1, height do
    if not heap[i].gone then lay(self, heap[i]) end
  end
end

local function drop(self, entry)
  if entry == self.front then drop_front(self) else drop_top(self) end
  self.size = self.size - 1
end

-- The first of both that was not taken out, or nil.
local function first(self)
  while true do
    local entry, top = self.front, self.heap[1]
    if top and not (entry and entry.time <= top.time) then entry = top end
    if not entry or not entry.gone then return entry end
    drop(self, entry)
    self.gone = self.gone - 1
  end
end

--- Adds a timer.
-- @tparam number time monotonic seconds
-- @param waiter whatever is to be woken
-- @treturn table the entry, for `remove`
function timers:add(time, waiter)
  local entry = { time = time, waiter = waiter, gone = false, after = nil }
  lay(self, entry)
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
  drop(self, entry)
  entry.gone = true
  return entry
end

--- When the next timer is due, or nil.
function timers:next()
  local entry = first(self)
  return entry and entry.time
end

return timers
