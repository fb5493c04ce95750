--- Faults that are whole HTTP answers, only not the right ones.
-- @module cognito.emulator.fault_answers

local errors = require "cognito.emulator.errors"
local json = require "cognito.emulator.json"
local random = require "cognito.emulator.random"
local zlib = require "cognito.emulator.deflate"

return function(server)
  local M = {}

  local function send(io, status, body, headers)
    local list = headers or { { "Content-Type", "application/x-amz-json-1.1" } }
    return io:write(server.serialize({ status = status, headers = list, body = body }, false)) and true
  end

  local function html(io, status, text, headers)
    headers = headers or {}
    headers[#headers + 1] = { "Content-Type", "text/html" }
    return send(io, status, "<html><head><title>" .. text .. "</title></head><body><h1>" .. text
      .. "</h1></body></html>", headers)
  end

  function M.html(io, _, argument)
    local status = tonumber(argument) or 200
    local extra = status == 407 and { { "Proxy-Authenticate", 'Basic realm="proxy"' } } or nil
    return html(io, status, status == 200 and "Welcome to the hotel" or "Error " .. status, extra)
  end

  function M.status(io, _, argument) return send(io, tonumber(argument) or 500, "") end

  function M.empty(io) return send(io, 200, "") end

  M["204"] = function(io) return io:write("HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n") and true end

  M["wrong-type"] = function(io, response)
    return send(io, response.status, response.body, { { "Content-Type", "text/plain" } })
  end

  local function throttled(io, status, headers)
    return send(io, status, json.encode { __type = "TooManyRequestsException", message = "Too many requests" }, headers)
  end

  function M.throttle(io)
    return throttled(io, 400, { { "Content-Type", "application/x-amz-json-1.1" },
      { "x-amzn-ErrorType", "TooManyRequestsException:" } })
  end

  function M.throttle429(io, _, argument)
    return throttled(io, 429, { { "Content-Type", "application/x-amz-json-1.1" },
      argument and { "x-amz-retry-after", argument } or { "Retry-After", "1" } })
  end

  M["error"] = function(io, _, _, rule)
    local code, message = rule.given.error, rule.given.message or "This error was asked for."
    return send(io, rule.given.status or errors.status(code), json.encode { __type = code, message = message }, {
      { "Content-Type", "application/x-amz-json-1.1" }, { "x-amzn-RequestId", random.uuid() },
      { "x-amzn-ErrorType", code .. ":" } })
  end

  local function redirect(io, status, target)
    return send(io, status, "", { { "Location", target } })
  end

  function M.redirect(io, _, argument)
    return redirect(io, tonumber(argument) or 302, io.link.base .. "/_redirected")
  end
  M["redirect-loop"] = function(io) return redirect(io, 307, io.link.base .. "/") end
  M["redirect-file"] = function(io) return redirect(io, 302, "file:///etc/passwd") end

  M["gzip-ok"] = function(io, response)
    return send(io, response.status, zlib.gzip(response.body), { { "Content-Type", "application/x-amz-json-1.1" },
      { "Content-Encoding", "gzip" } })
  end

  M["gzip-bomb"] = function(io)
    return send(io, 200, zlib.bomb(100 * 1024 * 1024), { { "Content-Type", "application/x-amz-json-1.1" },
      { "Content-Encoding", "gzip" } })
  end

  local RESULT = '{"AuthenticationResult":%s,"ChallengeParameters":{}}'
  local BODIES = {
    garbage = "}{ not json", list = "[1,2,3]", null = "null", number = "42", string = '"text"',
    ["empty-object"] = "{}",
    types = RESULT:format('{"AccessToken":{"a":1},"IdToken":[],"ExpiresIn":"soon","TokenType":7}'),
    duplicate = RESULT:format('{"AccessToken":"a.b.c","AccessToken":"d.e.f","ExpiresIn":3600}'),
    utf8 = RESULT:format('{"AccessToken":"\255\254","ExpiresIn":3600}'),
    nul = RESULT:format('{"AccessToken":"a\\u0000b","IdToken":"a\0b","ExpiresIn":3600}'),
    deep = ("["):rep(100000) .. ("]"):rep(100000),
  }

  for name, body in pairs(BODIES) do
    M["json-" .. name] = function(io) return send(io, 200, body) end
  end

  M["json-truncated"] = function(io, response) return send(io, 200, response.body:sub(1, #response.body // 2)) end

  return M
end
