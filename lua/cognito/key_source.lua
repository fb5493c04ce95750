--- Where a verifier's keys come from: one pool's key set, fetched, renewed and shared.
-- @module cognito.key_source

local core = require "cognito.core"
local errors = require "cognito.errors"
local get = require "cognito.protocol.get"
local jwks = require "cognito.protocol.jwks"

local key_source = {}

local Source = { __name = "cognito.key_source" }
Source.__index = Source

local POLL = 0.05       -- seconds between two looks at what another process is fetching
local OPERATION = "GetJwks"

--- Makes a source.
-- @tparam table o `url`; `client` (see `cognito.client`), `host`; `limits` (see `cognito.protocol.jwks`); `timeout` of
-- a fetch (s); optional `storage`, through which processes share a key set
-- @treturn table
function key_source.new(o)
  local self = setmetatable({ url = o.url, client = o.client, host = o.host, timeout = o.timeout,
    storage = o.storage, set = jwks.new(o.limits), flight_ends = nil, last_error = nil }, Source)
  self.record_key = core.hex_encode(core.sha256("jwks " .. o.url))
  -- of this source alone: the task of another one with the same address would not fill our set
  self.flight = "jwks " .. o.url .. " " .. core.uuid()
  self.task = function() return self:run() end
  return self
end

--- Takes a key set that the caller has; it ages like a fetched one.
-- @tparam string text
-- @treturn boolean|nil true, or nil and an error of kind `token`: `jwks_invalid`, `key_unusable`
function Source:preload(text)
  local ok, code = self.set:accept(text, self.host.monotime())
  if ok then return true end
  return nil, errors.new("token", code == "jwks_invalid" and "the text is not a JSON Web Key Set"
    or "the key set has no key that can verify RS256", { code = code })
end

--- Uses a key set for good and fetches none.
-- @tparam string text
function Source:hold(text)
  self.client = nil
  self.set:hold(text)
end

-- ---- one fetch, in a task that the host owns ----------------------------------------------------------------------

local function refuse(code)
  return nil, errors.new("bad_response", "the key set cannot be used", { code = code, operation = OPERATION })
end

function Source:fetch(ends)
  local spec = { url = self.url, operation = OPERATION, max_body = jwks.MAX_BODY, resend = "safe" }
  local response, err = self.client:request(get, spec, { ends = ends, max_attempts = 1 })
  if not response then return nil, err end
  local ok, code = self.set:accept(response.body, self.host.monotime(), jwks.allowed_age(response.headers))
  if not ok then return refuse(code) end
  return true
end

-- Another process fetched it: its age counts from then. A stamp from the future is a clock that was set.
function Source:adopt(record)
  local age = self.host.now() - (record.fetched or -math.huge)
  local fetched = self.host.monotime() - age
  local known = self.set.fetched
  if not record.jwks or age < -1 or age >= self.set.limits.max_age then return false end
  if known and fetched <= known + 1 then return false end
  return self.set:accept(record.jwks, fetched, record.age) == true
end

function Source:recently_tried(record)
  local since = self.host.now() - (record.attempted or -math.huge)
  return since >= 0 and since < self.set.limits.cooldown
end

local function version_after(version)
  local id, counter = (version or ""):match("^(%x+)%.(%d+)$")
  return (id or core.hex_encode(core.random(8))) .. "." .. ((tonumber(counter) or 0) + 1)
end

-- Under the lock: the cool-down is stamped for all processes before the attempt.
function Source:fetch_for_all(record, ends)
  local storage, now = self.storage, self.host.now()
  local before = record and record.version
  local stamp = { version = version_after(before), attempted = now, jwks = record and record.jwks,
    fetched = record and record.fetched, age = record and record.age }
  local stamped = storage:put(self.record_key, stamp, before)
  local ok, err = self:fetch(ends)
  if ok and stamped then
    storage:put(self.record_key, { version = version_after(stamp.version), attempted = now, jwks = self.set.text,
      fetched = self.host.now(), age = self.set.age }, stamp.version)
  end
  return ok, err
end

function Source:read_or_fetch(ends)
  local record = self.storage:get(self.record_key)
  if record and self:adopt(record) then return true end
  if record and self:recently_tried(record) then
    return nil, errors.new("token", "another process could not fetch the key set", { code = "jwks_unavailable" })
  end
  return self:fetch_for_all(record, ends)
end

-- While another process fetches, its result is waited for. A storage that fails is gone round.
function Source:share(ends)
  local storage, host = self.storage, self.host
  repeat
    local token, why = storage:try_lock(self.record_key, self.timeout + 1)
    if token then
      local ok, err = self:read_or_fetch(ends)
      storage:unlock(self.record_key, token)
      return ok, err
    end
    if why ~= "busy" then return self:fetch(ends) end
    host.sleep(POLL)
  until host.monotime() >= ends
  return nil, errors.new("timeout", "another process did not end its fetch of the key set", { operation = OPERATION })
end

function Source:run()
  local mono = self.host.monotime()
  local ends = mono + self.timeout
  self.set:attempt(mono)
  self.flight_ends = ends
  local ok, err
  if self.storage then ok, err = self:share(ends) else ok, err = self:fetch(ends) end
  self.flight_ends, self.last_error = nil, err
  return ok, err
end

-- ---- what the verifier calls ----------------------------------------------------------------------------------------

-- Within the cool-down only a fetch that is under way already can help.
function Source:load(ends, cancel)
  local mono = self.host.monotime()
  local flying = self.flight_ends and mono < self.flight_ends
  if not flying and not self.set:may_fetch(mono) then return nil, self.last_error end
  return self.host.once(self.flight, self.task, ends, cancel)
end

-- A loop whose callers park goes on only while one of them waits.
local function has_background(host)
  return host.name ~= "blocking" and not host.park
end

-- Nobody waits for it: the deadline of this caller is now.
function Source:renew(mono)
  if has_background(self.host) and not self.flight_ends and self.set:may_fetch(mono) then
    self.host.once(self.flight, self.task, mono)
  end
end

--- Keys that need no waiting; what gets old is renewed in the background.
-- @treturn userdata|nil
function Source:ready()
  local set = self.set
  if not self.client then return set.keys end
  local mono = self.host.monotime()
  local state = set:state(mono)
  if state == "renew" then self:renew(mono) end
  if state == "ready" or state == "renew" then return set.keys end
end

--- Says whether keys are still those in use, and fresh.
-- @tparam userdata keys
-- @treturn boolean
function Source:holds(keys)
  local set = self.set
  return set.keys == keys and (not self.client or set:state(self.host.monotime()) == "ready")
end

--- Other keys than those that did not do, fetched if that is allowed now.
-- @tparam userdata|nil had
-- @tparam number ends monotonic seconds
-- @tparam[opt] table cancel a token
-- @treturn userdata|nil keys; nil alone: there are no others; nil and an error of kind `token`: there are none at all
-- @treturn table|nil beside keys: why old ones had to do
function Source:obtain(had, ends, cancel)
  if not self.client then
    local code = self.set.broken
    return nil, code and errors.new("token", "the key set given as jwks is not one", { code = code }) or nil
  end
  local _, err = self:load(ends, cancel)
  local state = self.set:state(self.host.monotime())
  if err and err.kind == "cancelled" then return nil, err end
  if state == "empty" then
    return nil, errors.new("token", "no key set could be had",
      { code = "jwks_unavailable", cause = err, retryable = not err or err.retryable or false })
  end
  if self.set.keys == had then return nil end
  return self.set.keys, state == "stale" and err or nil
end

return key_source
