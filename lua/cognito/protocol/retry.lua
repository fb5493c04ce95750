--- When a request is sent again: the AWS SDKs' "standard" mode, generation of 2026, and our exceptions.
-- Pure: the caller sleeps. Exceptions: `limited` (LimitExceededException: minutes to wait, side effects repeated) and
-- failed certificate checks are final, and what may have been processed is sent again only where that is safe.
-- @module cognito.protocol.retry

local retry = {}

local min, max = math.min, math.max

local CAPACITY = 500
local LONGEST = 20            -- seconds of backoff
local HINT_SPAN = 5           -- seconds that the server's hint may add to the backoff
local cost_of = { throttling = 5, transient = 14 }
local scale_of = { throttling = 1, transient = 0.05 }

--- A bucket of retry tokens; one a client, shared by all its calls.
-- @tparam[opt=500] number tokens
-- @treturn table
function retry.new_bucket(tokens)
  return { tokens = tokens or CAPACITY }
end

--- What sort of failure an error is.
-- @tparam table err an error object
-- @treturn string|nil `throttling`, `transient`, or nil where sending again cannot help
function retry.class(err)
  if not err.retryable then return nil end
  return err.kind == "throttled" and "throttling" or "transient"
end

--- The delay before retry number n.
-- @tparam string class see `class`
-- @tparam number n 1 for the first retry
-- @tparam number rand in [0,1)
-- @tparam[opt] number hint seconds that the server asked for
-- @treturn number seconds
function retry.delay(class, n, rand, hint)
  local delay = rand * min(scale_of[class] * 2 ^ (n - 1), LONGEST)
  if hint and hint >= 0 then delay = max(delay, min(hint, delay + HINT_SPAN)) end
  return delay
end

--- Says whether a failed request may be sent again at all, whatever the number of attempts (rule R1).
-- @tparam table err an error object with `maybe_processed` and `status`
-- @tparam[opt] string resend the operation's own rule, see `cognito.protocol.ops`
-- @tparam number lost how many earlier attempts of this call ended without an answer
-- @treturn boolean
function retry.is_safe(err, resend, lost)
  if not err.maybe_processed or resend == "safe" then return true end
  if resend == "answered" then return err.status ~= nil end
  return resend == "once" and (err.status ~= nil and err.kind == "server" or lost == 0)
end

--- Decides after a failed attempt, and takes the cost of the retry from the bucket.
-- @tparam table bucket
-- @tparam number attempt the number of the attempt that failed, from 1
-- @tparam number attempts how many there may be
-- @tparam table err
-- @tparam function rand gives a number in [0,1)
-- @treturn number|nil seconds to wait before sending again; nil: stop
-- @treturn number|string the cost taken, or the reason to stop
function retry.next(bucket, attempt, attempts, err, rand)
  if attempt >= attempts then return nil, "attempts" end
  local class = retry.class(err)
  if not class then return nil, "final" end
  local cost = cost_of[class]
  if bucket.tokens < cost then return nil, "quota" end
  bucket.tokens = bucket.tokens - cost
  return retry.delay(class, attempt, rand(), err.retry_after), cost
end

--- Gives back to the bucket after a success.
-- @tparam table bucket
-- @tparam[opt] number cost of the call's last retry; nil when there was none
function retry.success(bucket, cost)
  if bucket.tokens < CAPACITY then bucket.tokens = min(bucket.tokens + (cost or 1), CAPACITY) end
end

return retry
