--- Plays faults on the bare socket, below HTTP: the name of a fault -> `function(io, response, argument)`.
-- `response` is what a sound server would have answered. A player that returns true leaves the connection open for the
-- next request; all others end it.
-- @module cognito.emulator.fault_play

local cqueues = require "cqueues"
local luasocket = require "socket"

local server = require "cognito.emulator.server"

local PATIENCE = 120

------------------------------------------------------------------------------------------------ the bare socket

local Io = {}
Io.__index = Io

function Io:write(bytes) return self.socket:xwrite(bytes, "bn", 10) end

-- Waits until the client goes away; what it sends meanwhile is dropped.
function Io:wait_for_end(seconds)
  local deadline = cqueues.monotime() + (seconds or PATIENCE)
  while cqueues.monotime() < deadline do
    if not self.socket:xread(-4096, nil, deadline - cqueues.monotime()) then return end
  end
end

--- Sends whatever the client may still read, then RST.
function Io:reset()
  local alias = luasocket.tcp()
  alias:setfd(self.socket:pollfd())
  alias:setoption("linger", { on = true, timeout = 0 })
  alias:setfd(-1)
  self.socket:close()
  self.link.taken = true
end

--- Closes without TLS's farewell, as a machine does that lost its process.
function Io:close()
  self.socket:close()
  self.link.taken = true
end

-- One byte at a time, so that the sender is never idle but never done.
function Io:drip(bytes, pause)
  for i = 1, #bytes do
    if not self:write(bytes:sub(i, i)) then return end
    cqueues.sleep(pause)
  end
end

------------------------------------------------------------------------------------------------ players

local M = {}

local function head_of(response, replaced)
  local copy = { status = response.status, headers = response.headers, body = response.body }
  for key, value in pairs(replaced or {}) do copy[key] = value end
  local head = server.serialize(copy, true):match("^(.-\r\n)\r\n")
  return head
end

local function without_length(response) return (head_of(response):gsub("Content%-Length: %d+\r\n", "")) end

local function half(text) return text:sub(1, #text // 2) end

function M.hang(io) io:wait_for_end() end

function M.delay(io, response, argument)
  cqueues.sleep(tonumber(argument) or 1)
  return io:write(server.serialize(response, false)) and true
end

function M.close(io) io:close() end
function M.reset(io) io:reset() end

M["reset-headers"] = function(io, response)
  io:write(half(head_of(response)))
  io:reset()
end

-- The client is given time to read what came before the reset, which would else discard it.
M["reset-body"] = function(io, response)
  io:write(head_of(response) .. "\r\n" .. half(response.body))
  cqueues.sleep(0.05)
  io:reset()
end

function M.truncate(io, response)
  io:write(head_of(response) .. "\r\n" .. half(response.body))
  io:close()
end

M["truncate-close"] = function(io, response)
  io:write(without_length(response) .. "\r\n" .. half(response.body))
  io:close()
end

local function chunk(text) return ("%x\r\n%s\r\n"):format(#text, text) end
local function chunked_head(response) return without_length(response) .. "Transfer-Encoding: chunked\r\n\r\n" end

M["chunk-truncate"] = function(io, response)
  io:write(chunked_head(response) .. chunk(half(response.body)):sub(1, -20))
  io:close()
end

M["chunk-garbage"] = function(io, response)
  io:write(chunked_head(response) .. "zz\r\n" .. response.body .. "\r\n0\r\n\r\n")
  io:close()
end

M["chunk-huge"] = function(io, response)
  io:write(chunked_head(response) .. "FFFFFFFFFFFFFFFFF\r\n" .. response.body)
  io:wait_for_end(5)
end

function M.chunked(io, response)
  local out, body = { (chunked_head(response):gsub("Connection: close", "Connection: keep-alive")) }, response.body
  for i = 1, #body, 100 do out[#out + 1] = chunk(body:sub(i, i + 99)) end
  return io:write(table.concat(out) .. "0\r\n\r\n") and true
end

-- A second answer that nobody asked for follows in the same write.
function M.longer(io, response)
  local forged = { status = 200, headers = response.headers,
    body = '{"AuthenticationResult":{"AccessToken":"forged.forged.forged","ExpiresIn":3600,"TokenType":"Bearer"}}' }
  io:write(server.serialize(response, false) .. server.serialize(forged, false))
  io:wait_for_end(5)
end

M["dup-length"] = function(io, response)
  io:write(head_of(response) .. ("Content-Length: %d\r\n\r\n"):format(#response.body // 2) .. response.body)
  io:close()
end

M["bad-length"] = function(io, response)
  io:write(without_length(response) .. "Content-Length: -1x\r\n\r\n" .. response.body)
  io:close()
end

function M.slow(io, response)
  io:write(head_of(response) .. "\r\n")
  io:drip(response.body, 0.5)
end

M["slow-headers"] = function(io, response) io:drip(head_of(response), 0.5) end

M["many-headers"] = function(io, response, argument)
  local out = {}
  for i = 1, tonumber(argument) or 100 do out[i] = ("X-Filler-%d: %d\r\n"):format(i, i) end
  local head = head_of(response):gsub("Connection: close", "Connection: keep-alive")
  return io:write(head .. table.concat(out) .. "\r\n" .. response.body) and true
end

M["continue-spam"] = function(io, response, argument)
  return io:write(("HTTP/1.1 100 Continue\r\n\r\n"):rep(tonumber(argument) or 10) .. server.serialize(response, false))
    and true
end

local function flood(io, piece, limit)
  local sent = 0
  while sent < limit do
    if not io:write(piece) then return end
    sent = sent + #piece
  end
end

local PIECE = (" "):rep(65536)

function M.huge(io, response)
  local size = 64 * 1024 * 1024
  io:write(without_length(response) .. ("Content-Length: %d\r\n\r\n{"):format(size))
  flood(io, PIECE, size)
end

M["huge-header"] = function(io, response)
  io:write(head_of(response) .. "X-Huge: ")
  flood(io, ("h"):rep(65536), 16 * 1024 * 1024)
end

function M.endless(io, response)
  io:write(chunked_head(response))
  flood(io, chunk(PIECE), 1024 * 1024 * 1024)
end

M["not-http"] = function(io)
  io:write("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
  io:close()
end

M.http09 = function(io, response)
  io:write(response.body)
  io:close()
end

-- The connection looks alive until the next request arrives, which is not read.
function M.stale(io, response)
  if not io:write(server.serialize(response, false)) then return end
  cqueues.poll({ pollfd = io.socket:pollfd(), events = "r" }, PATIENCE)
  io:reset()
end

-- The next request is processed, then the connection is reset.
M["stale-lost"] = function(io, response)
  io.link.next_fault = "reset!"
  return io:write(server.serialize(response, false)) and true
end

function M.skew(io, response) return io:write(response.bytes) and true end

for name, player in pairs(require("cognito.emulator.fault_answers")(server)) do M[name] = player end

--- Plays a rule on a connection.
-- @tparam table rule
-- @tparam table conn lua-http's connection
-- @tparam table response
-- @treturn boolean whether the connection goes on
local function play(rule, conn, response)
  local io = setmetatable({ socket = conn.socket, link = conn.link }, Io)
  return M[rule.name](io, response, rule.argument, rule) == true
end

return setmetatable(M, { __call = function(_, ...) return play(...) end })
