--- The one place where a request meets `host.send`: attempts, deadlines, retries, the server's clock.
-- @module cognito.client

local aws = require "cognito.protocol.aws"
local clock = require "cognito.protocol.clock"
local core = require "cognito.core"
local errors = require "cognito.errors"
local lazy = require "cognito.lazy"
local retry = require "cognito.protocol.retry"

local secret = lazy.module "cognito.protocol.secret"

local client = {}

local Client = { __name = "cognito.client" }
Client.__index = Client

local uuid = core.uuid
local min, success = math.min, retry.success

local CANCEL_STEP = 0.05      -- seconds between two looks at a cancel token while waiting to retry

-- The last digit of the name of a call; the others are written once for sixteen calls.
local DIGITS = { [0] = "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f" }

--- What a logger is told of one attempt: nothing of what was sent or received, for any of it may be a secret.
-- @tparam table event `operation`, `attempt`, `seconds`, `ok`; on failure also `kind`, `code`, `status`, `request_id`
-- @treturn string level: "debug", or "warn" for a failure
-- @treturn string message
-- @treturn table fields: the event
function client.describe(event)
  local outcome = event.ok and "ok" or event.kind
  return event.ok and "debug" or "warn",
    ("%s: attempt %d: %s"):format(tostring(event.operation), event.attempt, outcome), event
end

--- Makes a client.
-- @tparam table pool a pool value (see `cognito.pool`)
-- @tparam table host the six verbs
-- @treturn table
function client.new(pool, host)
  return setmetatable({
    pool = pool, host = host, url = pool.url, user_agent = "User-Agent: " .. pool.user_agent,
    timeout = pool.timeout, deadline = pool.deadline, max_attempts = pool.max_attempts, proxy = pool.proxy,
    tls = (pool.ca_file or pool.ca_path) and { ca_file = pool.ca_file, ca_path = pool.ca_path } or nil,
    connections = pool.url .. " " .. pool.client_id, logger = pool.logger, secret_index = 1,
    bucket = retry.new_bucket(), clock = clock.new(), marks = {}, calls = 0,
  }, Client)
end

--- The header field that names one call over its attempts: a random UUID, of which the last eight digits count.
-- Nobody guesses or checks it, so a draw from the generator for each call would be waste.
-- @treturn string
function Client:invocation()
  local count = self.calls
  local last = count % 16
  if last == 0 then
    if count % 0x10000 == 0 then self.name = "amz-sdk-invocation-id: " .. uuid():sub(1, -9) end
    self.prefix = self.name .. ("%07x"):format(count / 16)
  end
  self.calls = count + 1
  return self.prefix .. DIGITS[last]
end

--- The limits of one call of the library.
-- @tparam[opt] table given `deadline` (seconds for the whole call), `cancel`, `max_attempts`
-- @treturn table `ends` (monotonic), `cancel`, `max_attempts`
function Client:context(given)
  local ends = self.host.monotime() + (given and given.deadline or self.deadline)
  if not given then return { ends = ends } end
  return { ends = ends, cancel = given.cancel, max_attempts = given.max_attempts }
end

--- The limits of work that several callers may wait for. In a host with tasks it belongs to none of them, so that no
-- single caller's deadline or cancel token ends it; the blocking host has one caller only.
-- @tparam table ctx of the caller that begins it
-- @treturn table
function Client:shared_context(ctx)
  return self.host.name == "blocking" and ctx or self:context()
end

-- Random numbers are drawn only after a failure, so the host's generator is good enough here.
local function draw(host)
  return function()
    local a, b, c = host.random(3):byte(1, 3)
    return (a * 65536 + b * 256 + c) / 16777216
  end
end

local function name_of(spec)
  return spec.op and spec.op.name or spec.operation
end

local function stopped(spec, ctx, now)
  if ctx.cancel and ctx.cancel.cancelled then
    return errors.new("cancelled", "the call was cancelled",
      { operation = name_of(spec), retryable = false, maybe_processed = false })
  elseif now >= ctx.ends then
    return errors.new("timeout", "the deadline of the call has passed",
      { operation = name_of(spec), code = "deadline", retryable = false, maybe_processed = false })
  end
end

local function new_mark(self, key, number, attempts)
  local mark = ("amz-sdk-request: attempt=%d; max=%d"):format(number, attempts)
  self.marks[key] = mark
  return mark
end

local function log(self, spec, number, started, value, err)
  local event = { operation = name_of(spec), attempt = number, seconds = self.host.monotime() - started,
    ok = value ~= nil }
  if not err then return event end
  event.kind, event.code, event.status, event.request_id = err.kind, err.code, err.status, err.request_id
  return event
end

-- One attempt: value, or nil and an error.
local function attempt(self, dialect, spec, request, ctx)
  local host = self.host
  local now = host.monotime()
  local last = now + self.timeout
  if ctx.cancel or last >= ctx.ends then
    local stop = stopped(spec, ctx, now)
    if stop then return nil, stop end
    last = min(last, ctx.ends)
  end
  if ctx.hold and last > ctx.holds_until then
    local held, lost = ctx.hold(last)
    if not held then return nil, lost end
  end
  request.deadline = last
  local response, err = host.send(request)
  if not response then
    err.operation = err.operation or name_of(spec)
    return nil, err
  end
  if now >= self.clock.due then self.clock:note(response, host) end
  return dialect.parse(spec, response)
end

-- Waits before a retry. False: the deadline would pass, or the caller cancelled.
local function pause(self, delay, ctx)
  local host = self.host
  local wake = host.monotime() + delay
  if wake >= ctx.ends then return false end
  if not ctx.cancel then
    if delay > 0 then host.sleep(delay) end
    return true
  end
  while not ctx.cancel.cancelled do
    local left = wake - host.monotime()
    if left <= 0 then return true end
    host.sleep(min(left, CANCEL_STEP))
  end
  return false
end

-- Events are handed over by the caller of a token-minting call, once the tokens are safe; by us otherwise.
local function report(self, spec, number, started, value, err, ctx)
  local event = log(self, spec, number, started, value, err)
  if ctx.events then ctx.events[#ctx.events + 1] = event else self.logger(client.describe(event)) end
end

--- Sends a request until it succeeds, fails for good, or its time is over.
-- @tparam table dialect `build`, `mark`, `parse`
-- @tparam table spec what the dialect needs; `resend` unless `op` has it
-- @tparam table ctx see `context`
-- @treturn table|nil what the dialect made of the answer, or nil and an error
function Client:request(dialect, spec, ctx)
  local request, err = dialect.build(spec, self)
  if not request then return nil, err end
  -- what every request has, whatever its dialect
  request.pool = self.connections
  if ctx.cancel then request.cancel = ctx.cancel end
  if self.tls then request.tls = self.tls end
  if self.proxy then request.proxy = self.proxy end
  local attempts, number, lost, maybe, cost = ctx.max_attempts or self.max_attempts, 1, 0, false, nil
  while true do
    local started = self.logger and self.host.monotime()
    local key = number * 1000 + attempts
    dialect.mark(request, self.marks[key] or new_mark(self, key, number, attempts))
    local value
    value, err = attempt(self, dialect, spec, request, ctx)
    if started then report(self, spec, number, started, value, err, ctx) end
    if value ~= nil then
      success(self.bucket, cost)
      return value
    end
    local unknown = err.maybe_processed
    local safe = retry.is_safe(err, spec.resend or spec.op and spec.op.resend, lost)
    maybe = maybe or unknown or false
    err.maybe_processed = maybe
    if not safe then return nil, err end
    local delay, taken = retry.next(self.bucket, number, attempts, err, draw(self.host))
    if not delay or not pause(self, delay, ctx) then return nil, err end
    if unknown and err.kind ~= "server" then lost = lost + 1 end
    number, cost = number + 1, taken
  end
end

--- Calls an operation. The client id and the client secret are filled in; the input table is changed by it.
-- @tparam table op an entry of `cognito.protocol.ops`
-- @tparam table input the operation's members
-- @tparam table ctx see `context`; `hash_username`: the name in SECRET_HASH where none is sent
-- @treturn table|nil the answer, or nil and an error
function Client:send(op, input, ctx)
  local pool = self.pool
  if not (op.secret and pool.secrets) then
    if op.client and not input.ClientId then input.ClientId = pool.client_id end
    return self:request(aws, { op = op, input = input }, ctx)
  end
  local secrets, err = pool:read_secrets()
  if not secrets then return nil, err end
  if not secrets[self.secret_index] then self.secret_index = 1 end
  local spec = { op = op, input = input }
  for _ = 1, #secrets do
    secret.fill(op, input, pool.client_id, secrets[self.secret_index], ctx)
    local answer
    answer, err = self:request(aws, spec, ctx)
    if answer then return answer end
    if not secret.is_refused(err, secrets) then break end
    self.secret_index = self.secret_index % #secrets + 1
  end
  return nil, err
end

return client
