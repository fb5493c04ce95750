--- A person at the hosted login without a browser: opens the page, fills in the forms, gives back the callback.
-- Speaks plain HTTP over LuaSocket, since it stands for another program.
local socket = require "socket"
local M = {}

local function escape(text)
  return (text:gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function request(method, url, body)
  local host, port, path = url:match "^http://([^:/]+):(%d+)(.*)$"
  local peer = assert(socket.tcp())
  peer:settimeout(10)
  assert(peer:connect(host, tonumber(port)))
  local lines = { ("%s %s HTTP/1.1"):format(method, path), ("Host: %s:%s"):format(host, port), "Connection: close" }
  if body then
    lines[#lines + 1] = "Content-Type: application/x-www-form-urlencoded"
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  assert(peer:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")))
  local text = peer:receive "*a"
  peer:close()
  return tonumber(text:match "^HTTP/1%.%d (%d+)"), text, text:match "\r\n[Ll]ocation: ([^\r]*)"
end

--- One GET.
-- @treturn number status
-- @treturn string the whole answer
-- @treturn ?string the redirect's target
function M.get(url) return request("GET", url) end

--- Sign in on the page of an authorize URL.
-- @tparam string url
-- @tparam string username
-- @tparam string password
-- @treturn string|nil the callback's URL
-- @treturn ?string the page that came instead
function M.sign_in(url, username, password)
  local base = url:match "^http://[^/]+"
  local status, text, target = request("GET", url)
  if status ~= 302 then return nil, text end
  if not target:find "/login%?" then return target end
  local id = target:match "id=([^&]+)"
  local _, page, callback = request("POST", base .. "/login",
    ("id=%s&username=%s&password=%s"):format(id, escape(username), escape(password)))
  if callback and callback:find "^https?://" then return callback end
  return nil, page
end

return M
