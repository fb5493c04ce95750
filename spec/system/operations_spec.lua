-- Each of the 32 operations with each of its errors: what we send fits the service's model, what the service may say
-- reaches the caller with its code, and nothing is missing.
local cognito = require "cognito"
local data = require "spec.support.data"
local emulator = require "spec.support.emulator"
local errors = require "cognito.errors"
local ops = require "cognito.protocol.ops"

local TOKEN = ("t"):rep(40)

-- A request for each operation that its rules let pass.
local INPUTS = {
  AssociateSoftwareToken = {}, ChangePassword = { ProposedPassword = "Some-password1" },
  CompleteWebAuthnRegistration = { Credential = { id = "x" } }, ConfirmDevice = { DeviceKey = "eu-west-1_0a-1" },
  ConfirmForgotPassword = { Username = "u", ConfirmationCode = "1", Password = "Some-password1" },
  ConfirmSignUp = { Username = "u", ConfirmationCode = "1" }, DeleteUser = {},
  DeleteUserAttributes = { UserAttributeNames = { "nickname" } }, DeleteWebAuthnCredential = { CredentialId = "c" },
  ForgetDevice = { DeviceKey = "eu-west-1_0a-1" }, ForgotPassword = { Username = "u" },
  GetDevice = { DeviceKey = "eu-west-1_0a-1" }, GetTokensFromRefreshToken = { RefreshToken = TOKEN }, GetUser = {},
  GetUserAttributeVerificationCode = { AttributeName = "email" }, GetUserAuthFactors = {}, GlobalSignOut = {},
  InitiateAuth = { AuthFlow = "USER_PASSWORD_AUTH", AuthParameters = { USERNAME = "u", PASSWORD = "p" } },
  ListDevices = { Limit = 10 }, ListWebAuthnCredentials = { MaxResults = 5 },
  ResendConfirmationCode = { Username = "u" },
  RespondToAuthChallenge = { ChallengeName = "SMS_MFA", Session = TOKEN, ChallengeResponses = { USERNAME = "u" } },
  RevokeToken = { Token = TOKEN }, SetUserMFAPreference = { SMSMfaSettings = { Enabled = true } },
  SetUserSettings = { MFAOptions = { { DeliveryMedium = "SMS", AttributeName = "phone_number" } } },
  SignUp = { Username = "u", Password = "Some-password1", UserAttributes = {} }, StartWebAuthnRegistration = {},
  UpdateAuthEventFeedback = {
    UserPoolId = "eu-west-1_Pool", Username = "u", EventId = "e", FeedbackToken = TOKEN, FeedbackValue = "Valid",
  },
  UpdateDeviceStatus = { DeviceKey = "eu-west-1_0a-1", DeviceRememberedStatus = "remembered" },
  UpdateUserAttributes = { UserAttributes = { { Name = "nickname", Value = "n" } } },
  VerifySoftwareToken = { UserCode = "123456" }, VerifyUserAttribute = { AttributeName = "email", Code = "1" },
}

local function copy(t)
  local out = {}
  for k, v in pairs(t) do out[k] = v end
  return out
end

describe("the 32 operations", function()
  local emu, pool, model, why

  setup(function()
    emu = emulator.start { config = {} }
    -- One attempt: an error that may be retried must reach us, too.
    pool = assert(cognito.pool { user_pool_id = emu.pool_id, client_id = emu.client_id, endpoint = emu.url,
      max_attempts = 1 })
    model, why = data.load "cognito-idp-api.json"
  end)

  teardown(function() emu.stop() end)

  it("are all there, and a request for each is known to this spec", function()
    local count = 0
    for name in pairs(ops.by_name) do
      count = count + 1
      assert.truthy(INPUTS[name], name)
    end
    assert.equal(32, count)
  end)

  local function call(name)
    local input = copy(INPUTS[name])
    if ops.by_name[name].auth and not input.AccessToken then input.AccessToken = TOKEN end
    return pool:call(name, input)
  end

  it("bring each of their errors to the caller, with its code and a kind", function()
    if not model then return pending(why) end
    local seen = 0
    for name in pairs(ops.by_name) do
      for _, code in ipairs(model.operations[name].errors) do
        emu.faults { { error = code, operation = name, times = 1 } }
        local answer, err = call(name)
        assert.is_nil(answer, name .. " " .. code)
        assert.equal(code, err.code, name)
        assert.equal(name, err.operation)
        assert.truthy(errors.kinds[err.kind])
        assert.truthy(err.request_id, name .. " " .. code)
        assert.truthy(err.hint, code .. " has no hint")
        seen = seen + 1
      end
    end
    local wanted = 0
    for _, op in pairs(model.operations) do
      if op.auth == "none" then wanted = wanted + #op.errors end
    end
    assert.equal(wanted, seen)
    print(("%d errors of 32 operations"):format(seen))
  end)

  it("are answered by an emulator that knows the same errors", function()
    if not model then return pending(why) end
    local known = emu.operations()
    for name in pairs(ops.by_name) do
      local set = {}
      for _, code in ipairs(known[name]) do set[code] = true end
      for _, code in ipairs(model.operations[name].errors) do assert.truthy(set[code], name .. " lacks " .. code) end
    end
  end)

  it("send what the model allows: the strict emulator refuses none of it for its form", function()
    for name in pairs(ops.by_name) do
      emu.faults {}
      local _, err = call(name)
      if err then
        assert.not_equal("SerializationException", err.code, name .. ": " .. tostring(err))
        assert.is_nil(err.message:find("validation error", 1, true), name .. ": " .. tostring(err))
      end
    end
  end)
end)
