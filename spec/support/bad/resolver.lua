--- A child process of spec/system/host_process_spec.lua, in a network namespace whose name server it plays: silent.
-- usage: lua5.4 resolver.lua blocking|loop. Prints "KIND MAYBE took S process S ticks N".
local socket = require "socket"

local began = socket.gettime()
local silent = assert(socket.udp())
assert(silent:setsockname("127.0.0.1", 53))

local function request(host)
  return { method = "POST", url = "https://cognito-idp.eu-west-1.amazonaws.com/", headers = {}, body = "{}",
    minting = true, deadline = host.monotime() + 2, pool = "dns" }
end

local ticks, took, response, err = 0, nil, nil, nil

local function call(host)
  local before = socket.gettime()
  response, err = host.send(request(host))
  took = socket.gettime() - before
end

if arg[1] == "blocking" then
  call(require("cognito.host.blocking").new())
else
  local host = require("cognito.host.loop").new()
  host:spawn(function() call(host) end)
  host:spawn(function()
    while not took do
      host.sleep(0.02)
      ticks = ticks + 1
    end
  end)
  host:run()
end
collectgarbage()
print(("%s %s took %.3f process %.3f ticks %d"):format(response and "answered" or err.kind,
  tostring(err and err.maybe_processed), took, socket.gettime() - began, ticks))
