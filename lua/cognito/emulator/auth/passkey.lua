--- WEB_AUTHN: sign-in by passkey.
-- @module cognito.emulator.auth.passkey

local errors = require "cognito.emulator.errors"
local flow_of = require "cognito.emulator.auth.flow"
local json = require "cognito.emulator.json"
local random = require "cognito.emulator.random"
local webauthn = require "cognito.emulator.webauthn"

local function allow_list(user)
  local list = json.list {}
  for id, passkey in pairs(user.passkeys) do
    list[#list + 1] = { type = "public-key", id = id, transports = json.list(passkey.transports) }
  end
  return list
end

local function pose(_, flow)
  flow.webauthn = random.base64url(random.bytes(32))
  local config = flow.pool.config.webauthn
  return { CREDENTIAL_REQUEST_OPTIONS = json.encode { challenge = flow.webauthn, rpId = config.rp_id, timeout = 180000,
    allowCredentials = allow_list(flow.user), userVerification = config.user_verification } }
end

local function check(flow, text)
  local credential = json.decode(text)
  local parts, config = webauthn.open(credential), flow.pool.config.webauthn
  local passkey = flow.user.passkeys[parts.id]
  webauthn.check_client(parts, "webauthn.get", flow.webauthn, config)
  return passkey and webauthn.authenticate(parts, passkey, config)
end

-- The errors of registration are not among those of RespondToAuthChallenge.
local function answer(state, flow, responses)
  local text = errors.check(responses.CREDENTIAL, "InvalidParameter", "Missing required parameter CREDENTIAL")
  local ok, right = pcall(check, flow, text)
  if not ok and not errors.is(right) then error(right, 0) end
  errors.check(ok and right, "NotAuthorized", "Invalid credential." .. (ok and "" or " " .. right.message))
  flow.done.passkey = true
  return flow_of.advance(state, flow)
end

return { WEB_AUTHN = { pose = pose, answer = answer } }
