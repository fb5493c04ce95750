--- The server's clock. Tests move it (`/_emulator/clock`) instead of waiting.
-- @module cognito.emulator.clock

local socket = require "socket"

local M = { offset = 0 }

--- @treturn number seconds since the epoch, as this server believes
function M.now() return socket.gettime() + M.offset end

--- @treturn integer whole seconds
function M.seconds() return math.floor(M.now()) end

--- @treturn string the Date header's form
function M.http_date() return os.date("!%a, %d %b %Y %H:%M:%S GMT", M.seconds()) end

return M
