--- A bounded number of things at a time in one worker. A slot whose holder was killed is free again after a while.
-- @module cognito.ngx.guard.slots

local clock = require "cognito.ngx.clock"

local slots = {}

local Slots = {}
Slots.__index = Slots

--- Makes the slots.
-- @tparam integer count
-- @tparam number lease seconds after which a slot is free in any case
-- @treturn Slots
function slots.new(count, lease) return setmetatable({ count = count, lease = lease, used = 0, taken = {} }, Slots) end

local function prune(self, now)
  for slot, ends in pairs(self.taken) do
    if now >= ends then
      self.taken[slot] = nil
      self.used = self.used - 1
    end
  end
end

--- Takes a slot.
-- @treturn table|nil nil when all are taken
function Slots:take()
  local now = clock.monotime()
  if self.used >= self.count then prune(self, now) end
  if self.used >= self.count then return nil end
  local slot = {}
  self.taken[slot], self.used = now + self.lease, self.used + 1
  return slot
end

--- Gives a slot back.
-- @tparam table slot
function Slots:give(slot)
  if not self.taken[slot] then return end
  self.taken[slot] = nil
  self.used = self.used - 1
end

return slots
