--- StartWebAuthnRegistration, CompleteWebAuthnRegistration, ListWebAuthnCredentials, DeleteWebAuthnCredential.
-- @module cognito.emulator.ops.passkeys

local clock = require "cognito.emulator.clock"
local errors = require "cognito.emulator.errors"
local json = require "cognito.emulator.json"
local lists = require "cognito.emulator.lists"
local random = require "cognito.emulator.random"
local tokens = require "cognito.emulator.tokens"
local webauthn = require "cognito.emulator.webauthn"

local M = {}

local MOST = 20

local function holder(state, input)
  local who = tokens.authorize(state, input.AccessToken)
  errors.check(who.user.status ~= "RESET_REQUIRED", "PasswordResetRequired", "Password reset required for the user")
  return who
end

local function check_enabled(who)
  errors.check(lists.contains(who.pool.config.first_factors, "WEB_AUTHN"), "WebAuthnNotEnabled",
    "WebAuthn is not enabled for this user pool.")
end

local function count(passkeys)
  local n = 0
  for _ in pairs(passkeys) do n = n + 1 end
  return n
end

local function known(user)
  local list = json.list {}
  for id in pairs(user.passkeys) do list[#list + 1] = { type = "public-key", id = id } end
  return list
end

function M.StartWebAuthnRegistration(state, input)
  local who = holder(state, input)
  local user, config = who.user, who.pool.config.webauthn
  check_enabled(who)
  errors.check(config.rp_id ~= "", "WebAuthnConfigurationMissing", "WebAuthn relying party is not configured.")
  errors.check(count(user.passkeys) < MOST, "LimitExceeded", "The limit of passkeys per user has been reached.")
  user.webauthn_pending = { challenge = random.base64url(random.bytes(32)), client = who.client.id,
    expires = clock.now() + 300 }
  return { CredentialCreationOptions = {
    rp = { id = config.rp_id, name = config.rp_id }, challenge = user.webauthn_pending.challenge, timeout = 180000,
    user = { id = random.base64url(user.sub), name = user.username, displayName = user.username },
    pubKeyCredParams = json.list { { type = "public-key", alg = -7 } }, excludeCredentials = known(user),
    attestation = "none", authenticatorSelection = { requireResidentKey = true, residentKey = "required",
      userVerification = config.user_verification } } }
end

local function texts(value)
  local list = json.list {}
  for _, item in ipairs(type(value) == "table" and value or {}) do
    if type(item) == "string" then list[#list + 1] = item end
  end
  return list
end

function M.CompleteWebAuthnRegistration(state, input)
  local who = holder(state, input)
  check_enabled(who)
  local pending, config = who.user.webauthn_pending, who.pool.config.webauthn
  errors.check(pending and clock.now() < pending.expires, "WebAuthnChallengeNotFound", "Challenge not found.")
  errors.check(pending.client == who.client.id, "WebAuthnClientMismatch", "The client does not match.")
  local parts = webauthn.open(input.Credential)
  webauthn.check_client(parts, "webauthn.create", pending.challenge, config)
  local passkey = webauthn.register(parts, config)
  passkey.created, passkey.attachment = clock.now(), type(parts.attachment) == "string" and parts.attachment or nil
  passkey.transports, passkey.rp_id = texts(parts.response.transports), config.rp_id
  who.user.passkeys[passkey.id], who.user.webauthn_pending = passkey, nil
  state:note()
  return {}
end

local function shown(passkey)
  return { CredentialId = passkey.id, FriendlyCredentialName = "Passkey " .. passkey.id:sub(1, 6),
    RelyingPartyId = passkey.rp_id, AuthenticatorAttachment = passkey.attachment,
    AuthenticatorTransports = json.list(passkey.transports), CreatedAt = json.timestamp(passkey.created) }
end

local function sorted(passkeys)
  local list = {}
  for _, passkey in pairs(passkeys) do list[#list + 1] = passkey end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

local function start_of(list, token)
  if not token then return 1 end
  for i, passkey in ipairs(list) do
    if passkey.id == token then return i + 1 end
  end
  errors.throw("InvalidParameter", "Invalid NextToken")
end

function M.ListWebAuthnCredentials(state, input)
  local who = holder(state, input)
  local list, page = sorted(who.user.passkeys), json.list {}
  local limit = (input.MaxResults or 0) > 0 and input.MaxResults or 20
  local first = start_of(list, input.NextToken)
  for i = first, math.min(#list, first + limit - 1) do page[#page + 1] = shown(list[i]) end
  local last = first + #page - 1
  return { Credentials = page, NextToken = last < #list and list[last].id or nil }
end

function M.DeleteWebAuthnCredential(state, input)
  local who = holder(state, input)
  errors.check(who.user.passkeys[input.CredentialId], "ResourceNotFound", "Credential does not exist.")
  who.user.passkeys[input.CredentialId] = nil
  state:note()
  return {}
end

return M
