--- The newest versions that this process has seen, of the last few thousand records that it used: a sealed record that
-- is older than one of them was put back by somebody.
-- @module cognito.storage.watch

local watch = {}

local function split(version)
  local id, counter = version:match("^(.*)%.(%d+)$")
  return id, tonumber(counter)
end

local WATCHED = 4096

local Watch = { __name = "cognito.storage.watch" }
Watch.__index = Watch

--- @treturn table with the methods `newest`, `note` and `forget`
function watch.new()
  return setmetatable({ young = {}, old = {}, count = 0 }, Watch)
end

function Watch:forget(key)
  self.young[key], self.old[key] = nil, nil
end

local function remember(self, key, version)
  if not self.young[key] then
    self.count = self.count + 1
    if self.count > WATCHED then self.old, self.young, self.count = self.young, {}, 1 end
  end
  self.young[key] = version
end

local function is_older(version, than)
  local id, counter = split(version)
  local other_id, other_counter = split(than)
  return id ~= nil and id == other_id and counter < other_counter
end

--- The newest version that was seen.
-- @tparam string key
-- @treturn string empty when none was
function Watch:newest(key)
  return self.young[key] or self.old[key] or ""
end

--- Notes a version that was read or written.
-- @tparam string key
-- @tparam string version
-- @tparam[opt] string known what `newest` was when a read that waits for its answer began: another may have written
-- meanwhile, and what it wrote says nothing about that answer
-- @treturn boolean true, or false when it is older than one that was seen: the record was rolled back
function Watch:note(key, version, known)
  local newest = self:newest(key)
  if is_older(version, known or newest) then return false end
  if not is_older(version, newest) then remember(self, key, version) end
  return true
end

return watch
