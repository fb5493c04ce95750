-- Passkeys through the library: the JSON of the service goes to a real browser (Chromium with its virtual
-- authenticator) and the browser's JSON goes back, both untouched; the emulator verifies.
local browser = require "spec.support.browser"
local cognito = require "cognito"
local emulator = require "spec.support.emulator"
local signins = require "spec.support.signins"

local PASSWORD, asks = signins.PASSWORD, signins.asks

local CREATE = [[
  const [options, done] = arguments;
  navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options)) })
    .then(c => done(JSON.stringify(c.toJSON())), e => done("failed: " + e));]]

local GET = [[
  const [options, done] = arguments;
  navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options)) })
    .then(c => done(JSON.stringify(c.toJSON())), e => done("failed: " + e));]]

describe("a passkey", function()
  local available, why = browser.available()
  if not available then
    pending("needs a browser: " .. why)
    return
  end

  local e, b, pool

  setup(function()
    e = emulator.start { config = { users = { alice = { password = PASSWORD } }, device_tracking = "always" } }
    b = browser.start()
    b:go((e.url:gsub("127%.0%.0%.1", "localhost")) .. "/")
    b:authenticator()
    pool = assert(cognito.pool { user_pool_id = e.pool_id, client_id = e.client_id, endpoint = e.url, device = true })
  end)
  teardown(function()
    if b then b:stop() end
    if e then e.stop() end
  end)

  local function relay(script, options)
    local credential = b:async(script, options)
    assert.falsy(credential:find "^failed", credential)
    return credential
  end

  it("is registered in a session, signs in, and is listed and deleted", function()
    local session = assert(pool:sign_in { username = "alice", password = PASSWORD }).session
    local options = assert(session:start_passkey())
    assert(session:complete_passkey { credential = relay(CREATE, options) })
    assert.equal(1, #assert(session:passkeys()))

    local other = assert(cognito.pool { user_pool_id = e.pool_id, client_id = e.client_id, endpoint = e.url,
      device = true })
    local step = asks("WEB_AUTHN", other:sign_in { username = "alice", flow = "USER_AUTH",
      preferred_challenge = "WEB_AUTHN" })
    step = assert(step:answer(relay(GET, step.challenge.parameters.options)))
    assert.equal("alice", step.session.username)
    assert.is_true(step.session.device.confirmed)

    step = asks("SELECT_CHALLENGE", other:sign_in { username = "alice", flow = "USER_AUTH" })
    step = asks("WEB_AUTHN", step:answer "WEB_AUTHN")
    local credential = relay(GET, step.challenge.parameters.options)
    assert.truthy(assert(step:answer { credential = credential }).session)

    -- an answer to one challenge is none to another
    step = asks("WEB_AUTHN", other:sign_in { username = "alice", flow = "USER_AUTH",
      preferred_challenge = "WEB_AUTHN" })
    local none, err = step:answer(credential)
    assert.is_nil(none)
    assert.truthy(err.kind == "auth" or err.kind == "rejected", tostring(err))

    assert(session:delete_passkey { credential_id = session:passkeys()[1].credential_id })
    assert.equal(0, #assert(session:passkeys()))
  end)
end)
