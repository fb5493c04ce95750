--- The refresh engine: lock, read again, call, store durably, unlock. It runs in a task of the host.
--
-- What it keeps: at most one writer a session; old tokens stay stored until the new ones are durable; a definitive
-- answer is believed only after a second look at the store; nobody deletes what another has written since.
-- @module cognito.refresh

local lazy = require "cognito.lazy"
local records = require "cognito.records"
local tokens = require "cognito.tokens"

local device = lazy.module "cognito.device"
local ended = lazy.module "cognito.ended"
local events = lazy.module "cognito.events"
local hosted = lazy.module "cognito.hosted"
local legacy = lazy.module "cognito.legacy"
local turn = lazy.module "cognito.turn"

local refresh = {}

-- Of the answer nothing but the tokens is wanted.
local get_tokens = { name = "GetTokensFromRefreshToken", client = true, secret = "raw", minting = true, resend = "once",
  result = { AuthenticationResult = "table" }, tokens_only = true }

-- A session from the hosted login is refreshed there: the API would ask for the key of a tracked device, which such a
-- session never gets.
local function exchange(pool, record, ctx)
  if record.origin == "oauth" and pool.domain then return hosted.refresh(pool, record.refresh_token, ctx) end
  if pool.legacy_refresh then return legacy.refresh(pool, record, ctx) end
  local result, err = pool.client:send(get_tokens,
    { RefreshToken = record.refresh_token, DeviceKey = record.device_key }, ctx)
  if result or not legacy.is_needed(err) then return result, err end
  result, err = legacy.refresh(pool, record, ctx)
  if result then pool.legacy_refresh = true end
  return result, err
end

--- Says whether a token is good beyond the margin.
-- @tparam table pool
-- @tparam table record
-- @treturn boolean
function refresh.is_fresh(pool, record)
  local left = tokens.remaining(record, (records.server_now(pool, record)))
  return left > 0 and left > tokens.margin(record, pool.margin)
end

local function store(job, record, expected)
  local pool, key = job.pool, job.key
  local ok, err = records.write(pool, key, record, expected)
  if ok or err.code ~= "conflict" then
    if pool.on_refresh then events.announce(pool, "on_refresh", job.session) end
    return record, err
  end
  local now, failure = records.read(pool, key)
  if now or failure then return now, failure end
  return nil, ended.over(nil, "the session was signed out elsewhere")
end

local function call_and_store(job, record, expected)
  local pool = job.pool
  if not record.refresh_token then return nil, ended.over(nil, "the session has no refresh token") end
  local result, err = nil, pool.dead_count > 0 and ended.known(pool, record)
  if not err then result, err = exchange(pool, record, job) end
  if not result then
    if err.kind == "auth" then return ended.refused(job, record, err, call_and_store) end
    return nil, err
  end
  local server_now, drift, mono = records.server_now(pool)
  -- a record that dies with this process needs no difference of clocks for a later one
  if pool.storage.volatile then drift = nil end
  local lifetime, bad = tokens.check(result, "GetTokensFromRefreshToken", server_now)
  if not lifetime then return nil, bad end
  job.good_until = mono + lifetime
  if result.NewDeviceMetadata ~= nil then job.new_device, job.bad_device = device.metadata(result) end
  return store(job, tokens.renewed(record, result, lifetime, server_now, drift,
    job.new_device and job.new_device.key), expected)
end

--- Says whether a record has what the job is for.
-- @tparam table job
-- @tparam table record
-- @treturn boolean
function refresh.is_wanted(job, record)
  return (not job.force or record.access_token ~= job.known) and refresh.is_fresh(job.pool, record)
end

local function under_lock(job)
  local pool, key = job.pool, job.key
  local record, err, base = records.read(pool, key)
  if err then return nil, err end
  if not record then return nil, ended.over(nil, "the session is not stored any more: it was signed out") end
  local pending = pool.unsaved[key]
  local expected = record.version
  if pending then
    expected = base and base.version
    local ok, failure = records.write(pool, key, record, expected)
    if ok then
      expected = record.version
    elseif refresh.is_wanted(job, record) then
      return record, failure
    end
  end
  if refresh.is_wanted(job, record) then return record end
  return call_and_store(job, record, expected)
end

--- The task: gives a session a fresh access token.
-- @tparam table job see `cognito.turn.take`
-- @treturn table|nil the record with fresh tokens; nil and an error. With a record an error is a warning: the tokens
-- are good but could not be stored. The job gets `ran`, and when tokens came `good_until` (monotonic seconds).
function refresh.task(job)
  job.ran = true
  local alone = job.pool.storage.users == 1 -- see turn.take
  if not alone then
    local locked, err, seen = turn.take(job)
    if not locked then return seen or nil, err end
  end
  local record, failure = under_lock(job)
  if not alone then turn.give_back(job) end
  if job.new_device or job.bad_device then device.take(job, record) end
  if job.events then events.report(job.pool, job.events) end
  return record, failure
end

return refresh
