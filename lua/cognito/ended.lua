--- The end of a session: the error that says so, and what is done when the service refuses a refresh.
-- A definitive answer is believed only after a second look at the store: a sibling may have won the race.
-- @module cognito.ended

local errors = require "cognito.errors"
local events = require "cognito.events"
local records = require "cognito.records"
local refresh = require "cognito.refresh"

local sha256 = require("cognito.core").sha256

local ended = {}

local DEAD_MAX = 1000

--- The error of a session that is over.
-- @tparam[opt] table cause
-- @tparam[opt] string message
-- @treturn table of kind `sign_in_required`
function ended.over(cause, message)
  return errors.new("sign_in_required", message or "the session is over", { cause = cause,
    code = cause and cause.code, reason = cause and cause.reason, operation = cause and cause.operation,
    request_id = cause and cause.request_id, status = cause and cause.status, retryable = false,
    hint = "sign in again" })
end

local function remember_dead(pool, record, err)
  if pool.dead_count >= DEAD_MAX then pool.dead, pool.dead_count = {}, 0 end
  pool.dead[sha256(record.refresh_token)] = err
  pool.dead_count = pool.dead_count + 1
end

--- What the service said of a refresh token that is known to be dead.
-- @tparam table pool
-- @tparam table record
-- @treturn table|nil an error of kind `auth`
function ended.known(pool, record)
  return pool.dead[sha256(record.refresh_token)]
end

--- Takes the service's word that a refresh token is dead.
-- @tparam table job see `cognito.turn.take`
-- @tparam table record whose refresh token was refused
-- @tparam table err of kind `auth`
-- @tparam function again `again(job, record, expected)` exchanges the tokens of another record
-- @treturn table|nil the record that a sibling stored, or nil and an error: `sign_in_required`, `store`
function ended.refused(job, record, err, again)
  local pool, key = job.pool, job.key
  local now, failure, base = records.read(pool, key)
  if failure then return nil, failure end
  if now and now.refresh_token ~= record.refresh_token then
    if refresh.is_fresh(pool, now) then return now end
    if not job.second then
      job.second = true
      return again(job, now, (base or now).version)
    end
  end
  remember_dead(pool, record, err)
  if now then records.remove(pool, key, (base or now).version) end
  events.announce(pool, "on_signed_out", err.reason or err.code or "refused", job.session)
  return nil, ended.over(err, "the session is over: " .. err.message)
end

return ended
