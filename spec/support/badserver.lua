--- Starts the bad server (spec/support/bad) as a child process. See spec/support/bad/faults.lua for what it plays.
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local M = {}

local Server = {}
Server.__index = Server

--- Starts it; `server.ports` by name, `server.ca_file`, `server.ca_path`.
function M.start()
  local dir = tmp.dir()
  local child = proc.start { argv = { "lua5.4", "spec/support/bad/main.lua", dir },
    env = { LUA_PATH_5_4 = "./?.lua;;", LUA_PATH = "./?.lua;;", LD_PRELOAD = "" } }
  local line = assert(child:wait_line("ready (.-) end\n", 30))
  local self = setmetatable({ child = child, ports = {}, ca_file = dir .. "/ca.pem" }, Server)
  for name, port in line:gmatch("(%w+_?%w*)=(%d+)") do self.ports[name] = tonumber(port) end
  return self
end

--- A view of a server that runs already, for a place that cannot start processes.
-- @tparam table ports by name
function M.attach(ports) return setmetatable({ ports = ports }, Server) end

--- The URL of a fault, with a tag under which the server counts. `port` names the variant, default "plain".
function Server:url(fault, tag, port)
  local scheme = (port or "plain") == "plain" and "http" or "https"
  local separator = fault:find("?", 1, true) and "&" or "?"
  return ("%s://localhost:%d/%s%stag=%s"):format(scheme, self.ports[port or "plain"], fault, separator, tag)
end

function Server:control(tag) return ("http://localhost:%d/counts?tag=%s"):format(self.ports.control, tag) end

function Server:stop() return self.child:stop() end

return M
