--- The bad server: a process of its own (lua5.4) that answers HTTP/1.1 as badly as it is asked to.
-- usage: lua5.4 spec/support/bad/main.lua FOLDER
-- Leaves FOLDER/ca.pem and prints one line "name=port ...". The port `control` answers `GET /counts?tag=T`.
local cqueues = require "cqueues"
local socket = require "socket"
local certificates = require "spec.support.bad.certificates"
local connections = require "spec.support.bad.connection"
local faults = require "spec.support.bad.faults"
local logs = require "spec.support.bad.log"

local loop, log = cqueues.new(), logs.new()

local function serve(connection)
  while connection.sock do
    local request = connection:head()
    local play = request and faults[request.path and request.path:sub(2)]
    if not request then break end
    if not play then connection:answer("404 Not Found", "no such fault: " .. tostring(request.path)) break end
    if not play(connection, request) then break end
  end
  if connection.sock then connection:close() end
end

local function control(connection)
  while true do
    local request = connection:head()
    if not request then break end
    connection:answer("200 OK", log:line(request.args.tag))
  end
  connection:close()
end

local silent = { head = function() end, whole = function() end }

local function accept(client, context, handler, book)
  client:settimeout(0)
  local connection = connections.new(client, context, book)
  if not connection then return end
  if book.connections then
    book.connections = book.connections + 1
    connection.number = book.connections
  end
  handler(connection)
end

local function listen(context, handler, book)
  local server = assert(socket.bind("127.0.0.1", 0, 512))
  server:settimeout(0)
  local waiter = { pollfd = function() return server:getfd() end, events = function() return "r" end }
  loop:wrap(function()
    while true do
      local client = server:accept()
      if client then loop:wrap(accept, client, context, handler, book) else cqueues.poll(waiter) end
    end
  end)
  return select(2, server:getsockname())
end

-- Accepts and says nothing: a handshake with it never ends.
local function stall(connection) connection:linger() connection:close() end

-- A proxy: CONNECT opens a tunnel. With `refuse` it says no.
local tunnels = 0

local function pump(from, to)
  while true do
    local data = from:read(-16384)
    if not data or not to:xwrite(data, "bn") or not to:flush("n") then break end
  end
  to:shutdown("w")
end

local function proxy(refuse)
  return function(connection)
    local line = connection.sock:read("*l") or ""
    local host, port = line:match("^CONNECT ([^:]+):(%d+) HTTP/1%.1")
    repeat line = connection.sock:read("*l") until not line or line == "\r" or line == ""
    if refuse or not host then
      connection:send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
      return connection:close()
    end
    tunnels = tunnels + 1
    local target = require("cqueues.socket").connect { host = "127.0.0.1", port = tonumber(port) }
    target:setmode("bn", "bn")
    target:onerror(function(_, _, code) return code end)
    connection:send("HTTP/1.1 200 Connection established\r\n\r\n")
    loop:wrap(pump, target, connection.sock)
    pump(connection.sock, target)
  end
end

local function count_tunnels(connection)
  while connection:head() do connection:answer("200 OK", "tunnels=" .. tunnels) end
  connection:close()
end

-- A port whose queue of connections is full: further ones are not answered.
local kept = {}
local function blackhole()
  local server = assert(socket.tcp4())
  assert(server:bind("127.0.0.1", 0))
  assert(server:listen(0))
  local _, port = server:getsockname()
  for i = 1, 4 do
    local client = socket.tcp4()
    client:settimeout(0)
    client:connect("127.0.0.1", port)
    kept[i] = client
  end
  kept[#kept + 1] = server
  return port
end

local function main(folder)
  local made = certificates.make()
  local file = assert(io.open(folder .. "/ca.pem", "w"))
  file:write(made.ca)
  file:close()
  local ports = { plain = listen(nil, serve, log), control = listen(nil, control, silent),
    stall = listen(nil, stall, silent), blackhole = blackhole(), proxy = listen(nil, proxy(false), silent),
    proxy_refuses = listen(nil, proxy(true), silent), tunnels = listen(nil, count_tunnels, silent) }
  for _, name in ipairs { "tls", "wrong_host", "expired", "self_signed", "unknown_ca", "tls11" } do
    ports[name] = listen(made[name], serve, log)
  end
  local line = {}
  for name, port in pairs(ports) do line[#line + 1] = name .. "=" .. port end
  print("ready " .. table.concat(line, " ") .. " end")
  io.stdout:flush()
  for err in loop:errors() do io.stderr:write(tostring(err), "\n") end
end

main(assert(arg[1], "usage: main.lua FOLDER"))
