-- The table of challenges: what is asked, and how an answer is put for the wire. No I/O.
local challenges = require "cognito.protocol.challenges"

local function question(name, parameters, available)
  return challenges.question { ChallengeName = name, ChallengeParameters = parameters,
    AvailableChallenges = available }
end

local function refused(field, q, x)
  local responses, err = challenges.answer(q, x, 1)
  assert.is_nil(responses)
  assert.equal("invalid", err.kind)
  assert.equal("bad_answer", err.code)
  assert.equal(field, err.field)
end

describe("the table of challenges", function()
  it("knows every name of the service's model but the two that no client is asked", function()
    for name in ([[SMS_MFA EMAIL_OTP SOFTWARE_TOKEN_MFA SELECT_MFA_TYPE MFA_SETUP PASSWORD_VERIFIER
            CUSTOM_CHALLENGE SELECT_CHALLENGE DEVICE_SRP_AUTH DEVICE_PASSWORD_VERIFIER NEW_PASSWORD_REQUIRED SMS_OTP
            PASSWORD WEB_AUTHN PASSWORD_SRP]]):gmatch "%S+" do
      assert.truthy(challenges.by_name[name], name)
    end
    assert.is_nil(challenges.by_name.ADMIN_NO_SRP_AUTH)
  end)
end)

describe("a question", function()
  it("says where a code was sent", function()
    for _, name in ipairs { "SMS_MFA", "SMS_OTP", "EMAIL_OTP" } do
      local q = question(name,
        { CODE_DELIVERY_DESTINATION = "+*******1234", CODE_DELIVERY_DELIVERY_MEDIUM = "SMS" })
      assert.same({ destination = "+*******1234", medium = "SMS" }, q.parameters)
      assert.equal("+*******1234", q.raw.CODE_DELIVERY_DESTINATION)
      assert.truthy(q.known)
    end
  end)

  it("has lists where the service sends JSON in text", function()
    assert.same({ "SMS_MFA", "SOFTWARE_TOKEN_MFA" },
      question("SELECT_MFA_TYPE", { MFAS_CAN_CHOOSE = '["SMS_MFA","SOFTWARE_TOKEN_MFA"]' }).parameters.choices)
    assert.same({ "SOFTWARE_TOKEN_MFA" },
      question("MFA_SETUP", { MFAS_CAN_SETUP = '["SOFTWARE_TOKEN_MFA"]' }).parameters.choices)
    assert.same({ "PASSWORD", "WEB_AUTHN" },
      question("SELECT_CHALLENGE", nil, { "PASSWORD", "WEB_AUTHN" }).parameters.choices)
    local q = question("NEW_PASSWORD_REQUIRED", { userAttributes = '{"email":"a@b.c"}',
      requiredAttributes = '["userAttributes.name","userAttributes.custom:team"]' })
    assert.same({ "name", "custom:team" }, q.parameters.required_attributes)
    assert.same({ email = "a@b.c" }, q.parameters.attributes)
  end)

  it("survives text that is no JSON, or other JSON", function()
    for _, text in ipairs { "", "[", "{}", "12", '["a",1,{}]', "null", '"x"' } do
      local list = question("SELECT_MFA_TYPE", { MFAS_CAN_CHOOSE = text }).parameters.choices
      assert.truthy(list == nil or #list <= 1)
      question("NEW_PASSWORD_REQUIRED", { userAttributes = text, requiredAttributes = text })
    end
  end)

  it("gives an unknown challenge raw, without what is not text", function()
    local q = question("RETINA_SCAN", { EYE = "left", DEPTH = 3, MORE = {} })
    assert.falsy(q.known)
    assert.same({ EYE = "left" }, q.parameters)
    assert.same({}, question("RETINA_SCAN").parameters)
  end)
end)

describe("an answer", function()
  it("is a string where one value answers", function()
    for name, wanted in pairs {
      SMS_MFA = { SMS_MFA_CODE = "123456" }, SMS_OTP = { SMS_OTP_CODE = "123456" },
      EMAIL_OTP = { EMAIL_OTP_CODE = "123456" }, SOFTWARE_TOKEN_MFA = { SOFTWARE_TOKEN_MFA_CODE = "123456" },
      CUSTOM_CHALLENGE = { ANSWER = "123456" }, PASSWORD = { PASSWORD = "123456" },
      SELECT_MFA_TYPE = { ANSWER = "123456" }, NEW_PASSWORD_REQUIRED = { NEW_PASSWORD = "123456" },
    } do
      assert.same(wanted, challenges.answer(question(name), "123456", 1))
    end
  end)

  it("drops the spaces of a code and of nothing else", function()
    assert.same({ SMS_MFA_CODE = "123456" }, challenges.answer(question "SMS_MFA", " 123 456\n", 1))
    assert.same({ PASSWORD = " a b " }, challenges.answer(question "PASSWORD", " a b ", 1))
    assert.same({ ANSWER = " a b " }, challenges.answer(question "CUSTOM_CHALLENGE", " a b ", 1))
  end)

  it("is refused where it cannot be right", function()
    refused("code", question "SMS_MFA", "  ")
    refused("code", question "SMS_MFA", {})
    refused("choice", question("SELECT_MFA_TYPE", { MFAS_CAN_CHOOSE = '["SMS_MFA"]' }), "TOTP")
    refused("choice", question("SELECT_CHALLENGE", nil, { "PASSWORD" }), "EMAIL_OTP")
    refused("password", question("SELECT_CHALLENGE", nil, { "PASSWORD_SRP" }), "PASSWORD_SRP")
    refused("credential", question "WEB_AUTHN", "no json")
    refused("new_password", question "NEW_PASSWORD_REQUIRED", { attributes = {} })
    refused("raw", question "RETINA_SCAN", "left")
    refused("raw", question "PASSWORD_VERIFIER", "secret")
  end)

  it("brings the attributes that the pool requires", function()
    local q = question("NEW_PASSWORD_REQUIRED", { requiredAttributes = '["userAttributes.name"]' })
    refused("attributes", q, "Newpass-1")
    refused("attributes", q, { new_password = "Newpass-1", attributes = { email = "a@b.c" } })
    local wanted = { NEW_PASSWORD = "Newpass-1", ["userAttributes.name"] = "Ann" }
    assert.same(wanted, challenges.answer(q, { new_password = "Newpass-1", attributes = { name = "Ann" } }, 1))
    assert.same(wanted,
      challenges.answer(q, { new_password = "Newpass-1", attributes = { ["userAttributes.name"] = "Ann" } }, 1))
  end)

  it("may prove a first factor while choosing it", function()
    local q = question("SELECT_CHALLENGE", nil, { "PASSWORD", "PASSWORD_SRP", "WEB_AUTHN", "EMAIL_OTP" })
    assert.same({ ANSWER = "EMAIL_OTP" }, challenges.answer(q, "EMAIL_OTP", 1))
    assert.same({ ANSWER = "PASSWORD", PASSWORD = "pw" },
      challenges.answer(q, { choice = "PASSWORD", password = "pw" }, 1))
    assert.same({ ANSWER = "WEB_AUTHN", CREDENTIAL = '{"id":"x"}' },
      challenges.answer(q, { choice = "WEB_AUTHN", credential = '{"id":"x"}' }, 1))
    local responses, extra = challenges.answer(q, { choice = "PASSWORD_SRP", password = "pw" }, 1)
    assert.same({ ANSWER = "PASSWORD_SRP" }, responses)
    assert.same({ srp = true, password = "pw" }, extra)
  end)

  it("takes a passkey's answer as JSON text or as a table", function()
    assert.same({ CREDENTIAL = '{"id":"x"}' }, challenges.answer(question "WEB_AUTHN", '{"id":"x"}', 1))
    assert.same({ CREDENTIAL = '{"id":"x"}' },
      challenges.answer(question "WEB_AUTHN", { credential = { id = "x" } }, 1))
  end)

  it("says what enrols a software token", function()
    refused("raw", question "MFA_SETUP", "123456")
    local q = question "MFA_SETUP"
    q.parameters.secret = "GEZDGNBVGY3TQOJQ"
    refused("code", q, { device_name = "phone" })
    local responses, extra = challenges.answer(q, { code = "123 456", device_name = "phone" }, 1)
    assert.same({}, responses)
    assert.same({ verify = "123456", device_name = "phone" }, extra)
  end)

  it("passes a raw answer to any challenge", function()
    for _, name in ipairs { "SMS_MFA", "RETINA_SCAN", "MFA_SETUP", "NEW_PASSWORD_REQUIRED" } do
      assert.same({ A = "b" }, challenges.answer(question(name), { raw = { A = "b" } }, 1))
    end
  end)

  it("raises on what only a program can get wrong", function()
    for _, x in ipairs { 12, true, print, { coed = "1" }, { code = 12 }, { raw = "x" }, { raw = { 1 } },
      { raw = {}, code = "1" }, { raw = { A = 1 } } } do
      assert.has_error(function() challenges.answer(question "SMS_MFA", x, 1) end)
    end
    assert.has_error(function()
      challenges.answer(question "NEW_PASSWORD_REQUIRED", { new_password = "x", attributes = { name = 1 } }, 1)
    end)
    assert.has_error(function() challenges.answer(question "SMS_MFA", nil, 1) end)
  end)
end)
