--- Workers as processes: who holds a lock, and whether it still lives. No call here waits.
-- @module cognito.ngx.process

local ffi = require "ffi"

local process = {}

ffi.cdef "int cognito_kill(int pid, int signal) __asm__(\"kill\");"

local ESRCH = 3

--- The id of this worker, always ten digits.
-- @treturn string
function process.id() return ("%010d"):format(ngx.worker.pid()) end

--- Whether a worker has ended. One whose id a new process got counts as living.
-- @tparam string id from `id`
-- @treturn boolean
function process.ended(id)
  local pid = tonumber(id)
  return pid ~= nil and ffi.C.cognito_kill(pid, 0) ~= 0 and ffi.errno() == ESRCH
end

return process
