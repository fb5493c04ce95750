--- What the server knows: pools, clients, users, sign-in sessions and token families.
-- @module cognito.emulator.state

local clock = require "cognito.emulator.clock"
local keys = require "cognito.emulator.keys"
local random = require "cognito.emulator.random"

local State = {}
State.__index = State

local M = {}

--- Makes a user as the pool keeps it.
-- @tparam string username
-- @tparam table given fields of config.lua's user
function M.user(username, given)
  local now = clock.now()
  local user = {
    username = username, sub = given.sub or random.uuid(), password = given.password or nil, status = given.status,
    enabled = given.enabled, attributes = {}, groups = given.groups or {}, created = now, modified = now,
    totp = given.totp_secret and { secret = given.totp_secret } or nil, mfa = {}, script = given.script or nil,
    preferred_mfa = given.preferred_mfa or nil, devices = {}, passkeys = {}, codes = {}, history = {}, failures = 0,
  }
  for name, value in pairs(given.attributes or {}) do user.attributes[name] = tostring(value) end
  for _, method in ipairs(given.mfa or {}) do user.mfa[method] = true end
  user.attributes.sub = user.sub
  return user
end

local function make_pool(config, key)
  local pool = { config = config, id = config.id, name = config.name, key = key, users = {}, clients = {} }
  for name, given in pairs(config.users) do pool.users[name] = M.user(name, given) end
  return pool
end

--- @tparam table config completed by config.lua
-- @treturn table the state
function M.new(config)
  local self = setmetatable({
    config = config, pools = {}, clients = {},
    signins = {}, blocks = {}, families = {}, refresh = {},    -- Session, secret block, origin_jti, refresh token
    logins = {}, grants = {}, browsers = {},                   -- hosted login: by id, code and cookie
    requests = {}, counters = {}, codes = {}, faults = {},     -- what the control plane shows and sets
  }, State)
  for i, given in ipairs(config.pools) do
    local path = config.key_file and config.key_file .. (i > 1 and "." .. i or "") or nil
    local pool = make_pool(given, keys.load(path))
    self.pools[pool.id] = pool
    for _, settings in ipairs(given.clients) do
      local client = { id = settings.id, config = settings, pool = pool }
      pool.clients[client.id] = client
      self.clients[client.id] = client
    end
  end
  return self
end

local ALIASES = { "email", "phone_number", "preferred_username" }

local function allowed(pool, alias)
  for _, list in ipairs { pool.config.aliases, pool.config.username_attributes } do
    for _, name in ipairs(list) do
      if name == alias then return true end
    end
  end
  return false
end

-- A verified address (or a preferred_username) signs its owner in; an address that is the name needs no verifying.
local function answers_to(pool, user, alias, name)
  if user.attributes[alias] ~= name then return false end
  for _, attribute in ipairs(pool.config.username_attributes) do
    if attribute == alias then return true end
  end
  return alias == "preferred_username" or user.attributes[alias .. "_verified"] == "true"
end

--- Finds a user by name or alias; the sub is not a name.
-- @treturn table|nil user
function M.find(pool, name)
  if pool.users[name] then return pool.users[name] end
  for _, alias in ipairs(ALIASES) do
    for _, user in pairs(allowed(pool, alias) and pool.users or {}) do
      if answers_to(pool, user, alias, name) then return user end
    end
  end
  return nil
end

--- Notes that something happened which a state file must remember.
function State:note() self.changed = true end

-- Kept a while longer than they live, so that "expired" is not mistaken for "never seen".
local AFTERLIFE = 3600

local function sweep(entries, expiry, now)
  for key, entry in pairs(entries) do
    if now > expiry(entry) + AFTERLIFE then entries[key] = nil end
  end
end

local function expires(entry) return entry.expires end

--- Drops what has been over for an hour; called now and then.
function State:sweep()
  local now = clock.now()
  for _, entries in ipairs { self.signins, self.logins, self.grants, self.browsers, self.families } do
    sweep(entries, expires, now)
  end
  sweep(self.blocks, function(flow) return flow.exchange.time end, now)
  sweep(self.refresh, function(entry) return entry.family.expires end, now)
end

--- The issuer of a pool's tokens.
function State:issuer(pool)
  local given = pool.config.issuer
  if given == "aws" then return ("https://cognito-idp.%s.amazonaws.com/%s"):format(pool.config.region, pool.id) end
  return given or self.url .. "/" .. pool.id
end

return M
