--- The pool object: the value of `cognito.pool` with a host, a storage and the calls that need them.
-- Its methods run in every host; what is called "the kinds of a call" are `dns connect tls timeout network
-- http_redirect bad_response response_too_large throttled limited server config cancelled`.
-- @module cognito.facade

local choose = require "cognito.host.choose"
local client = require "cognito.client"
local core = require "cognito.core"
local errors = require "cognito.errors"
local lazy = require "cognito.lazy"
local methods = require "cognito.methods"
local options = require "cognito.options"
local pool_value = require "cognito.pool"
local records = require "cognito.records"
local session = require "cognito.session"

local calls = lazy.module "cognito.calls"
local contract = lazy.module "cognito.contract"
local device = lazy.module "cognito.device"
local events = lazy.module "cognito.events"
local stored = lazy.module "cognito.stored"

local facade = {}

local Pool = pool_value.class

methods.attach(Pool, "pool")
methods.attach(session.methods, "session")

local wrong = errors.config

local function choose_storage(o, host)
  local storage = o.storage
  if storage then
    contract.check_storage(storage, "cognito.pool", 4)
  elseif rawget(_G, "ngx") then
    return wrong("storage", "inside nginx a storage must be named", "give storage = cognito.storage.shared_dict{}")
  else
    storage = require("cognito.storage.memory").new()
  end
  if storage.use_clock then storage:use_clock(host.monotime) end
  return storage
end

local LATE = { "protocol.rules", "signin", "credentials" }

-- Inside nginx what is loaded late would be read from the disk in the middle of a request.
local function load_all()
  for _, name in ipairs(LATE) do require("cognito." .. name) end
  lazy.load()
end

-- 62 random bits. Not from OpenSSL's generator, which takes long to start: this is a name and no secret.
local function random_name()
  local id = core.uuid()
  return id:sub(1, 8) .. id:sub(-8)
end

--- See `cognito.pool`. In nginx a pool is best made in init_by_lua*.
-- @tparam table o
-- @treturn table|nil the pool, or nil and an error of kind `config`
function facade.new(o)
  local pool, err = pool_value.new(o)
  if not pool then return nil, err end
  pool.host = choose(o.host, "cognito.pool", 3)
  pool.storage, err = choose_storage(o, pool.host)
  if not pool.storage then return nil, err end
  pool.client = client.new(pool, pool.host)
  pool.key_prefix = pool.user_pool_id .. "\0" .. pool.client_id .. "\0session\0"
  -- the colon keeps these names apart from the keys in hex, whatever a user is called
  pool.short_prefix = core.hex_decode(records.key(pool, "short", ""):sub(1, 16)) .. ":"
  pool.flight_prefix = random_name()
  pool.unsaved, pool.held, pool.dead, pool.dead_count, pool.events = {}, {}, {}, 0, {}
  pool.generation, pool.pointers = 0, 0
  -- nil: nobody knows yet whether an earlier process left tokens to revoke
  if pool.storage.volatile and pool.storage.users == 1 then pool.revocations = false end
  pool.Session = session.class(pool)
  if pool.host.name == "ngx" then load_all() end
  return pool
end

--- Signs a user in; see `cognito.signin.start`. Operations InitiateAuth, RespondToAuthChallenge.
-- @tparam table given
-- @treturn table|nil a step, or nil and an error: `auth`, `invalid`, `rejected`, and the kinds of a call
function Pool:sign_in(given)
  -- no tail call: the levels of raised errors count this function
  local step, err = require("cognito.signin").start(self, given)
  return step, err
end

--- Goes on with a sign-in that `step:dump` put into text; see `cognito.signin.resume`. Nothing is sent.
-- @tparam string text
-- @tparam table given `key`
-- @treturn table|nil a step, or nil and an error: `invalid`, `challenge_expired`, `store` (the key)
function Pool:resume(text, given)
  local step, err = require("cognito.signin").resume(self, text, given)
  return step, err
end

--- A session that was stored earlier, also by another process.
-- @tparam[opt] string|table which a user's name or alias; nothing: the last that signed in (both only in storages with
-- one owner, others raise); `{ id = ... }` anywhere
-- @treturn table|nil the session, or nil and an error: `sign_in_required` when there is none, `store`
function Pool:session(which)
  -- no tail call: the levels of raised errors count this function
  local found, err = stored.session(self, which)
  return found, err
end

local adopt_schema = { refresh_token = "string", username = "string", device = "table|boolean", access_token = "string",
  id_token = "string", expires_at = "number", lifetime = "number", device_key = "string", origin = "string",
  scopes = "table", id = "string" }

-- Without a lifetime the token's own times count; a token that cannot be read is renewed at once.
local function times(given, now)
  if not given.access_token then return 0, 0 end
  local exp = given.expires_at or require("cognito.core").jwt_times(given.access_token)
  if not exp then return 0, 0 end
  return exp, given.lifetime or math.max(exp - now, 0)
end

local function is_token(text)
  return text == nil or text ~= "" and not text:find("[^%w%-_=.]")
end

local function check_tokens(given)
  for _, name in ipairs { "refresh_token", "access_token", "id_token" } do
    if not is_token(given[name]) then
      return nil, errors.new("invalid", name .. " is not a token", { field = name, retryable = false })
    end
  end
  if not given.refresh_token then
    return nil, errors.new("invalid", "a refresh token is needed", { field = "refresh_token", retryable = false })
  end
  if given.username == nil then return true end
  return require("cognito.protocol.typed").check("Username", given.username, "username")
end

--- Makes a session of a refresh token that came from elsewhere (a vault, another SDK, `session:export`). Nothing is
-- sent; it is stored like any other.
-- @tparam table given `refresh_token`, `username`, `access_token`, `id_token`, `device` (`key`, `group_key`,
-- `password`) and whatever else `session:export` gives
-- @treturn table|nil the session, or nil and an error of kind `invalid`
function Pool:adopt(given)
  options.check(given, adopt_schema, "pool:adopt", 2)
  local ok, err = check_tokens(given)
  if not ok then return nil, err end
  local now = records.server_now(self)
  local expires_at, lifetime = times(given, now)
  local username = given.username or require("cognito.tokens").username(given.access_token)
  local known, unsaved = type(given.device) == "table" and given.device or nil, nil
  if known then ok, unsaved = device.adopt(self, username, known, 2) end
  local made = session.create(self, { username = username, access_token = given.access_token,
    id_token = given.id_token, refresh_token = given.refresh_token, expires_at = expires_at, lifetime = lifetime,
    origin = given.origin, scopes = given.scopes,
    device_key = given.device_key or known and known.key }, { id = given.id })
  if not ok then
    made.last_error = unsaved
    events.announce(self, "on_warning", unsaved, made)
  end
  if self.events[1] then events.flush(self) end
  return made
end

--- Takes over the sessions that amazon-cognito-identity-js or Amplify keep in a browser's storage.
-- @tparam table|string dump key -> value as in localStorage, or that as JSON (`JSON.stringify(localStorage)`)
-- @treturn table|nil a list of sessions (those of other clients are left out), or nil and an error of kind `invalid`
-- @treturn table a list of errors, one for each user whose tokens could not be taken
function Pool:import(dump)
  return require("cognito.import").run(self, dump)
end

--- Calls an operation of the API that needs no session. ClientId and the client secret are filled in.
-- @tparam string name one of the 32 operations without AWS credentials; another raises
-- @tparam[opt] table input the operation's members, as the API spells them
-- @tparam[opt] table given `deadline` (seconds), `cancel`, `max_attempts`
-- @treturn table|nil the answer's members, or nil and an error: `invalid` (refused before sending: `field`), `auth`,
-- `rejected` (see `code` and `hint`), and the kinds of a call
function Pool:call(name, input, given)
  -- no tail call: the levels of raised errors count this function
  local answer, err = calls.of_pool(self, name, input, given)
  return answer, err
end

--- The sessions that are stored for this pool and client; not for shared storages, where nobody may list others.
-- @treturn table|nil a list of sessions, or nil and an error of kind `store`
function Pool:sessions()
  local list, err = stored.sessions(self)
  return list, err
end

--- The server's clock minus ours, as the last answer showed it.
-- @treturn number|nil seconds; nil before the first answer
function Pool:drift()
  return self.client.clock:difference(self.host.now(), self.host.monotime())
end

--- Login by the pool's own pages; see `cognito.hosted.new`.
-- @tparam table given
-- @treturn table|nil the login, or nil and an error of kind `config`
function Pool:hosted_login(given)
  return require("cognito.hosted").new(self, given)
end

--- Tokens for the program itself; see `cognito.credentials.new`.
-- @tparam[opt] table given
-- @treturn table|nil the source, or nil and an error of kind `config`
function Pool:client_credentials(given)
  return require("cognito.credentials").new(self, given)
end

--- Tries again to revoke what earlier sign-outs could not (RevokeToken).
-- @tparam[opt] table given `deadline`, `cancel`, `max_attempts`
-- @treturn number how many refresh tokens still wait
function Pool:retry_revocations(given)
  options.check_call(given, "pool:retry_revocations", 2)
  return require("cognito.signout").drain(self, self.client:context(given))
end

return facade
