--- The refresh engine: lock, read again, call, store durably, unlock. It runs in a task of the host.
--
-- What it keeps: at most one writer a session; old tokens stay stored until the new ones are durable; a definitive
-- answer is believed only after a second look at the store; nobody deletes what another has written since.
-- @module cognito.refresh

local core = require "cognito.core"
local lazy = require "cognito.lazy"
local records = require "cognito.records"
local tokens = require "cognito.tokens"

local device = lazy.module "cognito.device"
local events = lazy.module "cognito.events"
local turn = lazy.module "cognito.turn"

local refresh = {}

local DEAD_MAX = 1000

-- Of the answers nothing but the tokens is wanted, and the old way to refresh may be repeated like the new one.
local function row(name, secret)
  return { name = name, client = true, secret = secret, minting = true, resend = "once",
    result = { AuthenticationResult = "table" }, tokens_only = true }
end

local get_tokens, legacy = row("GetTokensFromRefreshToken", "raw"), row("InitiateAuth", "auth")

-- Answers of servers that do not know GetTokensFromRefreshToken: the codes differ, and so do the statuses.
local function is_unknown_operation(err)
  if err.reason == "unknown_operation" then return true end
  return err.status == 404 or err.status == 405 or err.status == 501
end

local function by_legacy(pool, record, ctx)
  ctx.hash_username = tokens.username(record.access_token) or record.username
  return pool.client:send(legacy, { AuthFlow = "REFRESH_TOKEN_AUTH",
    AuthParameters = { REFRESH_TOKEN = record.refresh_token, DEVICE_KEY = record.device_key } }, ctx)
end

local function by_api(pool, record, ctx)
  if pool.legacy_refresh then return by_legacy(pool, record, ctx) end
  local result, err = pool.client:send(get_tokens,
    { RefreshToken = record.refresh_token, DeviceKey = record.device_key }, ctx)
  if result or not is_unknown_operation(err) then return result, err end
  result, err = by_legacy(pool, record, ctx)
  if result then pool.legacy_refresh = true end
  return result, err
end

--- How a session's tokens are exchanged, by its origin: `function(pool, record, ctx)` gives an AuthenticationResult.
-- A session from the hosted login uses the API too, unless its own exchange is entered here.
local exchanges = { api = by_api }
refresh.exchanges = exchanges

--- Says whether a token is good beyond the margin.
-- @tparam table pool
-- @tparam table record
-- @treturn boolean
function refresh.is_fresh(pool, record)
  local left = tokens.remaining(record, (records.server_now(pool, record)))
  return left > 0 and left > tokens.margin(record, pool.margin)
end

local function remember_dead(pool, record, err)
  if pool.dead_count >= DEAD_MAX then pool.dead, pool.dead_count = {}, 0 end
  pool.dead[core.sha256(record.refresh_token)] = err
  pool.dead_count = pool.dead_count + 1
end

local call_and_store

-- The service says the session is over: another look at the store, for a sibling may have won the race.
local function refused(job, record, err)
  local pool, key = job.pool, job.key
  local now, failure, base = records.read(pool, key)
  if failure then return nil, failure end
  if now and now.refresh_token ~= record.refresh_token then
    if refresh.is_fresh(pool, now) then return now end
    if not job.second then
      job.second = true
      return call_and_store(job, now, (base or now).version)
    end
  end
  remember_dead(pool, record, err)
  if now then records.remove(pool, key, (base or now).version) end
  events.announce(pool, "on_signed_out", err.reason or err.code or "refused", job.session)
  return nil, records.over(err, "the session is over: " .. err.message)
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
  return nil, records.over(nil, "the session was signed out elsewhere")
end

function call_and_store(job, record, expected)
  local pool = job.pool
  if not record.refresh_token then return nil, records.over(nil, "the session has no refresh token") end
  local dead = pool.dead_count > 0 and pool.dead[core.sha256(record.refresh_token)]
  local exchange = exchanges[record.origin or "api"] or by_api
  local result, err
  if dead then err = dead else result, err = exchange(pool, record, job) end
  if not result then
    if err.kind == "auth" then return refused(job, record, err) end
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
  if not record then return nil, records.over(nil, "the session is not stored any more: it was signed out") end
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

-- The service may hand out a device's key with renewed tokens too. It is stored with them; without a confirmation the
-- next refresh would be refused. What goes wrong here is a warning: the tokens are good.
local function take_device(job, record)
  local pool, given, err = job.pool, job.new_device, job.bad_device
  if given and pool.device and record and record.device_key == given.key then
    given.name, given.access_token = record.username, record.access_token
    local state
    state, err = device.enrol(pool, given, job)
    device.tell(job.session, state)
  end
  if err then events.announce(pool, "on_warning", err, job.session) end
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
  if job.new_device or job.bad_device then take_device(job, record) end
  if job.events then events.report(job.pool, job.events) end
  return record, failure
end

return refresh
