--- Tokens: families that share an origin_jti, access and ID tokens (RS256), opaque refresh tokens, rotation.
-- @module cognito.emulator.tokens

local clock = require "cognito.emulator.clock"
local errors = require "cognito.emulator.errors"
local keys = require "cognito.emulator.keys"
local random = require "cognito.emulator.random"
local trigger = require "cognito.emulator.trigger"

local M = {}

M.API_SCOPE = "aws.cognito.signin.user.admin"

-- As long as a real one (a JWE in five parts), but nothing can be read from it.
local HEAD = random.base64url '{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}'
local function refresh_text()
  return table.concat({ HEAD, random.token(342), random.token(16), random.token(1290), random.token(22) }, ".")
end

--- Starts a family: what one sign-in gives.
-- @tparam table state
-- @tparam table client
-- @tparam table user
-- @tparam table opts `device_key`, `scopes` (list), `nonce`, `origin` ("api" or "oauth")
function M.family(state, client, user, opts)
  local now = clock.seconds()
  local family = {
    id = random.uuid(), client = client, user = user, auth_time = now, event_id = random.uuid(), jtis = {},
    expires = now + client.config.refresh_token_ttl, device_key = opts.device_key, nonce = opts.nonce,
    scopes = opts.scopes or { M.API_SCOPE }, origin = opts.origin or "api",
  }
  state.families[family.id] = family
  return family
end

--- @treturn string a new refresh token of the family
function M.refresh_token(state, family)
  local text = refresh_text()
  state.refresh[text] = { family = family, text = text }
  family.newest = text
  return text
end

local function common(state, family, use, ttl)
  local now = clock.seconds()
  return {
    sub = family.user.sub, iss = state:issuer(family.client.pool), token_use = use, event_id = family.event_id,
    auth_time = family.auth_time, iat = now, exp = now + ttl, jti = random.uuid(),
    origin_jti = family.client.config.token_revocation and family.id or nil,
    ["cognito:groups"] = #family.user.groups > 0 and family.user.groups or nil,
  }
end

-- The function changes the claims in place; it may add, overwrite and take away.
local function override(family, claims)
  local hook = family.client.pool.config.triggers.pre_token
  if hook then trigger.run(hook, "PreTokenGeneration", claims, family.user.attributes) end
  return claims
end

--- @treturn string an access token
function M.access(state, family)
  local claims = common(state, family, "access", family.client.config.access_token_ttl)
  claims.client_id, claims.username = family.client.id, family.user.username
  claims.scope = table.concat(family.scopes, " ")
  claims.device_key = family.device_key
  if family.origin == "oauth" then claims.version = 2 end
  return keys.jwt(family.client.pool.key, override(family, claims))
end

local VERIFIED = { email_verified = true, phone_number_verified = true }

local SCOPE_OF = { email = "email", email_verified = "email", phone_number = "phone", phone_number_verified = "phone" }

--- The attributes that scopes let through: all for the API and for `openid` alone, else those of each scope.
-- @tparam table user
-- @tparam table scopes list
-- @treturn table name -> text
function M.visible(user, scopes)
  local set, narrow, out = {}, false, {}
  for _, scope in ipairs(scopes) do
    set[scope] = true
    narrow = narrow or scope == "email" or scope == "phone" or scope == "profile"
  end
  for name, value in pairs(user.attributes) do
    if not narrow or name == "sub" or set[SCOPE_OF[name] or "profile"] then out[name] = value end
  end
  return out
end

--- @tparam[opt] table extra further claims (nonce, at_hash)
-- @treturn string an ID token
function M.id(state, family, extra)
  local claims = common(state, family, "id", family.client.config.id_token_ttl)
  claims.aud, claims["cognito:username"] = family.client.id, family.user.username
  for name, value in pairs(M.visible(family.user, family.scopes)) do
    if VERIFIED[name] then claims[name] = value == "true" else claims[name] = value end
  end
  for name, value in pairs(extra or {}) do claims[name] = value end
  return keys.jwt(family.client.pool.key, override(family, claims))
end

--- The AuthenticationResult of a family.
-- @tparam boolean with_refresh whether a new refresh token belongs into it
function M.result(state, family, with_refresh)
  return {
    AccessToken = M.access(state, family), IdToken = M.id(state, family), TokenType = "Bearer",
    ExpiresIn = family.client.config.access_token_ttl,
    RefreshToken = with_refresh and M.refresh_token(state, family) or nil,
  }
end

------------------------------------------------------------------------------------------------ refreshing

-- A rotated token may be used again within the grace period, for a retry whose answer was lost.
local function check_rotation(client, entry)
  if not entry.rotated then return end
  local rotation = client.config.rotation or { grace = 0 }
  if clock.now() - entry.rotated >= rotation.grace then
    errors.throw("RefreshTokenReuse", "Refresh token has been invalidated by rotation")
  end
end

local function check_user(user)
  errors.check(not user.deleted, "UserNotFound", "User does not exist.")
  errors.check(user.enabled, "NotAuthorized", "User is disabled.")
end

-- With tracking on, the device of the sign-in must come along, and it must have been confirmed.
local function check_device(family, device_key)
  if family.client.pool.config.device_tracking == "off" then return end
  local device = device_key and family.user.devices[device_key]
  errors.check(device and device.confirmed and device_key == family.device_key, "NotAuthorized",
    "Invalid Refresh Token.")
end

--- Looks a refresh token up and checks all that can be wrong with it.
-- @treturn table entry `{ family, text, rotated }`
function M.check_refresh(state, client, text, device_key)
  local entry = state.refresh[text]
  errors.check(entry and entry.family.client == client, "NotAuthorized", "Invalid Refresh Token.")
  local family = entry.family
  errors.check(not family.revoked, "NotAuthorized", "Refresh Token has been revoked")
  errors.check(clock.now() < family.expires, "NotAuthorized", "Refresh Token has expired")
  check_user(family.user)
  check_rotation(client, entry)
  if family.origin == "api" then check_device(family, device_key) end
  return entry
end

--- New tokens for a checked refresh token; rotates it where the client does so.
-- @treturn table AuthenticationResult
function M.renew(state, entry)
  local rotate = entry.family.client.config.rotation
  if rotate then
    entry.rotated = entry.rotated or clock.now()
    state:note()
  end
  return M.result(state, entry.family, rotate and true or false)
end

------------------------------------------------------------------------------------------------ access tokens

local function open_access(state, text)
  for _, pool in pairs(state.pools) do
    local claims = keys.open(pool.key, text)
    if claims and claims.token_use == "access" then return claims, pool end
  end
  errors.throw("NotAuthorized", "Invalid Access Token")
end

--- The user who holds an access token, whatever its scopes.
-- @treturn table `{ user, client, pool, family, claims }`
function M.holder(state, text)
  local claims, pool = open_access(state, text)
  errors.check(claims.exp > clock.now(), "NotAuthorized", "Access Token has expired")
  local family = state.families[claims.origin_jti or ""]
  errors.check(not (family and family.revoked), "NotAuthorized", "Access Token has been revoked")
  local user = pool.users[claims.username or ""]
  errors.check(user and user.sub == claims.sub, "UserNotFound", "User does not exist.")
  errors.check(user.enabled, "NotAuthorized", "User is disabled.")
  return { user = user, client = pool.clients[claims.client_id], pool = pool, family = family, claims = claims }
end

--- The user who holds an access token that may call the API.
-- @treturn table as `holder`
function M.authorize(state, text)
  local who = M.holder(state, text)
  errors.check((" " .. who.claims.scope .. " "):find(" " .. M.API_SCOPE .. " ", 1, true), "NotAuthorized",
    "Access Token does not have required scopes")
  return who
end

--- Ends one family: its refresh tokens and access tokens are refused from now on.
function M.revoke(state, family)
  family.revoked = true
  state:note()
end

--- Ends every family of a user.
function M.revoke_all(state, user)
  for _, family in pairs(state.families) do
    if family.user == user then family.revoked = true end
  end
  state:note()
end

return M
