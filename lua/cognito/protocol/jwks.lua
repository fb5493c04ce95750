--- A key set as a value: how old it is, when it may or must be fetched again, and what may replace it. No I/O.
-- @module cognito.protocol.jwks

local core = require "cognito.core"

local jwks = {}

local Set = { __name = "cognito.jwks" }
Set.__index = Set

local max, min = math.max, math.min

--- Bytes of a key set document.
jwks.MAX_BODY = 262144
--- Seconds that no limit goes beyond.
jwks.CEILING = 86400

-- A background renewal begins when this part of the age limit has passed.
local RENEW_AT = 0.75
-- A server that forbids caching would have us fetch for every token.
local LEAST_AGE = 60

--- Makes an empty set.
-- @tparam table limits seconds: `max_age` (older keys are fetched again before use), `max_stale` (older keys are not
-- used at all), `cooldown` (between two attempts to fetch)
-- @treturn table
function jwks.new(limits)
  return setmetatable({ limits = limits, keys = nil, text = nil, fetched = nil, attempted = nil, age = nil,
    broken = nil }, Set)
end

--- What the keys are good for now.
-- @tparam number mono monotonic seconds
-- @treturn string `ready`; `renew`: good, but getting old; `stale`: to be used only when no others can be had;
-- `empty`: none, or too old to be trusted
function Set:state(mono)
  if not self.keys then return "empty" end
  if not self.fetched then return "ready" end
  local age = mono - self.fetched
  if age < self.age * RENEW_AT then return "ready" end
  if age < self.age then return "renew" end
  return age < self.limits.max_stale and "stale" or "empty"
end

--- Says whether an attempt to fetch is allowed: the cool-down counts from the last attempt, whatever came of it.
-- @tparam number mono monotonic seconds
-- @treturn boolean
function Set:may_fetch(mono)
  return not self.attempted or mono - self.attempted >= self.limits.cooldown
end

--- Starts the cool-down. To be called before the attempt, so that one that fails or hangs counts.
-- @tparam number mono monotonic seconds
function Set:attempt(mono)
  self.attempted = mono
end

local function read(text)
  local keys, code = core.jwks(text)
  if not keys then return nil, code end
  if keys:usable() == 0 then return nil, "key_unusable" end
  return keys
end

--- Takes a key set over, if it has at least one usable key; else the old one stays. A text that did not change keeps
-- the parsed keys.
-- @tparam string text the document
-- @tparam number|nil fetched monotonic seconds; nil: never out of date
-- @tparam[opt] number age seconds that the server allows
-- @treturn boolean|nil true, or nil and `jwks_invalid` or `key_unusable`
function Set:accept(text, fetched, age)
  if text ~= self.text then
    local keys, code = read(text)
    if not keys then return nil, code end
    self.keys, self.text = keys, text
  end
  self.fetched = fetched
  self.age = min(max(age or jwks.CEILING, LEAST_AGE), self.limits.max_age)
  return true
end

--- Takes a key set that is never replaced, so that even one without a usable key gives its reason for each token.
-- @tparam string text the document
function Set:hold(text)
  local code
  self.keys, code = core.jwks(text)
  self.broken = code
end

--- How long a server allows an answer to be kept (RFC 9111 section 5.2.2.1).
-- @tparam string headers the raw header block
-- @treturn number|nil seconds
function jwks.allowed_age(headers)
  local control = core.header(headers, "cache-control")
  if not control then return nil end
  control = control:lower()
  if control:find("no-store", 1, true) or control:find("no-cache", 1, true) then return 0 end
  local seconds = ("," .. control):match("[,%s]max%-age=(%d+)")
  return seconds and tonumber(seconds)
end

return jwks
