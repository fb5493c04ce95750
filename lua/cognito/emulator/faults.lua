--- Faults: which request meets one. What they do on the wire is in fault_play.lua.
--
-- A fault is a table, given to `POST /_emulator/faults` as `{ "faults": [ ... ] }`:
--
-- | field | meaning |
-- |---|---|
-- | `fault` | a name of the table below, with its argument after a colon: `"delay:2"`, `"redirect:302"` |
-- | `error` | instead of `fault`: an error code that the service answers with; `message`, `status` if wanted |
-- | `operation` | only this operation, or this path (`/oauth2/token`) |
-- | `client_id` | only requests of this client |
-- | `nth` | only the nth request that matches (counted from 1) |
-- | `times` | at most so often; without it (and `nth`) always |
-- | `rate` | only with this probability |
--
-- The first fault that matches is played. One whose name ends in `!` is played after the server has processed the
-- request; without it the request has no effect on the server (`chunked`, `gzip-ok`, `many-headers`, `continue-spam`,
-- `wrong-type`, `delay`, `skew`, `stale` and `stale-lost` always process it, since a sound answer belongs to them).
--
-- Names: `hang delay:s close reset reset-headers reset-body truncate truncate-close chunk-truncate longer dup-length
-- bad-length chunk-garbage chunk-huge slow slow-headers chunked gzip-ok many-headers:n continue-spam:n wrong-type huge
-- endless gzip-bomb huge-header not-http http09 redirect:status redirect-loop redirect-file throttle throttle429
-- status:n html:n empty 204 json-garbage json-truncated json-list json-null json-number json-string json-types
-- json-deep json-duplicate json-utf8 json-nul json-empty-object stale stale-lost skew:s`. For a whole connection,
-- before any request: `stall tls-expired tls-wrong-host tls-self-signed tls-1.1`. (`html-502` is another spelling of
-- `html:502`.)
-- @module cognito.emulator.faults

local json = require "cognito.emulator.json"
local random = require "cognito.emulator.random"

local M = {}

local CONNECTION = { stall = true, ["tls-expired"] = true, ["tls-wrong-host"] = true, ["tls-self-signed"] = true,
  ["tls-1.1"] = true }

local PROCESSED = { chunked = true, ["gzip-ok"] = true, ["many-headers"] = true, ["continue-spam"] = true,
  ["wrong-type"] = true, delay = true, skew = true, stale = true, ["stale-lost"] = true }

local FIELDS = { fault = "string", error = "string", message = "string", status = "number", operation = "string",
  client_id = "string", nth = "number", times = "number", rate = "number" }

local function check(given)
  for name, value in pairs(given) do
    if type(value) ~= FIELDS[name] then error({ bad = "fault: the field " .. name .. " is unknown or wrong" }, 0) end
  end
  if (given.fault == nil) == (given.error == nil) then error({ bad = "fault: give either fault or error" }, 0) end
end

local function parse(rule, text)
  local name, argument = text:match("^(.-)!?:(.*)$")
  name = (name or text):gsub("!$", "")
  local family, status = name:match("^(html)%-(%d+)$")
  rule.name, rule.argument = family or name, argument or status
  rule.process = text:find("!", 1, true) ~= nil or PROCESSED[rule.name] or false
  rule.connection = CONNECTION[rule.name] or false
  local players = require "cognito.emulator.fault_play"
  if not rule.connection and not players[rule.name] then error({ bad = "fault: no fault is called " .. text }, 0) end
end

local function compile_one(given)
  check(given)
  local rule = { given = given, seen = 0, played = 0, text = given.fault or given.error }
  if given.fault then parse(rule, given.fault) else rule.name, rule.process, rule.connection = "error", false, false end
  return rule
end

--- Checks and prepares a list of faults.
-- @tparam table body `{ faults = { ... } }`
-- @treturn table list of rules
function M.compile(body)
  local rules = {}
  for i, given in ipairs(body.faults or {}) do rules[i] = compile_one(given) end
  return rules
end

local function client_of(request)
  local id = request.body and request.body:match('"ClientId"%s*:%s*"([%w_+]+)"')
  return id or (request.body or ""):match("client_id=([%w_+]+)") or (request.query or ""):match("client_id=([%w_+]+)")
end

local function concerns(given, operation, request)
  if given.operation and given.operation ~= operation and given.operation ~= request.path then return false end
  return not given.client_id or given.client_id == client_of(request)
end

local function due(rule)
  local given = rule.given
  rule.seen = rule.seen + 1
  if given.nth and rule.seen ~= given.nth then return false end
  if given.times and rule.played >= given.times then return false end
  if given.rate and random.fraction() >= given.rate then return false end
  rule.played = rule.played + 1
  return true
end

--- The fault that this request meets.
-- @tparam table rules
-- @tparam[opt] string operation
-- @tparam table request
-- @treturn table|nil rule
function M.pick(rules, operation, request)
  for _, rule in ipairs(rules) do
    if not rule.connection and concerns(rule.given, operation, request) and due(rule) then return rule end
  end
end

--- The fault that a new connection meets.
-- @treturn string|nil name
function M.pick_connection(rules)
  for _, rule in ipairs(rules) do
    if rule.connection and due(rule) then return rule.name end
  end
end

--- What a success would look like, for faults that garble an answer without any effect on the server.
function M.filler()
  local token = ("eyJhbGciOiJSUzI1NiJ9.%s.%s"):format(random.token(700), random.token(342))
  return { status = 200, headers = { { "Content-Type", "application/x-amz-json-1.1" },
    { "x-amzn-RequestId", random.uuid() } },
    body = json.encode { AuthenticationResult = { AccessToken = token, IdToken = token, ExpiresIn = 3600,
      TokenType = "Bearer" }, ChallengeParameters = {} } }
end

return M
