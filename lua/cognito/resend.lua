--- What an attempt that failed leads to: the same request is sent again after a while, or the call ends.
-- The rules are those of `cognito.protocol.retry`; here they meet the host, which waits, and the caller's limits.
-- @module cognito.resend

local errors = require "cognito.errors"
local retry = require "cognito.protocol.retry"

local resend = {}

local min = math.min

local CANCEL_STEP = 0.05      -- seconds between two looks at a cancel token while waiting

-- The host's generator is good enough for a wait.
local function draw(host)
  return function()
    local a, b, c = host.random(3):byte(1, 3)
    return (a * 65536 + b * 256 + c) / 16777216
  end
end

-- False: the deadline would pass, or the caller cancelled.
local function pause(host, delay, ctx)
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

--- The error of a call that may make no further attempt: it was cancelled, or its deadline has passed.
-- @tparam table spec of the request
-- @tparam table ctx of the call
-- @treturn table of kind `cancelled` or `timeout`
function resend.stopped(spec, ctx)
  local fields = { operation = spec.op and spec.op.name or spec.operation, retryable = false, maybe_processed = false }
  if ctx.cancel and ctx.cancel.cancelled then return errors.new("cancelled", "the call was cancelled", fields) end
  fields.code = "deadline"
  return errors.new("timeout", "the deadline of the call has passed", fields)
end

--- Decides after a failed attempt, and waits when the request is to be sent again.
-- @tparam table client gets its bucket of retry tokens at its first failure
-- @tparam table spec of the request
-- @tparam table ctx of the call
-- @tparam table err of the attempt; its `maybe_processed` becomes that of the whole call
-- @tparam number number of the attempt that failed, from 1
-- @tparam number attempts how many there may be
-- @tparam[opt] table call what this function gave for the attempt before
-- @treturn table|nil what is known of the call; nil: it ends with the error
function resend.after(client, spec, ctx, err, number, attempts, call)
  call = call or { unanswered = 0, maybe_processed = false, cost = nil }
  local unknown = err.maybe_processed
  local safe = retry.is_safe(err, spec.resend or spec.op and spec.op.resend, call.unanswered)
  call.maybe_processed = call.maybe_processed or unknown or false
  err.maybe_processed = call.maybe_processed
  if not safe then return nil end
  client.bucket = client.bucket or retry.new_bucket()
  local delay, cost = retry.next(client.bucket, number, attempts, err, draw(client.host))
  if not delay or not pause(client.host, delay, ctx) then return nil end
  if unknown and err.kind ~= "server" then call.unanswered = call.unanswered + 1 end
  call.cost = cost
  return call
end

--- Gives back to a client's bucket after a success.
-- @tparam table bucket
-- @tparam[opt] table call what `after` gave for the call's last failure
function resend.give_back(bucket, call)
  retry.success(bucket, call and call.cost)
end

return resend
