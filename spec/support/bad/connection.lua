--- One connection of the bad server: requests are read here, byte by byte as far as a fault asks for it.
local cqueues = require "cqueues"
local cqsocket = require "cqueues.socket"

local Connection = {}
Connection.__index = Connection

local M = {}

-- `client` is LuaSocket's object for the descriptor: it can turn a close into a reset.
function M.new(client, context, log)
  client:setoption("tcp-nodelay", true)
  local sock = cqsocket.fdopen(client:getfd())
  sock:setmode("bn", "bn")
  sock:onerror(function(_, _, code) return code end)
  local self = setmetatable({ client = client, sock = sock, log = log, served = 0 }, Connection)
  if context and not self:handshake(context) then return nil end
  return self
end

function Connection:handshake(context)
  if self.sock:starttls(context, 10) then return true end
  self:close()
end

--- Reads a request's header. nil: the client is gone.
function Connection:head()
  local line = self.sock:read("*l")
  if not line then return nil end
  local request = { fields = {}, body = nil }
  request.method, request.path, request.query = line:match("^(%u+) ([^ ?]*)%??([^ ]*) HTTP/1%.1\r?$")
  request.args = {}
  for name, value in (request.query or ""):gmatch("([^&=]+)=([^&]*)") do request.args[name] = value end
  while true do
    line = self.sock:read("*l")
    if not line then return nil end
    local name, value = line:match("^([^:]+):%s*(.-)\r?$")
    if not name then break end
    request.fields[name:lower()] = value
  end
  request.length = tonumber(request.fields["content-length"] or 0)
  self.log:head(self, request)
  return request
end

--- Reads the body; a whole request is counted as processed.
function Connection:body(request)
  request.body = request.length == 0 and "" or self.sock:read(request.length)
  if request.body and #request.body == request.length then self.log:whole(self, request) end
  return request.body
end

function Connection:send(...)
  for _, text in ipairs { ... } do
    if not self.sock:xwrite(text, "bn", 10) then return nil end
  end
  return self.sock:flush("n", 10)
end

--- A sound answer.
function Connection:answer(status, body, fields)
  return self:send(("HTTP/1.1 %s\r\nContent-Type: application/x-amz-json-1.1\r\n%sContent-Length: %d\r\n\r\n%s"):format(
    status, fields or "", #body, body))
end

function Connection.sleep(_, seconds) cqueues.sleep(seconds) end

--- Until the client goes away, or a minute has passed.
function Connection:linger()
  self.sock:settimeout(60)
  while self.sock:read(1) do end
end

function Connection:shut()
  if self.sock then self.sock:close() end
  self.client:setfd(-1)
  self.sock = nil
end

function Connection:close() self:shut() end

function Connection:reset()
  self.client:setoption("linger", { on = true, timeout = 0 })
  self:shut()
end

return M
