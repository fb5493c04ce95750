--- Small parts of HTTP that the OAuth endpoints need: forms, cookies, redirects.
-- @module cognito.emulator.oauth.http

local json = require "cognito.emulator.json"
local random = require "cognito.emulator.random"

local M = {}

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- Percent-encodes a value (RFC 3986, unreserved characters stay).
function M.escape(text)
  return (tostring(text):gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

--- Reads a query or a form.
-- @tparam string text
-- @treturn table name -> value; `repeated` in the second result names one that came twice
-- @treturn string|nil
function M.form(text)
  local out, repeated = {}, nil
  for name, value in text:gmatch("([^&=]+)=?([^&]*)") do
    name = unescape(name)
    if out[name] ~= nil then repeated = name end
    out[name] = unescape(value)
  end
  return out, repeated
end

--- Adds values to a URL's query.
-- @tparam string url
-- @tparam table pairs_list `{ { name, value }, ... }`; pairs without a value are left out
-- @tparam[opt="?"] string mark "#" for a fragment
function M.url(url, pairs_list, mark)
  local parts = {}
  for _, pair in ipairs(pairs_list) do
    if pair[2] and pair[2] ~= "" then parts[#parts + 1] = M.escape(pair[1]) .. "=" .. M.escape(pair[2]) end
  end
  if #parts == 0 then return url end
  mark = mark or (url:find("?", 1, true) and "&" or "?")
  return url .. mark .. table.concat(parts, "&")
end

--- @treturn table a response that sends the browser elsewhere
function M.redirect(url, headers)
  local list = { { "Location", url }, { "Cache-Control", "no-store" } }
  for _, pair in ipairs(headers or {}) do list[#list + 1] = pair end
  return { status = 302, headers = list, body = "" }
end

--- @treturn table a JSON response that no cache may keep
function M.json(status, value, headers)
  local list = { { "Content-Type", "application/json;charset=UTF-8" }, { "Cache-Control", "no-store" },
    { "Pragma", "no-cache" } }
  for _, pair in ipairs(headers or {}) do list[#list + 1] = pair end
  return { status = status, headers = list, body = json.encode(value), code = value.error }
end

--- @treturn table an HTML response; nothing may be loaded from elsewhere or framed
function M.html(status, body, headers)
  local list = { { "Content-Type", "text/html; charset=utf-8" }, { "Cache-Control", "no-store" },
    { "X-Frame-Options", "DENY" }, { "Referrer-Policy", "no-referrer" },
    { "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:" } }
  for _, pair in ipairs(headers or {}) do list[#list + 1] = pair end
  return { status = status, headers = list, body = body }
end

--- @treturn string|nil the value of a cookie
function M.cookie(request, name)
  for key, value in (request.headers.cookie or ""):gmatch("([^=;%s]+)=([^;]*)") do
    if key == name then return value end
  end
end

--- Client id and secret of an Authorization header (Basic).
-- @treturn string|nil id
-- @treturn string|nil secret
function M.basic(request)
  local text = (request.headers.authorization or ""):match("^[Bb]asic%s+(.+)$")
  local bytes = text and random.unbase64(text)
  if not bytes then return nil end
  local id, secret = bytes:match("^([^:]*):(.*)$")
  return id and unescape(id), secret and unescape(secret)
end

return M
