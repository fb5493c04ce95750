--- The host for nginx: the six verbs over cosockets, timers and semaphores.
-- Nothing here blocks a worker. The phase is checked at each call; an error names the directive to add.
-- @module cognito.ngx.host

local core = require "cognito.core"
local bound = require "cognito.ngx.bound"
local clock = require "cognito.ngx.clock"
local connection = require "cognito.ngx.connection"
local phase = require "cognito.ngx.phase"
local task = require "cognito.ngx.task"

local host = {}

local failure = connection.failure

local DEFAULT_MAX_BODY = 1024 * 1024
local PORTS = { http = 80, https = 443 }
local LOOPBACK = { localhost = true, ["::1"] = true }
-- A pool may hold several connections that died together.
local MAX_TRIES = 6

local function loopback(name) return LOOPBACK[name] or name:find "^127%.%d+%.%d+%.%d+$" ~= nil end

local function split_authority(authority)
  local name, port = authority:match "^%[([%x:.]+)%]:?(%d*)$"
  if not name then name, port = authority:match "^([%w%-._]+):?(%d*)$" end
  return name, port
end

local function parse_url(url)
  local scheme, authority, rest = url:match "^(https?)://([^/?#]+)([^%s%c#]*)$"
  local name, port = split_authority(authority or "")
  if not name then return failure("config", "not a URL that this host can call") end
  if scheme == "http" and not loopback(name) then
    return failure("config", "http is allowed to a loopback endpoint only; use https")
  end
  local path = rest:sub(1, 1) == "/" and rest or "/" .. rest
  return { scheme = scheme, host = name, authority = authority, path = path,
    port = port ~= "" and tonumber(port) or PORTS[scheme] }
end

local function refuse_settings(request)
  if request.proxy then
    return failure("config", "a proxy is not supported inside nginx", { field = "proxy" })
  end
  local tls = request.tls
  if tls and (tls.ca_file or tls.ca_path) then
    return failure("config", "inside nginx the CA bundle is a directive",
      { field = tls.ca_file and "ca_file" or "ca_path", hint = "lua_ssl_trusted_certificate <file>;" })
  end
  return true
end

local function serialise(request, target)
  local lines = { ("%s %s HTTP/1.1"):format(request.method, target.path), "Host: " .. target.authority }
  for _, line in ipairs(request.headers or {}) do
    if line:find "[%z\r\n]" then return failure("config", "a header holds a line break") end
    lines[#lines + 1] = line
  end
  if request.body then lines[#lines + 1] = "Content-Length: " .. #request.body end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (request.body or "")
end

-- A request that mints tokens is never repeated here: whether the server acted on it cannot be known. Any other
-- is, when a connection from the pool died before the server said a byte.
local function transfer(request, target, bytes, progress)
  for try = 1, MAX_TRIES do
    local conn, err = connection.open(target, progress.milliseconds)
    if not conn then return nil, err end
    progress.sock, progress.sent = conn.sock, true
    local response, failed, unanswered =
      connection.exchange(conn, bytes, request.method, request.max_body or DEFAULT_MAX_BODY)
    if response then return response end
    local again = conn.reused and unanswered and failed.kind == "network" and not request.minting
    if not again or try == MAX_TRIES then return nil, failed end
    progress.sent = false
  end
end

local function killed(request, progress)
  if progress.sock then progress.sock:close() end
  local fields = { maybe_processed = progress.sent or false }
  if request.cancel and request.cancel.cancelled then
    return failure("cancelled", "the call was cancelled", fields)
  end
  return failure("timeout", progress.sent and "no answer before the deadline" or "no connection before the deadline",
    fields)
end

local function run(request, target, bytes)
  local left = request.deadline - clock.monotime()
  if request.cancel and request.cancel.cancelled then return killed(request, {}) end
  if left <= 0 then return killed(request, {}) end
  local progress = { milliseconds = math.ceil(left * 1000) + 1000 }
  local done, response, err = bound.run(request.deadline, request.cancel, function()
    return transfer(request, target, bytes, progress)
  end)
  if not done then return killed(request, progress) end
  return response, err
end

local function send(request)
  local ok, err = phase.check "a request"
  if not ok then return nil, err end
  local allowed, refusal = refuse_settings(request)
  if not allowed then return nil, refusal end
  local target, bad = parse_url(request.url)
  if not target then return nil, bad end
  target.pool = request.pool
  local bytes, invalid = serialise(request, target)
  if not bytes then return nil, invalid end
  return run(request, target, bytes)
end

-- Builds of nginx without the delayed events patch run a pause of 0 at once, so others would never get their turn.
local SHORTEST = 0.001

local function sleep(seconds)
  local ok, err = phase.check "a pause"
  if not ok then return nil, err end
  ngx.sleep(math.max(seconds, SHORTEST))
  return true
end

local function once(key, fn, deadline, cancel)
  local ok, err = phase.check "a refresh"
  if not ok then return nil, err end
  return task.once(key, fn, deadline, cancel)
end

--- The host. All its state is the worker's, so every pool shares one.
-- @treturn table `send now monotime random sleep once`, see docs/architecture.md
function host.new()
  if not (ngx and ngx.socket) then error("cognito.ngx.host works inside nginx only", 2) end
  return {
    name = "ngx", send = send, now = clock.now, monotime = clock.monotime, random = core.random,
    sleep = sleep, once = once,
  }
end

return host
