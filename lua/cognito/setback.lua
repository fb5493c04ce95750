--- What becomes of a session whose tokens could not be renewed, or not be stored: the token at hand is given out while
-- it is good, with a pause between tries that grows.
-- @module cognito.setback

local events = require "cognito.events"
local session = require "cognito.session"

local setback = {}

local min, huge = math.min, math.huge

local FIRST_PAUSE, LONGEST_PAUSE = 1, 30

-- Who ran the task tells the handler; the others of its flight only know.
local function warn(self, pool, err, mine)
  self.last_error = err
  if mine then events.announce(pool, "on_warning", err, self) end
end

local function back_off(self, pool, valid_for)
  local failures = (self.failures or 0) + 1
  self.failures = failures
  local pause = min(FIRST_PAUSE * 2 ^ (failures - 1), LONGEST_PAUSE)
  self.fresh_until = pool.host.monotime() + min(pause, valid_for)
end

--- The tokens are fresh, but the storage did not take them: that is tried again soon.
-- @tparam table self the session
-- @tparam table pool
-- @tparam table err of kind `store`
-- @tparam boolean mine this caller ran the task
function setback.unsaved(self, pool, err, mine)
  warn(self, pool, err, mine)
  back_off(self, pool, session.remaining(self, pool))
end

--- The storage did not take a new session.
-- @tparam table self the session
-- @tparam table pool
-- @tparam table err of kind `store`
function setback.unsaved_yet(self, pool, err)
  warn(self, pool, err, true)
  self.fresh_until = min(self.fresh_until, pool.host.monotime() + FIRST_PAUSE)
end

--- No fresh tokens came.
-- @tparam table self the session
-- @tparam table pool
-- @tparam table err
-- @tparam boolean force the caller wants fresh ones or none
-- @tparam boolean mine this caller ran the task
-- @treturn boolean|nil true: the token at hand is good for a while; nil and an error
function setback.failed(self, pool, err, force, mine)
  if err.kind == "sign_in_required" then
    self.fresh_until, self.ended = -huge, err.cause and err or self.ended or err
    return nil, self.ended
  end
  local left = session.remaining(self, pool)
  if force or left <= 0 then
    self.last_error = err
    return nil, err
  end
  warn(self, pool, err, mine)
  back_off(self, pool, left)
  return true
end

return setback
