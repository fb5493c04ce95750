--- The server's clock. Tests move it (`/_emulator/clock`) instead of waiting.
-- @module cognito.emulator.clock

local cqueues = require "cqueues"

local M = { offset = 0 }

-- os.time has whole seconds only: the fraction comes from the monotonic clock, once tied to it.
local base = os.time() - cqueues.monotime()

--- @treturn number seconds since the epoch, as this server believes
function M.now()
  local real = cqueues.monotime() + base
  if math.abs(real - os.time()) > 1.5 then base = os.time() - cqueues.monotime(); real = os.time() end
  return real + M.offset
end

--- @treturn integer whole seconds
function M.seconds() return math.floor(M.now()) end

--- @treturn string the Date header's form
function M.http_date() return os.date("!%a, %d %b %Y %H:%M:%S GMT", M.seconds()) end

return M
