--- The clocks of an nginx worker.
-- @module cognito.ngx.clock

local ffi = require "ffi"

local clock = {}

-- The asm label keeps our declaration apart from anybody else's of the same function.
ffi.cdef "int cognito_clock_gettime(int clock, long *spec) __asm__(\"clock_gettime\");"

local MONOTONIC = ffi.os == "OSX" and 6 or ffi.os == "Linux" and 7 or 1
local spec = ffi.new "long[2]"

--- Monotonic seconds, a suspend of the machine included. Read from the system, since nginx offers only
-- its wall clock to Lua; no waiting.
-- @treturn number
function clock.monotime()
  ffi.C.cognito_clock_gettime(MONOTONIC, spec)
  return tonumber(spec[0]) + tonumber(spec[1]) * 1e-9
end

--- Wall clock, seconds since the epoch, milliseconds exact. nginx keeps its time per turn of the event loop,
-- which a long computation makes stale, hence the update.
-- @treturn number
function clock.now()
  ngx.update_time()
  return ngx.now()
end

return clock
