--- What is known of the server's clock: its difference to ours, measured from the Date field of answers.
-- A difference is trusted only as long as our own two clocks run side by side: a suspend of the machine, or a clock
-- that was set, ends that.
-- @module cognito.protocol.clock

local core = require "cognito.core"

local clock = {}

local Clock = { __name = "cognito.clock" }
Clock.__index = Clock

local header = core.header
local floor = math.floor

local FRESH = 30              -- seconds in which a measurement is not repeated
local JUMP = 2                -- seconds by which wall and monotonic clock may part before a jump is assumed

local months = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11,
  Dec = 12 }

-- Days since 1970-01-01 of a date of the Gregorian calendar.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + floor(year / 4) - floor(year / 100) + floor(year / 400)
    + floor((153 * (month - 3) + 2) / 5) + day - 719469
end

--- Reads the Date field of an answer (RFC 9110 section 5.6.7, the one form that may be sent).
-- @tparam string text
-- @treturn number|nil seconds since the epoch
function clock.parse(text)
  local day, name, year, h, m, s = text:match("^%a%a%a, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$")
  local month = months[name]
  if not month then return nil end
  return days(tonumber(year), month, tonumber(day)) * 86400 + h * 3600 + m * 60 + s
end

--- Makes a clock that knows nothing yet.
-- @treturn table
function clock.new()
  return setmetatable({ due = -math.huge, offset = nil, drift = nil }, Clock)
end

--- Takes the server's time from an answer. There is no need to before the monotonic time `due`.
-- @tparam table response
-- @tparam table host
function Clock:note(response, host)
  local date = header(response.headers, "date")
  local server = date and clock.parse(date)
  if not server then return end
  local wall, mono = host.now(), host.monotime()
  -- The field has whole seconds: half of one is the mean of what was cut off.
  self.due, self.offset, self.drift = mono + FRESH, wall - mono, server + 0.5 - wall
end

--- Seconds to add to our wall clock to have the server's; nil when that is not known (any more).
-- @tparam number wall what our wall clock says
-- @tparam number mono what our monotonic clock says
-- @treturn number|nil
function Clock:difference(wall, mono)
  local drift = self.drift
  if not drift then return nil end
  local jump = wall - mono - self.offset
  if jump < JUMP and jump > -JUMP then return drift end
  self.due, self.drift = -math.huge, nil
end

return clock
