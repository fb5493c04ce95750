-- Redaction by model: whatever the service's model marks sensitive, in any of the 32 operations, is sent as a canary
-- that the service then echoes; nothing of it may stand in the error or in what the logger is told.
local cognito = require "cognito"
local data = require "spec.support.data"
local emulator = require "spec.support.emulator"
local ops = require "cognito.protocol.ops"

-- A value of each sensitive type that its rules let pass, and of each other type that a request needs.
local SENSITIVE = {
  AttributeValueType = "CANARY value", AuthParametersType = { USERNAME = "CANARYname", PASSWORD = "CANARY p%.s" },
  ChallengeResponsesType = { USERNAME = "CANARYname", ANSWER = "CANARY answer", NEW_PASSWORD = "CANARYnew" },
  ClientSecretType = ("CANARY"):rep(4), PasswordType = "CANARY-%d[pass]word", SecretHashType = "CANARY/hash=",
  SessionType = ("CANARYsession"):rep(2), SoftwareTokenMFAUserCodeType = "918273", TokenModelType = "CANARY.to-ken=",
  UserContextDataType = { IpAddress = "CANARY::1", EncodedData = "CANARY data" }, UsernameType = "CANARYname",
}
local PLAIN = {
  AttributeName = "email", ChallengeName = "CUSTOM_CHALLENGE", ConfirmationCode = "CANARY-code", Code = "CANARY-code",
  CredentialId = "id", Credential = { id = "CANARY id", response = { signature = "CANARY signature" } },
  DeviceKey = "eu-west-1_0a", EventId = "e", FeedbackValue = "Valid", AuthFlow = "USER_AUTH",
  UserAttributeNames = { "email" }, MFAOptions = { { DeliveryMedium = "SMS", AttributeName = "email" } },
  UserPoolId = "eu-west-1_Pool",
}

describe("what the model calls sensitive", function()
  local model, why = data.load "cognito-idp-api.json"
  local emu, pool, seen

  local function note(value, depth)
    seen[#seen + 1] = tostring(value)
    if type(value) ~= "table" or depth == 0 then return end
    for k, v in pairs(value) do
      seen[#seen + 1] = tostring(k)
      note(v, depth - 1)
    end
  end

  setup(function()
    emu = emulator.start { config = { clients = { { id = "CANARYclient" } } } }
    pool = assert(cognito.pool { user_pool_id = emu.pool_id, client_id = "CANARYclient", endpoint = emu.url,
      max_attempts = 1, logger = function(level, message, fields)
        note(level, 0)
        note(message, 0)
        note(fields, 4)
      end })
  end)
  teardown(function() emu.stop() end)
  before_each(function() seen = {} end)

  local secrets

  local function texts(value)
    if type(value) == "table" then
      for _, inner in pairs(value) do texts(inner) end
    elseif value:find "CANARY" or value == SENSITIVE.SoftwareTokenMFAUserCodeType then
      secrets[#secrets + 1] = value
    end
    return value
  end

  local value_of

  local function member_of(name, member)
    local value = value_of(member.shape)
    if value == nil then return PLAIN[name] and texts(PLAIN[name]) end
    return value
  end

  -- The sensitive parts of a shape, filled in; nil where it has none.
  function value_of(name)
    local shape = model.shapes[name]
    if SENSITIVE[name] then return texts(SENSITIVE[name]) end
    if shape.sensitive then return nil end
    if shape.type == "list" then
      local inner = value_of(type(shape.member) == "table" and shape.member.shape or shape.member)
      return inner and { inner }
    end
    if name ~= "AttributeType" then return nil end
    return { Name = "email", Value = value_of(shape.members.Value.shape) }
  end

  local function input_of(operation)
    local input = {}
    secrets = ops.by_name[operation].client and { "CANARYclient" } or {}
    for name, member in pairs(model.shapes[model.operations[operation].input].members) do
      if name ~= "ClientId" then input[name] = member_of(name, member) end
    end
    return input
  end

  for name in pairs(ops.by_name) do
    it("stays out of the errors and logs of " .. name, function()
      if not model then return pending(why) end
      local input = input_of(name)
      emu.faults { { error = "InvalidParameterException", operation = name,
        message = "wrong are " .. table.concat(secrets, " and ") .. " (email)" } }
      local answer, err = pool:call(name, input)
      assert.is_nil(answer)
      assert.equal("InvalidParameterException", err.code, tostring(err))
      assert.truthy(err.message:find("***", 1, true))
      note(err, 4)
      note(pool, 0)
      for _, text in ipairs(seen) do
        assert.is_nil(text:find("CANARY", 1, true), text)
        assert.is_nil(text:find("918273", 1, true), text)
      end
    end)
  end

  it("has a value in this spec for each of its types", function()
    if not model then return pending(why) end
    for name, shape in pairs(model.shapes) do
      local sent = name ~= "ClientIdType" and name ~= "SecretCodeType"   -- the pool's own; and in answers alone
      if shape.sensitive and sent then assert.truthy(SENSITIVE[name], name) end
    end
  end)

  it("leaves the name of an attribute and the words of the message readable", function()
    if not model then return pending(why) end
    local function message(username, text)
      emu.faults { { error = "InvalidParameterException", operation = "SignUp", message = text } }
      return select(2, pool:sign_up { username = username, password = "Some-pass1",
        attributes = { email = "CANARY@example.com" } }).message
    end
    assert.equal("Invalid email address format: ***",
      message("someone", "Invalid email address format: CANARY@example.com"))
    assert.equal("the user *** boasts of bob1", message("bo", "the user bo boasts of bob1"))
    assert.equal("***.", message("%a+", "%a+."))
  end)

  it("does not change what an error means", function()
    emu.faults { { error = "NotAuthorizedException", operation = "RespondToAuthChallenge",
      message = "Invalid session for the user, session is expired." } }
    local _, err = pool:call("RespondToAuthChallenge", { ChallengeName = "SMS_MFA", Session = ("s"):rep(30),
      ChallengeResponses = { USERNAME = "session", SMS_MFA_CODE = "123456" } })
    assert.equal("challenge_expired", err.kind)
  end)
end)
