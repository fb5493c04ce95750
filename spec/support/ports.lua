--- Free loopback ports. A server that can listen on port 0 and say which port it got should do that instead:
-- between `free` and the server's bind another process may take the port.
local socket = require "socket"
local M = {}

function M.free()
  local server = assert(socket.bind("127.0.0.1", 0))
  local _, port = server:getsockname()
  server:close()
  return tonumber(port)
end

--- True when something accepts connections on the port within `seconds` (default 5).
function M.wait(port, seconds)
  local deadline = socket.gettime() + (seconds or 5)
  repeat
    local connection = socket.tcp()
    connection:settimeout(0.2)
    local ok = connection:connect("127.0.0.1", port)
    connection:close()
    if ok then return true end
    socket.sleep(0.01)
  until socket.gettime() > deadline
  return false
end

return M
