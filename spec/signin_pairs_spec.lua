-- No sequence of challenges is a dead end: every ordered pair, with the newest Session each time. The service is a
-- script here, so that also what no server poses can be walked; spec/system/signin_pairs_spec.lua walks the emulator.
local cognito = require "cognito"
local device = require "cognito.device"
local json = require "cognito.json"
local script_host = require "spec.support.script_host"

local SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
local VERIFIER = { SALT = "01", SRP_B = "2", SECRET_BLOCK = "eA==", USERNAME = "alice", USER_ID_FOR_SRP = "alice" }
local RAW = { raw = { ANSWER = "raw" } }

local function has(...)
  local names = { ... }
  return function(responses)
    for _, name in ipairs(names) do assert.equal("string", type(responses[name]), name) end
  end
end

-- For each challenge: its parameters, the answer (nil: none is asked), what must be sent, and extra members.
local posed = {
  SMS_MFA = { x = "123456", check = has "SMS_MFA_CODE" },
  SMS_OTP = { x = "123456", check = has "SMS_OTP_CODE" },
  EMAIL_OTP = { x = "123456", check = has "EMAIL_OTP_CODE" },
  EMAIL_MFA = { x = "123456", check = has "EMAIL_MFA_CODE" },
  SOFTWARE_TOKEN_MFA = { x = "123456", check = has "SOFTWARE_TOKEN_MFA_CODE" },
  SELECT_MFA_TYPE = { parameters = { MFAS_CAN_CHOOSE = '["SMS_MFA","EMAIL_OTP"]' }, x = "SMS_MFA",
    check = has "ANSWER" },
  SELECT_CHALLENGE = { available = { "PASSWORD_SRP" }, x = { choice = "PASSWORD_SRP", password = "pw" },
    check = has("ANSWER", "SRP_A") },
  MFA_SETUP = { x = "123456", check = has() },
  NEW_PASSWORD_REQUIRED = { parameters = { requiredAttributes = '["userAttributes.name"]' },
    x = { new_password = "new", attributes = { name = "A" } }, check = has("NEW_PASSWORD", "userAttributes.name") },
  CUSTOM_CHALLENGE = { x = "four", check = has "ANSWER" },
  PASSWORD = { x = "pw", check = has "PASSWORD" },
  PASSWORD_SRP = { x = "pw", check = has "SRP_A" },
  WEB_AUTHN = { parameters = { CREDENTIAL_REQUEST_OPTIONS = "{}" }, x = '{"id":"x"}', check = has "CREDENTIAL" },
  RETINA_SCAN = { x = RAW, check = has "ANSWER" },
  PASSWORD_VERIFIER = { parameters = VERIFIER, x = RAW, automatic = true,
    check = function(responses)
      if not responses.ANSWER then has("PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP")(responses) end
    end },
  DEVICE_SRP_AUTH = { automatic = true, check = has("SRP_A", "DEVICE_KEY") },
  DEVICE_PASSWORD_VERIFIER = { parameters = VERIFIER, x = RAW, automatic = true,
    check = function(responses)
      if not responses.ANSWER then has("PASSWORD_CLAIM_SIGNATURE", "DEVICE_KEY")(responses) end
    end },
}

-- A service that poses the given challenges one after another and checks each answer and each Session.
local function service(names)
  local at, session = 0, 0
  local S = {}
  local function next_session()
    session = session + 1
    return "session-" .. session
  end
  local function pose()
    at = at + 1
    local name = names[at]
    if not name then
      return { AuthenticationResult = { AccessToken = "access", IdToken = "id", RefreshToken = "refresh",
        ExpiresIn = 3600, TokenType = "Bearer" } }
    end
    local p = posed[name]
    return { ChallengeName = name, Session = next_session(), ChallengeParameters = p.parameters,
      AvailableChallenges = p.available }
  end
  function S.InitiateAuth() return pose() end
  function S.AssociateSoftwareToken(input)
    assert.equal("session-" .. session, input.Session)
    return { SecretCode = SECRET, Session = next_session() }
  end
  function S.VerifySoftwareToken(input)
    assert.equal("session-" .. session, input.Session)
    return { Status = "SUCCESS", Session = next_session() }
  end
  function S.RespondToAuthChallenge(input)
    assert.equal(names[at], input.ChallengeName)
    assert.equal("session-" .. session, input.Session)
    assert.equal("alice", input.ChallengeResponses.USERNAME)
    posed[names[at]].check(input.ChallengeResponses)
    return pose()
  end
  return S
end

local function walk(names)
  local host = script_host.new()
  local pool = assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc", host = host,
    device = true })
  assert(device.save(pool, "alice", { key = "device", group_key = "group", password = "pw" }))
  local answers = service(names)
  for _ = 1, 20 do
    host:reply(function(request)
      return { status = 200, headers = "\r\n", body = json.encode(answers[request.target](request.json)) }
    end)
  end
  local asked = {}
  local step, err = pool:sign_in { username = "alice", password = "pw" }
  while step and step.challenge do
    local name = step.challenge.name
    asked[#asked + 1] = name
    assert.truthy(posed[name].x, name .. " was asked")
    assert.truthy(step.challenge.known or posed[name].x == RAW, name)
    step, err = step:answer(posed[name].x)
  end
  assert(step, tostring(err))
  assert.truthy(step.session)
  return asked
end

describe("every ordered pair of challenges", function()
  local names = {}
  for name in pairs(posed) do names[#names + 1] = name end
  table.sort(names)
  for _, first in ipairs(names) do
    it("that begins with " .. first .. " ends in a session", function()
      for _, second in ipairs(names) do
        local asked = walk { first, second }
        for i, name in ipairs(asked) do
          assert.truthy(name == first or name == second, name)
          assert.truthy(i <= 2)
        end
        if not posed[first].automatic then assert.equal(first, asked[1]) end
        if not posed[second].automatic then assert.equal(second, asked[#asked]) end
      end
    end)
  end

  it("is answered by itself where it can be", function()
    assert.same({}, walk { "PASSWORD_VERIFIER", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER" })
    assert.same({ "PASSWORD_SRP" }, walk { "PASSWORD_SRP", "PASSWORD_VERIFIER" })
    assert.same({ "SMS_MFA" }, walk { "PASSWORD_VERIFIER", "SMS_MFA", "DEVICE_SRP_AUTH",
      "DEVICE_PASSWORD_VERIFIER" })
  end)

  it("does not end the loop, and a service without an end does", function()
    walk { "SMS_MFA", "NEW_PASSWORD_REQUIRED", "MFA_SETUP", "SELECT_MFA_TYPE", "EMAIL_OTP", "RETINA_SCAN",
      "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER", "CUSTOM_CHALLENGE", "WEB_AUTHN" }
    local names_without_end = {}
    for i = 1, 15 do names_without_end[i] = "DEVICE_SRP_AUTH" end
    local ok, message = pcall(walk, names_without_end)
    assert.is_false(ok)
    assert.truthy(tostring(message):find("asks without end", 1, true))
  end)
end)
