--- The one place where a request meets `host.send`: attempts, deadlines, the server's clock. What an attempt that
-- failed leads to: `cognito.resend`.
-- @module cognito.client

local aws = require "cognito.protocol.aws"
local clock = require "cognito.protocol.clock"
local core = require "cognito.core"
local lazy = require "cognito.lazy"

local events = lazy.module "cognito.events"
local resend = lazy.module "cognito.resend"
local secret = lazy.module "cognito.protocol.secret"

local client = {}

local Client = { __name = "cognito.client" }
Client.__index = Client

local uuid = core.uuid
local min = math.min

-- The last digit of the name of a call; the others are written once for sixteen calls.
local DIGITS = { [0] = "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f" }

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
    bucket = nil, clock = clock.new(), marks = {}, calls = 0,
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

local function new_mark(self, key, number, attempts)
  local mark = ("amz-sdk-request: attempt=%d; max=%d"):format(number, attempts)
  self.marks[key] = mark
  return mark
end

-- One attempt: value, or nil and an error.
local function attempt(self, dialect, spec, request, ctx)
  local host = self.host
  local now = host.monotime()
  local last = now + self.timeout
  if ctx.cancel or last >= ctx.ends then
    if now >= ctx.ends or ctx.cancel and ctx.cancel.cancelled then return nil, resend.stopped(spec, ctx) end
    last = min(last, ctx.ends)
  end
  if ctx.hold and last > ctx.holds_until then
    local held, lost = ctx.hold(last)
    if not held then return nil, lost end
  end
  request.deadline = last
  local response, err = host.send(request)
  if not response then
    err.operation = err.operation or spec.op and spec.op.name or spec.operation
    return nil, err
  end
  if now >= self.clock.due then self.clock:note(response, host) end
  return dialect.parse(spec, response)
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
  local attempts, number, failed = ctx.max_attempts or self.max_attempts, 1, nil
  while true do
    local started = self.logger and self.host.monotime()
    local key = number * 1000 + attempts
    dialect.mark(request, self.marks[key] or new_mark(self, key, number, attempts))
    local value
    value, err = attempt(self, dialect, spec, request, ctx)
    if started then events.attempt(self, spec, number, started, value, err, ctx) end
    if value ~= nil then
      if self.bucket then resend.give_back(self.bucket, failed) end
      return value
    end
    failed = resend.after(self, spec, ctx, err, number, attempts, failed)
    if not failed then return nil, err end
    number = number + 1
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
