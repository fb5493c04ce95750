--- Addresses that a caller gives, and the rule that plain http goes to the loopback interface only.
-- @module cognito.address

local errors = require "cognito.errors"

local address = {}

local wrong = errors.config

--- Says whether a host name is the machine itself.
-- @tparam string host
-- @treturn boolean
function address.is_loopback(host)
  if host == "localhost" or host == "[::1]" then return true end
  local a, b, c, d = host:match("^127%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)(.*)$")
  return a ~= nil and d == "" and tonumber(a) < 256 and tonumber(b) < 256 and tonumber(c) < 256
end

local function split(url)
  local scheme, rest = url:match("^(%a+)://([^%s%c]+)$")
  if not scheme then return nil end
  local authority, path = rest:match("^([^/?#]*)(.*)$")
  local host, port = authority:match("^(%[[%x:]+%])(.*)$")
  if not host then host, port = authority:match("^(%w[%w%.%-]*)(.*)$") end
  if not host or not (port == "" or port:find("^:%d+$")) then return nil end
  if port ~= "" and (tonumber(port:sub(2)) < 1 or tonumber(port:sub(2)) > 65535) then return nil end
  return scheme:lower(), host:lower(), path
end

--- Checks an address that a caller gave: https, or http to the loopback interface; no user, query or fragment.
-- @tparam string url
-- @tparam string field the option's name, for the error
-- @treturn string|nil the address without a slash at its end, or nil and an error of kind `config`
function address.check(url, field)
  local scheme, host, path = split(url)
  local form = 'write it like "https://example.com"'
  if not scheme then return wrong(field, field .. " is not an address", form) end
  if path:find("[?#]") then return wrong(field, field .. " has a query or a fragment", form) end
  if scheme == "http" and not address.is_loopback(host) then
    return wrong(field, field .. " is http to a host that is not this machine", "use https")
  elseif scheme ~= "https" and scheme ~= "http" then
    return wrong(field, field .. " is neither https nor http", form)
  end
  return (url:gsub("/+$", ""))
end

return address
