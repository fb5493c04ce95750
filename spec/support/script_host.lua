--- A host whose network is a script and whose clocks stand still until a test moves them.
--
--   local host = script_host.new()
--   host:answer(200, { AuthenticationResult = { ... } })      -- the next request gets this
--   host:fail("timeout", { maybe_processed = true })          -- and the one after it fails
--   host:reply(function(request) return response end)         -- any other
--   host.requests                                             -- what was sent: with `json` and `target`
--   host:pass(30)                                             -- both clocks move; set_clock moves the wall clock alone
--
-- The six verbs are plain functions, as in a real host; `once` runs the task at once, for itself.

local cjson = require("cjson").new()
local errors = require "cognito.errors"

local script_host = {}

local Host = {}
Host.__index = Host

local function http_date(t)
  return os.date("!%a, %d %b %Y %H:%M:%S GMT", math.floor(t))
end

local function header_block(fields)
  local out = {}
  for name, value in pairs(fields) do out[#out + 1] = name .. ": " .. value .. "\r\n" end
  return table.concat(out) .. "\r\n"
end

--- Queues an answer.
-- @tparam number status
-- @param body a table (sent as JSON) or a string
-- @tparam[opt] table headers further fields; `Date = false` leaves Date out
function Host:answer(status, body, headers)
  self.script[#self.script + 1] = function()
    local fields = { Date = http_date(self.wall + self.server_ahead),
      ["x-amzn-RequestId"] = "request-" .. #self.requests }
    for name, value in pairs(headers or {}) do fields[name] = value end
    if fields.Date == false then fields.Date = nil end
    return { status = status, headers = header_block(fields),
      body = type(body) == "table" and (next(body) and cjson.encode(body) or "{}") or body or "" }
  end
  return self
end

--- Queues an error of the service.
function Host:refuse(code, message, status)
  return self:answer(status or 400, { __type = code, message = message or code })
end

--- Queues a failure to send.
function Host:fail(kind, fields)
  self.script[#self.script + 1] = function()
    local copy = { retryable = true, maybe_processed = false }
    for k, v in pairs(fields or {}) do copy[k] = v end
    return nil, errors.new(kind, "scripted " .. kind, copy)
  end
  return self
end

--- Queues a function of the request.
function Host:reply(fn)
  self.script[#self.script + 1] = fn
  return self
end

local function note(self, request)
  local copy = {}
  for k, v in pairs(request) do copy[k] = v end
  copy.headers = {}
  for i, field in ipairs(request.headers) do
    copy.headers[i] = field
    copy.target = copy.target or field:match("^X%-Amz%-Target: AWSCognitoIdentityProviderService%.(.*)$")
  end
  copy.at = self.mono
  copy.json = request.body and request.body:find "^{" and cjson.decode(request.body) or nil
  self.requests[#self.requests + 1] = copy
  return copy
end

local function verbs(self)
  function self.now() return self.wall end
  function self.monotime() return self.mono end
  function self.sleep(s)
    self.sleeps[#self.sleeps + 1] = s
    self:pass(s)
  end
  function self.random(n)
    local out = {}
    for i = 1, n do
      self.seed = (self.seed * 1103515245 + 12345) % 2147483648
      out[i] = string.char(math.floor(self.seed / 65536) % 256)
    end
    return self.random_bytes and self.random_bytes(n) or table.concat(out)
  end
  function self.send(request)
    local copy = note(self, request)
    local step = table.remove(self.script, 1)
    if not step then error("the script has no answer to " .. tostring(copy.target or copy.url), 0) end
    return step(copy)
  end
  function self.once(key, fn)
    self.tasks[#self.tasks + 1] = key
    return fn()
  end
  return self
end

--- Moves both clocks.
function Host:pass(seconds)
  self.wall, self.mono = self.wall + seconds, self.mono + seconds
end

--- Moves the wall clock alone, as NTP or a user does.
function Host:set_clock(seconds)
  self.wall = self.wall + seconds
end

--- Makes a host.
-- @treturn table the six verbs, and the script
function script_host.new()
  return verbs(setmetatable({ name = "blocking", wall = 1790000000.25, mono = 1000.5, server_ahead = 0,
    seed = 42, script = {}, requests = {}, sleeps = {}, tasks = {} }, Host))
end

return script_host
