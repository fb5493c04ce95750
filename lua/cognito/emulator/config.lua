--- The configuration: a Lua file that returns a table. A small one is enough:
--
--     return { users = { alice = { password = "Correct-horse1" } } }
--
-- gives one pool, one client without a secret and every flow switched on. In full, with the defaults:
--
--     return {
--       strict = true,                  -- refuse unknown members (the live service ignores them)
--       state_file = nil,               -- keep users, devices and sessions in this file
--       code_folder = nil,              -- write each code that is sent into a file here
--       key_file = nil,                 -- keep the signing keys here, so that a start need not make them
--       pools = { {                     -- or the fields of one pool directly at the top
--         id = "eu-west-1_Emulator1", issuer = nil,       -- nil: this server's own address; "aws": as Amazon's
--         mfa = "OFF",                  -- OFF, OPTIONAL, ON
--         mfa_methods = { "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP" },
--         first_factors = { "PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN" },    -- of USER_AUTH
--         device_tracking = "off",      -- off, always, opt_in
--         aliases = { "email", "phone_number", "preferred_username" },
--         required_attributes = {}, auto_verify = { "email" },
--         attributes = { ["custom:team"] = {}, ["custom:frozen"] = { mutable = false } },
--         password_policy = { min = 8, upper = true, lower = true, digit = true, symbol = false, history = 0 },
--         session_ttl = 180,            -- seconds that a Session lives
--         srp_window = 60,              -- seconds in which PASSWORD_VERIFIER must be answered
--         timestamp_window = 300,       -- seconds by which TIMESTAMP may differ from the server's clock
--         verifier_session = false,     -- whether PASSWORD_VERIFIER of USER_SRP_AUTH carries a Session
--         totp_single_use = false,      -- true: a TOTP code works once, as at Amazon
--         lockout = true,               -- 2^(n-5) seconds from the fifth wrong password on
--         limits = true,                -- so many calls an hour (limits.lua)
--         rates = false,                -- ten reads and writes a second for each user
--         sign_up = true, threat_protection = false,
--         username_attributes = {},     -- { "email" }: people sign in by address, names are made up
--         verify_before_update = {},    -- { "email" }: the old address stays until the new one is verified
--         webauthn = { rp_id = "localhost", origins = { "http://localhost:*" }, user_verification = "preferred" },
--         triggers = {                  -- Lua functions in the place of Lambda triggers
--           define_challenge = f, create_challenge = f, verify_challenge = f,
--           pre_sign_up = f,            -- (event) -> false, message | { auto_confirm=, auto_verify_email= }
--           pre_authentication = f,     -- (attributes, metadata) -> false, message
--           pre_token = f },            -- (claims, attributes) changes the claims in place
--         clients = { {
--           id = "emulatorclient", secrets = {},          -- none, one or two
--           auth_flows = { "ALLOW_USER_SRP_AUTH", ... },  -- ExplicitAuthFlows; default: all
--           access_token_ttl = 3600, id_token_ttl = 3600, refresh_token_ttl = 2592000,     -- seconds
--           rotation = nil,             -- { grace = 0..60 } switches refresh-token rotation on
--           prevent_user_existence_errors = true, token_revocation = true,
--           redirect_uris = {}, logout_uris = {}, scopes = {}, oauth_flows = { "code" } } },
--         users = { alice = {
--           password = "...", status = "CONFIRMED", enabled = true, sub = nil, attributes = {}, groups = {},
--           totp_secret = nil, mfa = { "SOFTWARE_TOKEN_MFA" }, preferred_mfa = nil,
--           script = nil } },           -- a list of challenges to pose in this order instead of the usual ones
--       } },
--     }
-- @module cognito.emulator.config

local M = {}

local CLIENT = {
  id = "emulatorclient", secrets = {}, access_token_ttl = 3600, id_token_ttl = 3600, refresh_token_ttl = 2592000,
  rotation = false, prevent_user_existence_errors = true, token_revocation = true, redirect_uris = {},
  logout_uris = {}, scopes = { "openid", "email", "phone", "profile", "aws.cognito.signin.user.admin" },
  oauth_flows = { "code" },
  auth_flows = { "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_CUSTOM_AUTH",
    "ALLOW_USER_AUTH" },
}

local POOL = {
  id = "eu-west-1_Emulator1", issuer = false, mfa = "OFF",
  mfa_methods = { "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP" },
  first_factors = { "PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN" }, device_tracking = "off",
  aliases = { "email", "phone_number", "preferred_username" }, required_attributes = {}, auto_verify = { "email" },
  attributes = {}, password_policy = {}, session_ttl = 180, srp_window = 60, timestamp_window = 300,
  verifier_session = false, totp_single_use = false, lockout = true,
  limits = true, rates = false, sign_up = true, threat_protection = false, username_attributes = {},
  verify_before_update = {}, webauthn = {}, triggers = {}, clients = {}, users = {},
}

local USER = {
  password = false, status = "CONFIRMED", enabled = true, sub = false, attributes = {}, groups = {},
  totp_secret = false, mfa = {}, preferred_mfa = false, script = false,
}

local POLICY = { min = 8, upper = true, lower = true, digit = true, symbol = false, history = 0 }
local WEBAUTHN = {
  rp_id = "localhost", origins = { "http://localhost:*", "https://localhost:*" }, user_verification = "preferred",
}
local ROTATION = { grace = 0 }

local METHODS = "SMS_MFA SOFTWARE_TOKEN_MFA EMAIL_OTP"

-- The words that a field may hold, or each item of its list.
local POOL_WORDS = {
  mfa = "OFF OPTIONAL ON", device_tracking = "off always opt_in", mfa_methods = METHODS,
  first_factors = "PASSWORD EMAIL_OTP SMS_OTP WEB_AUTHN",
}
local CLIENT_WORDS = {
  oauth_flows = "code implicit client_credentials",
  auth_flows = "ALLOW_USER_SRP_AUTH ALLOW_USER_PASSWORD_AUTH ALLOW_REFRESH_TOKEN_AUTH ALLOW_CUSTOM_AUTH"
    .. " ALLOW_USER_AUTH",
}
local USER_WORDS = { status = "CONFIRMED UNCONFIRMED FORCE_CHANGE_PASSWORD RESET_REQUIRED", mfa = METHODS }

local TOP = { strict = true, state_file = false, code_folder = false, key_file = false, pools = false }

local function check_words(value, allowed, where)
  for _, word in ipairs(type(value) == "table" and value or { value }) do
    if not (" " .. allowed .. " "):find(" " .. tostring(word) .. " ", 1, true) then
      error(("%s: %q is none of %s"):format(where, tostring(word), allowed), 0)
    end
  end
end

-- Fills in what is missing; an unknown name or word or a wrong type is a mistake in the file and stops the start.
local function fill(given, defaults, where, words)
  if type(given) ~= "table" then error(where .. " must be a table", 0) end
  for key in pairs(given) do
    if defaults[key] == nil then error(("%s: unknown field %q"):format(where, tostring(key)), 0) end
  end
  local out = {}
  for key, default in pairs(defaults) do
    out[key] = given[key]
    if out[key] == nil then out[key] = default end
    if default and type(out[key]) ~= type(default) and not (key == "rotation" or out[key] == nil) then
      error(("%s.%s must be a %s"):format(where, key, type(default)), 0)
    end
    if words and words[key] then check_words(out[key], words[key], where .. "." .. key) end
  end
  return out
end

-- https, http to this machine, or an app's own scheme; no fragment.
local function check_redirect(uri, where)
  local host = uri:match("^http://([^/:]+)") or uri:match("^http://(%[[^%]]+%])")
  local loopback = host == "localhost" or host == "127.0.0.1" or host == "[::1]"
  local fine = uri:find("^%a[%w+.-]*:") and not uri:find("#", 1, true) and (loopback or not uri:find("^http:"))
  if not fine then error(("%s: %q must be https, or http to localhost, without a fragment"):format(where, uri), 0) end
end

local function rotation(given, where)
  local out = fill(given, ROTATION, where)
  if out.grace < 0 or out.grace > 60 then error(where .. ".grace must be 0 to 60 seconds", 0) end
  return out
end

local function check_secrets(secrets, where)
  for _, secret in ipairs(secrets) do
    if not secret:find("^[%w_+]+$") or #secret < 24 or #secret > 64 then
      error(where .. ": a secret has 24 to 64 characters of [A-Za-z0-9_+]", 0)
    end
  end
  if #secrets > 2 then error(where .. ": at most two secrets can be live at once", 0) end
end

local function client(given, where)
  local out = fill(given, CLIENT, where, CLIENT_WORDS)
  if out.rotation then out.rotation = rotation(out.rotation, where .. ".rotation") end
  if not out.id:find("^[%w_+]+$") or #out.id > 128 then error(where .. ".id is not a client id: [A-Za-z0-9_+]", 0) end
  check_secrets(out.secrets, where .. ".secrets")
  for _, uri in ipairs(out.redirect_uris) do check_redirect(uri, where .. ".redirect_uris") end
  for _, uri in ipairs(out.logout_uris) do check_redirect(uri, where .. ".logout_uris") end
  out.flows = {}
  for _, flow in ipairs(out.auth_flows) do out.flows[flow:gsub("^ALLOW_", "")] = true end
  return out
end

local function pool(given, where)
  local out = fill(given, POOL, where, POOL_WORDS)
  if not out.id:find("^[%w_-]+_%w+$") then
    error(where .. ".id is not a user pool id such as eu-west-1_AbCdEf123", 0)
  end
  out.name = out.id:match("_(%w+)$")
  out.region = out.id:match("^(.*)_")
  out.password_policy = fill(out.password_policy, POLICY, where .. ".password_policy")
  out.webauthn = fill(out.webauthn, WEBAUTHN, where .. ".webauthn")
  if #out.clients == 0 then out.clients = { {} } end
  for i, item in ipairs(out.clients) do out.clients[i] = client(item, ("%s.clients[%d]"):format(where, i)) end
  local users = {}
  for name, item in pairs(out.users) do users[name] = fill(item, USER, where .. ".users." .. name, USER_WORDS) end
  out.users = users
  return out
end

-- The fields of one pool may stand at the top.
local function lift(given)
  local top, single = {}, {}
  for key, value in pairs(given) do
    if TOP[key] ~= nil then top[key] = value else single[key] = value end
  end
  if top.pools and next(single) then error("config: unknown field " .. tostring((next(single))), 0) end
  top.pools = top.pools or { single }
  return top
end

--- @treturn table a user with every default filled in
function M.user(given) return fill(given, USER, "user", USER_WORDS) end

--- Completes a configuration.
-- @tparam table given what the file returned
-- @treturn table the same with every default filled in; throws a message that names the field
function M.complete(given)
  if type(given) ~= "table" then error("config: the file must return a table", 0) end
  local out = fill(lift(given), TOP, "config")
  for i, item in ipairs(out.pools) do out.pools[i] = pool(item, "config.pools[" .. i .. "]") end
  return out
end

--- @tparam[opt] string path a Lua file; nil: everything by default
function M.load(path)
  if not path then return M.complete {} end
  local chunk, err = loadfile(path)
  if not chunk then error("config: " .. err, 0) end
  return M.complete(chunk())
end

return M
