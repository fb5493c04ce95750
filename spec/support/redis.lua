--- Starts a real redis-server for one spec: a free port on loopback, a temporary folder, nothing written to disk.
local ports = require "spec.support.ports"
local lfs = require "lfs"
local proc = require "spec.support.proc"
local resp = require "spec.support.resp"
local tmp = require "spec.support.tmp"

local redis = {}
local Server = {}
Server.__index = Server

-- Debian's redis-tools has the server, too, under another name; it goes by the name it is called.
local function binary()
  local other = "/usr/bin/redis-check-rdb"
  if lfs.attributes "/usr/bin/redis-server" or not lfs.attributes(other) then return "redis-server" end
  local path = tmp.dir() .. "/redis-server"
  assert(lfs.link(other, path, true))
  return path
end

--- @tparam[opt] table options further words of the command line, such as `{ "--maxmemory", "2mb" }`
function redis.start(options)
  local self = setmetatable({ port = ports.free() }, Server)
  self.argv = { binary(), "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
    "--dir", tmp.dir() }
  for _, word in ipairs(options or {}) do self.argv[#self.argv + 1] = word end
  self:restart()
  return self
end

function Server:restart()
  if self.child then self.child:stop() end
  self.child = proc.start { argv = self.argv }
  local ok, seen = self.child:wait_line("(Ready to accept connections)", 30)
  assert(ok, seen)
end

function Server:client(seconds) return assert(resp.connect(self.port, seconds)) end

--- One command on a connection of its own.
function Server:command(...)
  local client = self:client()
  local answer, err = client:command(...)
  client:close()
  return answer, err
end

function Server:signal(name) self.child:signal(name) end

function Server:stop()
  self.child:signal "CONT"
  return self.child:stop()
end

return redis
