--- A bounded memory of good verdicts, so that a token that comes again costs no RSA operation.
-- It is one verifier's own, so its policy is part of every verdict. The key is the SHA-256 of the whole token: a token
-- is not kept, and one that differs in a bit is another.
-- @module cognito.verdicts

local verdicts = {}

local Verdicts = { __name = "cognito.verdicts" }
Verdicts.__index = Verdicts

--- Makes an empty memory.
-- @tparam number capacity verdicts kept at most
-- @treturn table
function verdicts.new(capacity)
  return setmetatable({ half = math.max(1, math.floor(capacity / 2)), count = 0, young = {}, old = {} }, Verdicts)
end

-- Two generations: when the young one is full it becomes the old one, whose members nobody asked for are dropped.
local function add(self, name, verdict)
  if self.count >= self.half then
    self.old, self.young, self.count = self.young, {}, 0
  end
  self.young[name] = verdict
  self.count = self.count + 1
end

--- Finds a verdict that still holds.
-- @tparam string name the SHA-256 of the whole token
-- @tparam number now seconds since the epoch
-- @treturn table|nil the claims, not to be changed
-- @treturn table what `put` was given as `source`
-- @treturn userdata and as `keys`
function Verdicts:get(name, now)
  local verdict = self.young[name]
  if not verdict then
    verdict = self.old[name]
    if not verdict then return nil end
    self.old[name] = nil
    add(self, name, verdict)
  end
  if now < verdict.exp then return verdict.claims, verdict.source, verdict.keys end
end

--- Keeps a verdict until the token's `exp`.
-- @tparam string name
-- @tparam table claims nobody changes them any more
-- @tparam table source whose keys verified the token
-- @tparam userdata keys
function Verdicts:put(name, claims, source, keys)
  if not self.young[name] then add(self, name) end
  self.young[name] = { claims = claims, exp = claims.exp, source = source, keys = keys }
end

return verdicts
