-- Passkeys by a real browser: Chromium with its virtual authenticator, driven over WebDriver. The JSON between the
-- emulator and navigator.credentials is relayed untouched, as an application would.

local cjson = require "cjson.safe"

local browser = require "spec.support.browser"
local emulator = require "spec.support.emulator"

local CREATE = [[
  const [options, done] = arguments;
  navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options)) })
    .then(c => done(JSON.stringify(c.toJSON())), e => done("failed: " + e));]]

local GET = [[
  const [options, done] = arguments;
  navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options)) })
    .then(c => done(JSON.stringify(c.toJSON())), e => done("failed: " + e));]]

-- Options are passed on as text: cjson would write an empty list as an object.
local function run(b, script, options)
  local result = b:async(script, options)
  assert(type(result) == "string" and not result:find "^failed", tostring(result))
  return result
end

describe("passkeys in a browser", function()
  if not browser.available() then
    pending("skipped: " .. select(2, browser.available()))
    return
  end

  local e, b

  setup(function()
    e = emulator.start { config = { users = { alice = { password = "Correct-horse1" } } } }
    b = browser.start()
  end)
  teardown(function()
    b:stop()
    e.stop()
  end)

  it("are registered and sign in", function()
    b:go((e.url:gsub("127%.0%.0%.1", "localhost")) .. "/")
    b:authenticator()
    local _, body = e.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = e.client_id,
      AuthParameters = { USERNAME = "alice", PASSWORD = "Correct-horse1" } })
    local token = body.AuthenticationResult.AccessToken
    local _, text = e.http("POST", "/", cjson.encode { AccessToken = token }, {
      ["Content-Type"] = "application/x-amz-json-1.1",
      ["X-Amz-Target"] = "AWSCognitoIdentityProviderService.StartWebAuthnRegistration" })
    local credential = run(b, CREATE, text:match '"CredentialCreationOptions":(%b{})')
    local status, answer = e.call("CompleteWebAuthnRegistration",
      ('{"AccessToken":"%s","Credential":%s}'):format(token, credential))
    assert.equal(200, status, answer and answer.message)

    _, body = e.call("InitiateAuth", { AuthFlow = "USER_AUTH", ClientId = e.client_id,
      AuthParameters = { USERNAME = "alice", PREFERRED_CHALLENGE = "WEB_AUTHN" } })
    local assertion = run(b, GET, body.ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS)
    status, answer = e.call("RespondToAuthChallenge", { ClientId = e.client_id, ChallengeName = "WEB_AUTHN",
      Session = body.Session, ChallengeResponses = { USERNAME = "alice", CREDENTIAL = assertion } })
    assert.equal(200, status, answer and answer.message)
    assert.truthy(answer.AuthenticationResult.AccessToken)
  end)
end)
