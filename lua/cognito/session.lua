--- A session: the tokens of one sign-in, kept fresh.
--
-- A session object has `id`, `username`, and where they apply `device`, `last_error`. Its methods run in every host;
-- what is called "the kinds of a call" is said in `cognito.facade`.
-- @module cognito.session

local lazy = require "cognito.lazy"
local options = require "cognito.options"
local records = require "cognito.records"
local refresh = require "cognito.refresh"
local tokens = require "cognito.tokens"

local calls = lazy.module "cognito.calls"
local device = lazy.module "cognito.device"
local events = lazy.module "cognito.events"
local identity = lazy.module "cognito.identity"
local setback = lazy.module "cognito.setback"
local signout = lazy.module "cognito.signout"
local turn = lazy.module "cognito.turn"

local session = {}

local getmetatable, setmetatable = getmetatable, setmetatable
local check_call = options.check_call
local huge = math.huge

local Session = {}
session.methods = Session

local function pool_of(self)
  return getmetatable(self).pool
end

-- The monotonic time until which the token is given out without a look at anything else.
local function fresh_until(pool, record)
  if not record.access_token then return -huge end
  local left = tokens.remaining(record, (records.server_now(pool, record)))
  if left <= 0 then return -huge end
  return pool.host.monotime() + left - tokens.margin(record, pool.margin)
end

local function take(self, pool, record, good_until)
  local token = record.access_token
  if token ~= self.token then
    self.token = token
    if self.identity then self.identity, self.id_until = nil, nil end
    if record.username and self.username ~= record.username then self.username = record.username end
  end
  if not pool.storage.volatile then self.record = record end
  self.fresh_until = good_until and good_until - tokens.margin(record, pool.margin) or fresh_until(pool, record)
end

--- Seconds for which the access token of a session is good by the server's clock.
-- @tparam table self
-- @tparam table pool
-- @treturn number 0 or less when it is not
function session.remaining(self, pool)
  local record = self.token and records.of(self)
  if not record then return 0 end
  return tokens.remaining(record, (records.server_now(pool, record)))
end

local function succeed(self, pool, record, warning, job)
  take(self, pool, record, job.good_until)
  if warning then
    setback.unsaved(self, pool, warning, job.ran)
  elseif self.last_error then
    self.failures, self.last_error = nil, nil
  end
  return true
end

local function new_job(self, pool, force)
  local job = { pool = pool, key = records.session_key(pool, self.id), session = self, force = force,
    known = self.token, ends = pool.host.monotime() + pool.client.deadline, ran = false, good_until = nil }
  if pool.logger then job.events = {} end
  return job
end

-- In a host with tasks the flight belongs to all who wait, so no single caller's limits are the flight's.
local function limit(job, given)
  local ends = job.ends
  if not given then return ends end
  if given.deadline then ends = ends - job.pool.client.deadline + given.deadline end
  if job.pool.host.name == "blocking" then
    job.ends, job.cancel, job.max_attempts = ends, given.cancel, given.max_attempts
  end
  return ends, given.cancel
end

-- What an earlier sign-out, maybe of another process, could not revoke.
local function revoke_waiting(pool, ctx)
  if pool.revocations == nil and not records.revocations(pool) then
    pool.revocations = false
  else
    signout.drain_later(pool, ctx)
  end
end

local function renew(self, given, force)
  local pool = pool_of(self)
  local job = new_job(self, pool, force)
  local ends, cancel = limit(job, given)
  local record, err = pool.host.once(records.flight_key(pool, self.id), function() return refresh.task(job) end,
    ends, cancel)
  local ok, why
  if record then
    ok, why = succeed(self, pool, record, err, job)
  else
    if err.code == "task" and pool.held[job.key] then turn.release(pool, job.key) end
    ok, why = setback.failed(self, pool, err, force, job.ran)
  end
  if pool.events[1] then events.flush(pool) end
  if record and pool.revocations ~= false then revoke_waiting(pool, { ends = ends, cancel = cancel }) end
  return ok, why
end

--- A valid access token; it is renewed when it must be. Yields or blocks only then.
-- While the service cannot be reached the old token is given out as long as it is good (see `last_error`).
-- @function session:access_token
-- @tparam[opt] table given `deadline` (seconds), `cancel`, `max_attempts`
-- @treturn string|nil the token, or nil and an error: `sign_in_required` when the session is over; any kind of
-- failure of a call otherwise (operation GetTokensFromRefreshToken); `store`
local function make_access_token(monotime)
  return function(self, given)
    if monotime() < self.fresh_until then return self.token end
    local ok, err = renew(self, check_call(given, "session:access_token", 2))
    if ok then return self.token end
    return nil, err
  end
end

--- A valid ID token; it is renewed when it must be (GetTokensFromRefreshToken).
-- @tparam[opt] table given as for `access_token`
-- @treturn string|nil the token, or nil and an error as for `access_token`; `rejected` with code `no_id_token` when the
-- session has none
function Session:id_token(given)
  if self.identity and pool_of(self).host.monotime() < self.id_until then return self.identity end
  return identity.token(self, check_call(given, "session:id_token", 2))
end

--- The claims of the ID token as plain Lua values. The token at hand is read, without a renewal; one is made only
-- when there is none.
-- @tparam[opt] table given as for `access_token`
-- @treturn table|nil the claims, or nil and an error as for `id_token`; `bad_response` when it cannot be read
function Session:claims(given)
  return identity.claims(self, given)
end

--- Seconds for which the access token at hand is good.
-- @treturn number 0 when it is not
function Session:expires_in()
  local left = session.remaining(self, pool_of(self))
  return left > 0 and left or 0
end

--- Renews the tokens now, unless somebody else just did (GetTokensFromRefreshToken).
-- @tparam[opt] table given as for `access_token`
-- @treturn boolean|nil true, or nil and an error as for `access_token`
function Session:refresh(given)
  return renew(self, check_call(given, "session:refresh", 2), true)
end

--- Puts the access token into a table of HTTP header fields.
-- @tparam table headers gets `Authorization`
-- @tparam[opt] table given as for `access_token`
-- @treturn table|nil the same table, or nil and an error as for `access_token`
function Session:authorize(headers, given)
  if type(headers) ~= "table" then error("session:authorize: a table of headers is needed", 2) end
  local token, err = self:access_token(given)
  if not token then return nil, err end
  headers.Authorization = "Bearer " .. token
  return headers
end

--- Calls an operation of the API as this user. AccessToken, ClientId and the client secret are filled in.
-- @tparam string name one of the 32 operations without AWS credentials; another raises
-- @tparam[opt] table input the operation's members, as the API spells them
-- @tparam[opt] table given as for `access_token`
-- @treturn table|nil the answer's members, or nil and an error: `invalid` (refused before sending: `field`), `auth`,
-- `rejected` (see `code` and `hint`), `sign_in_required`, and the kinds of a call
function Session:call(name, input, given)
  -- no tail call: the levels of raised errors count this function
  local answer, err = calls.of_session(self, name, input, given)
  return answer, err
end

--- What another program needs to go on with this session; `pool:adopt` takes it. It holds secrets.
-- @treturn table `refresh_token`, `access_token`, `id_token`, `username`, `expires_at`, `lifetime`, `device_key`,
-- `origin`, `scopes`, `device` (`key`, `group_key`, `password`, `confirmed`)
function Session:export()
  local out = {}
  for k, v in pairs(records.of(self) or {}) do
    if k ~= "version" and k ~= "id" and k ~= "drift" then out[k] = v end
  end
  out.device = device.export(pool_of(self), out)
  return out
end

--- Ends the session (RevokeToken; with `global` GlobalSignOut too). It is always cleared locally; what could not be
-- revoked is queued and tried again later.
-- @tparam[opt] table given `revoke` (default true), `global` (default false: all sessions of the user), `deadline`,
-- `cancel`, `max_attempts`
-- @treturn table what happened, per step: `cleared`, `revoked`, `global`, `queued` (booleans) and `errors` (by step)
function Session:sign_out(given)
  return signout.run(self, pool_of(self), given)
end

-- Without the user's name, which the service's model calls sensitive, and the id, which is all one needs to use a
-- session of a shared storage.
local function describe(self)
  return ("cognito.session(%s)"):format(pool_of(self).user_pool_id)
end

--- The class of a pool's sessions: the hit path reads the host's clock as an upvalue.
-- @tparam table pool
-- @treturn table the metatable
function session.class(pool)
  local methods = { access_token = make_access_token(pool.host.monotime) }
  setmetatable(methods, { __index = Session })
  for name, method in pairs(Session) do methods[name] = method end
  return { __name = "cognito.session", __index = methods, __tostring = describe, pool = pool }
end

--- Makes the object of a record.
-- @tparam table pool
-- @tparam table record
-- @treturn table
function session.wrap(pool, record)
  local self = setmetatable({ id = record.id, username = record.username, token = record.access_token,
    fresh_until = fresh_until(pool, record) }, pool.Session)
  if not pool.storage.volatile then self.record = record end
  return self
end

--- Stores a new session and gives its object. A store that fails is a warning: the session is good without it.
-- @tparam table pool
-- @tparam table fields the record's, but for `version` and `id`
-- @tparam[opt] table info `alias` (the name that was typed), `id`
-- @treturn table the session
function session.create(pool, fields, info)
  fields.id = info and info.id or records.new_id(pool, fields.username, fields.refresh_token or fields.access_token)
  if pool.storage.volatile then fields.drift = nil end
  local record = records.make(pool, fields)
  local self = session.wrap(pool, record)
  local ok, err = records.replace(pool, records.session_key(pool, record.id), record)
  if ok then ok, err = records.remember(pool, record.id, info and info.alias) end
  if not ok then setback.unsaved_yet(self, pool, err) end
  return self
end

return session
