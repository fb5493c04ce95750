--- A small Redis client for specs, in the shape of lua-resty-redis, over LuaSocket: it works on every Lua.
-- Broken connection: nil, err. Error reply: false, text.
local socket = require "socket"

local resp = {}
local Client = {}

Client.__index = function(_, name)
  return Client[name] or function(self, ...)
    return self:command(name:upper(), ...)
  end
end

function resp.connect(port, seconds)
  local tcp = socket.tcp()
  tcp:settimeout(seconds or 2)
  local ok, err = tcp:connect("127.0.0.1", port)
  if not ok then return nil, err end
  return setmetatable({ tcp = tcp }, Client)
end

function Client:set_timeout(milliseconds)
  self.tcp:settimeout(milliseconds / 1000, "b")
  self.tcp:settimeout(milliseconds / 1000, "t")
end

function Client:close() return self.tcp:close() end

local read

local function read_list(self, count)
  local list = {}
  for i = 1, count do
    local item, err = read(self)
    if item == nil then return nil, err end
    list[i] = item
  end
  return list
end

local function read_bulk(self, size)
  if size < 0 then return false, "null" end
  local text, err = self.tcp:receive(size + 2)
  if not text then return nil, err end
  return text:sub(1, size)
end

function read(self)
  local line, err = self.tcp:receive "*l"
  if not line then return nil, err end
  local kind, rest = line:sub(1, 1), line:sub(2)
  if kind == "+" then return rest end
  if kind == "-" then return false, rest end
  if kind == ":" then return tonumber(rest) end
  if kind == "$" then return read_bulk(self, tonumber(rest)) end
  if kind == "*" then return read_list(self, tonumber(rest)) end
  return nil, "protocol"
end

function Client:command(...)
  local words = { ... }
  local out = { ("*%d\r\n"):format(#words) }
  for _, word in ipairs(words) do
    word = tostring(word)
    out[#out + 1] = ("$%d\r\n%s\r\n"):format(#word, word)
  end
  local sent, err = self.tcp:send(table.concat(out))
  if not sent then return nil, err end
  return read(self)
end

return resp
