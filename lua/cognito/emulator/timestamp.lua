--- The TIMESTAMP of an SRP answer: `EEE MMM d HH:mm:ss z yyyy`, English, UTC, the day without a leading zero.
-- @module cognito.emulator.timestamp

local M = {}

local DAYS = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

local MONTH_NUMBER, DAY_NAMES = {}, {}
for i, name in ipairs(MONTHS) do MONTH_NUMBER[name] = i end
for _, name in ipairs(DAYS) do DAY_NAMES[name] = true end

-- Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
end

--- Formats a time as a client must.
-- @tparam integer seconds since the epoch
function M.format(seconds)
  local t = os.date("!*t", seconds)
  return ("%s %s %d %02d:%02d:%02d UTC %d"):format(DAYS[t.wday], MONTHS[t.month], t.day, t.hour, t.min, t.sec, t.year)
end

--- Reads a TIMESTAMP.
-- @treturn integer|nil seconds since the epoch; nil when the form is wrong
function M.parse(text)
  local weekday, month, day, hour, minute, second, year =
    (text or ""):match("^(%a%a%a) (%a%a%a) (%d%d?) (%d%d):(%d%d):(%d%d) UTC (%d%d%d%d)$")
  if not year or not DAY_NAMES[weekday] or not MONTH_NUMBER[month] then return nil end
  return days(tonumber(year), MONTH_NUMBER[month], tonumber(day)) * 86400 + hour * 3600 + minute * 60 + second | 0
end

return M
