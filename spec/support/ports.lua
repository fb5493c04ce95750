--- Free loopback ports. A server that can listen on port 0 and say which port it got should do that instead:
-- between `free` and the server's bind another process may take the port.
local socket = require "socket"
local M = {}

-- Below the ports that the system gives to outgoing connections, where such a connection cannot take it either.
local function first_given_out()
  local file = io.open "/proc/sys/net/ipv4/ip_local_port_range"
  local low = file and file:read "*n"
  if file then file:close() end
  return low or 0
end

local LOW, HIGH = 10240, first_given_out() - 1

-- math.random may have been seeded by a spec, in two processes alike.
local function any_between(low, high)
  local file = assert(io.open("/dev/urandom", "rb"))
  local a, b = file:read(2):byte(1, 2)
  file:close()
  return low + (a * 256 + b) % (high - low + 1)
end

--- A port on which nobody listens.
-- @treturn integer
function M.free()
  for _ = 1, 100 do
    local server = socket.bind("127.0.0.1", HIGH >= LOW + 1000 and any_between(LOW, HIGH) or 0)
    if server then
      local _, port = server:getsockname()
      server:close()
      return tonumber(port)
    end
  end
  error "no free port"
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
