-- Passkeys by a real browser: Chromium with its virtual authenticator, driven over WebDriver. The JSON between the
-- emulator and navigator.credentials is relayed untouched, as an application would.

local cjson = require "cjson.safe"

local emulator = require "spec.support.emulator"

local function which(program) return (io.popen("command -v " .. program):read "*l") end

local CREATE = [[
  const [options, done] = arguments;
  navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options)) })
    .then(c => done(JSON.stringify(c.toJSON())), e => done("failed: " + e));]]

local GET = [[
  const [options, done] = arguments;
  navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options)) })
    .then(c => done(JSON.stringify(c.toJSON())), e => done("failed: " + e));]]

-- As much of a WebDriver client as this spec needs.
local function browser(folder)
  local port = io.popen("python3 -c 'import socket;s=socket.socket();s.bind((\"\",0));print(s.getsockname()[1])'")
    :read "*l"
  local pid = io.popen("chromedriver --port=" .. port .. " >/dev/null 2>&1 & echo $!"):read "*l"
  local b = { base = "http://127.0.0.1:" .. port }

  function b.request(method, path, body)
    local file = assert(io.open(folder .. "/webdriver", "w"))
    file:write(body and cjson.encode(body) or "")
    file:close()
    local text = io.popen(("curl -s -m 60 -X %s %s '%s%s'"):format(method,
      body and "-H 'Content-Type: application/json' --data-binary @" .. folder .. "/webdriver" or "", b.base, path))
      :read "*a"
    local answer = assert(cjson.decode(text), "WebDriver gave no JSON").value
    if type(answer) == "table" and answer.error then error(answer.error .. ": " .. answer.message:sub(1, 300), 2) end
    return answer
  end

  function b.stop()
    if b.session then b.request("DELETE", b.session) end
    os.execute("kill " .. pid)
  end

  os.execute(("curl -s -o /dev/null --retry 30 --retry-connrefused --retry-delay 1 -m 60 %s/status"):format(b.base))
  local session = b.request("POST", "/session", { capabilities = { alwaysMatch = {
    ["goog:chromeOptions"] = { args = { "--headless=new", "--no-sandbox", "--disable-gpu" } } } } })
  b.session = "/session/" .. session.sessionId
  return b
end

-- Options are passed on as text: cjson would write an empty list as an object.
local function run(b, script, options)
  local result = b.request("POST", b.session .. "/execute/async", { script = script, args = { options } })
  assert(type(result) == "string" and not result:find "^failed", tostring(result))
  return result
end

describe("passkeys in a browser", function()
  if not which "chromedriver" then
    pending "skipped, since chromedriver is not installed (Debian: chromium-driver)"
    return
  end

  local e, b

  setup(function()
    e = emulator.start { config = { users = { alice = { password = "Correct-horse1" } } } }
    b = browser(e.folder)
  end)
  teardown(function()
    b.stop()
    e.stop()
  end)

  it("are registered and sign in", function()
    b.request("POST", b.session .. "/url", { url = (e.url:gsub("127%.0%.0%.1", "localhost")) .. "/" })
    b.request("POST", b.session .. "/webauthn/authenticator", { protocol = "ctap2", transport = "internal",
      hasResidentKey = true, hasUserVerification = true, isUserVerified = true })
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
