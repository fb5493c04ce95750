-- Accounts, attributes, factors, passkeys and limits, over real HTTP.

local emulator = require "spec.support.emulator"
local authenticator = require "spec.support.authenticator"
local cjson = require "cjson.safe"

local CONFIG = [[return {
  mfa = "OPTIONAL", required_attributes = {}, password_policy = { history = 2 }, threat_protection = %s,
  attributes = { ["custom:team"] = {}, ["custom:frozen"] = { mutable = false } },
  users = {
    alice = { password = "Correct-horse1", attributes = { email = "alice@example.com", email_verified = true,
      phone_number = "+491701234567", phone_number_verified = true, ["custom:frozen"] = "ice" } },
    bob = { password = "Correct-horse1", attributes = { email = "bob@example.com", email_verified = true } },
    carol = { password = "Correct-horse1" },
    passwordless = { attributes = { email = "pl@example.com", email_verified = true } },
  },
  clients = { { id = "public" }, { id = "other" }, { id = "loud", prevent_user_existence_errors = false } },
  triggers = { pre_sign_up = function(event)
    if event.metadata.refuse then error("not today") end
    return { auto_confirm = event.metadata.auto == "yes", auto_verify_email = true }
  end },
}]]

describe("the emulator's accounts", function()
  local e

  setup(function() e = emulator.start { config = CONFIG:format "true" } end)
  teardown(function() e.stop() end)
  before_each(function() e.reset() end)

  local function ok(status, body)
    assert.equal(200, status, body and (body.message or body.Message))
    return body
  end

  local function refused(code, message, status, body)
    assert.equal(code, body and body.__type)
    if message then assert.equal(message, body.message) end
    assert.equal(400, status)
  end

  local function call(operation, body)
    if body.ClientId == nil and body.Username then body.ClientId = "public" end
    return e.call(operation, body)
  end

  local function access(username, password, client)
    local body = ok(e.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = client or "public",
      AuthParameters = { USERNAME = username, PASSWORD = password or "Correct-horse1" } }))
    return body.AuthenticationResult.AccessToken
  end

  local function attributes(token)
    local out = {}
    for _, item in ipairs(ok(e.call("GetUser", { AccessToken = token })).UserAttributes) do
      out[item.Name] = item.Value
    end
    return out
  end

  local function sign_up(username, extra)
    local body = { Username = username, Password = "Correct-horse1",
      UserAttributes = { { Name = "email", Value = username .. "@example.com" } } }
    for key, value in pairs(extra or {}) do body[key] = value end
    return call("SignUp", body)
  end

  describe("sign-up", function()
    it("goes from SignUp over the code to a sign-in without a second code", function()
      local body = ok(sign_up "dora")
      assert.is_false(body.UserConfirmed)
      assert.same({ Destination = "d***@e***", DeliveryMedium = "EMAIL", AttributeName = "email" },
        body.CodeDeliveryDetails)
      refused("UserNotConfirmedException", nil, e.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH",
        ClientId = "public", AuthParameters = { USERNAME = "dora", PASSWORD = "Correct-horse1" } }))
      refused("CodeMismatchException", "Invalid verification code provided, please try again.",
        call("ConfirmSignUp", { Username = "dora", ConfirmationCode = "x", Session = body.Session }))
      local confirmed = ok(call("ConfirmSignUp", { Username = "dora", ConfirmationCode = e.code(),
        Session = body.Session }))
      assert.truthy(ok(e.call("InitiateAuth", { AuthFlow = "USER_AUTH", ClientId = "public",
        Session = confirmed.Session, AuthParameters = { USERNAME = "dora" } })).AuthenticationResult)
      assert.equal("true", attributes(access "dora").email_verified)
    end)

    it("refuses what cannot be", function()
      refused("UsernameExistsException", "User already exists", sign_up "alice")
      refused("InvalidPasswordException", "Password did not conform with policy: Password not long enough",
        sign_up("eve", { Password = "Aa1" }))
      refused("InvalidPasswordException", "Password did not conform with policy: Password must have numeric characters",
        sign_up("eve", { Password = "Password" }))
      refused("InvalidParameterException", "Invalid email address format.",
        sign_up("eve", { UserAttributes = { { Name = "email", Value = "nonsense" } } }))
      refused("InvalidParameterException",
        "Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.",
        sign_up("eve", { UserAttributes = { { Name = "custom:x", Value = "1" } } }))
      refused("UserLambdaValidationException", "PreSignUp failed with error not today.",
        sign_up("eve", { ClientMetadata = { refuse = "yes" } }))
    end)

    it("confirms at once where the trigger says so", function()
      assert.is_true(ok(sign_up("frida", { ClientMetadata = { auto = "yes" } })).UserConfirmed)
      assert.equal("true", attributes(access "frida").email_verified)
    end)

    it("resends codes, five an hour", function()
      ok(sign_up "gina")
      for _ = 1, 5 do ok(call("ResendConfirmationCode", { Username = "gina" })) end
      refused("LimitExceededException", "Attempt limit exceeded, please try after some time.",
        call("ResendConfirmationCode", { Username = "gina" }))
      e.clock { advance = 3601 }
      ok(call("ResendConfirmationCode", { Username = "gina" }))
      ok(call("ConfirmSignUp", { Username = "gina", ConfirmationCode = e.code() }))
      refused("InvalidParameterException", "User is already confirmed.",
        call("ResendConfirmationCode", { Username = "gina" }))
      refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED",
        call("ConfirmSignUp", { Username = "gina", ConfirmationCode = "1" }))
    end)

    it("gives up after five wrong codes, and knows an old one", function()
      ok(sign_up "hanna")
      for _ = 1, 5 do
        refused("CodeMismatchException", nil, call("ConfirmSignUp", { Username = "hanna", ConfirmationCode = "x" }))
      end
      refused("TooManyFailedAttemptsException", nil,
        call("ConfirmSignUp", { Username = "hanna", ConfirmationCode = "x" }))
      ok(call("ResendConfirmationCode", { Username = "hanna" }))
      local code = e.code()
      e.clock { advance = 86401 }
      refused("ExpiredCodeException", "Invalid code provided, please request a code again.",
        call("ConfirmSignUp", { Username = "hanna", ConfirmationCode = code }))
    end)

    it("moves an alias only when forced", function()
      ok(sign_up("ines", { UserAttributes = { { Name = "email", Value = "alice@example.com" } } }))
      local code = e.code()
      refused("AliasExistsException", "An account with the email already exists.",
        call("ConfirmSignUp", { Username = "ines", ConfirmationCode = code }))
      ok(call("ConfirmSignUp", { Username = "ines", ConfirmationCode = code, ForceAliasCreation = true }))
      assert.equal("false", attributes(access "alice").email_verified)
      e.user("alice", { attributes = { email_verified = "true" } })
      e.user("ines", { delete = true })
    end)

    it("hides or shows that a user is unknown, as the client is set", function()
      assert.truthy(ok(call("ResendConfirmationCode", { Username = "ghost" })).CodeDeliveryDetails)
      refused("UserNotFoundException", nil, call("ResendConfirmationCode", { Username = "ghost", ClientId = "loud" }))
      refused("CodeMismatchException", nil, call("ConfirmSignUp", { Username = "ghost", ConfirmationCode = "1" }))
      assert.truthy(ok(call("ForgotPassword", { Username = "ghost" })).CodeDeliveryDetails)
      refused("UserNotFoundException", nil, call("ConfirmForgotPassword",
        { Username = "ghost", ConfirmationCode = "1", Password = "x", ClientId = "loud" }))
    end)
  end)

  describe("passwords", function()
    it("are reset by a code that survives a bad new password", function()
      local details = ok(call("ForgotPassword", { Username = "bob" })).CodeDeliveryDetails
      assert.equal("b***@e***", details.Destination)
      local code = e.code()
      local function confirm(password, given)
        return call("ConfirmForgotPassword",
          { Username = "bob", ConfirmationCode = given or code, Password = password })
      end
      refused("CodeMismatchException", nil, confirm("Better-horse1", "x"))
      refused("InvalidPasswordException", nil, confirm "short")
      refused("PasswordHistoryPolicyViolationException", "Password has previously been used.", confirm "Correct-horse1")
      ok(confirm "Better-horse1")
      refused("ExpiredCodeException", nil, confirm "Better-horse2")
      access("bob", "Better-horse1")
    end)

    it("cannot be reset without an address", function()
      refused("InvalidParameterException",
        "Cannot reset password for the user as there is no registered/verified email or phone_number",
        call("ForgotPassword", { Username = "carol" }))
    end)

    it("are changed by who knows the old one", function()
      local token = access "carol"
      local function change(old, new)
        return e.call("ChangePassword", { AccessToken = token, PreviousPassword = old, ProposedPassword = new })
      end
      refused("NotAuthorizedException", "Incorrect username or password.", change("wrong", "Better-horse1"))
      ok(change("Correct-horse1", "Better-horse1"))
      refused("PasswordHistoryPolicyViolationException", nil, change("Better-horse1", "Correct-horse1"))
      ok(change("Better-horse1", "Better-horse2"))
      ok(change("Better-horse2", "Better-horse3"))
      refused("LimitExceededException", nil, change("Better-horse3", "Better-horse4"))
    end)
  end)

  describe("attributes", function()
    it("are written, verified and deleted", function()
      local token = access "alice"
      local details = ok(e.call("UpdateUserAttributes", { AccessToken = token, UserAttributes = {
        { Name = "name", Value = "Alice" }, { Name = "email", Value = "new@example.com" } } })).CodeDeliveryDetailsList
      assert.equal("n***@e***", details[1].Destination)
      assert.equal("false", attributes(token).email_verified)
      refused("CodeMismatchException", nil, e.call("VerifyUserAttribute",
        { AccessToken = token, AttributeName = "email", Code = "x" }))
      ok(e.call("VerifyUserAttribute", { AccessToken = token, AttributeName = "email", Code = e.code() }))
      assert.equal("true", attributes(token).email_verified)
      ok(e.call("DeleteUserAttributes", { AccessToken = token, UserAttributeNames = { "name" } }))
      assert.is_nil(attributes(token).name)
    end)

    it("send a code on demand", function()
      local token = access "alice"
      local body = ok(e.call("GetUserAttributeVerificationCode",
        { AccessToken = token, AttributeName = "phone_number" }))
      assert.equal("SMS", body.CodeDeliveryDetails.DeliveryMedium)
      ok(e.call("VerifyUserAttribute", { AccessToken = token, AttributeName = "phone_number", Code = e.code() }))
      refused("ExpiredCodeException", nil, e.call("VerifyUserAttribute",
        { AccessToken = token, AttributeName = "phone_number", Code = "1" }))
    end)

    it("refuse what may not be written", function()
      local token = access "alice"
      local function update(name, value)
        return e.call("UpdateUserAttributes",
          { AccessToken = token, UserAttributes = { { Name = name, Value = value } } })
      end
      refused("InvalidParameterException", "user.custom:frozen: Attribute cannot be updated.\n",
        update("custom:frozen", "water"))
      refused("NotAuthorizedException", "A client attempted to write unauthorized attribute",
        update("email_verified", "true"))
      ok(update("preferred_username", "ally"))
      local other = access("bob", "Better-horse1")
      refused("AliasExistsException", nil, e.call("UpdateUserAttributes",
        { AccessToken = other, UserAttributes = { { Name = "preferred_username", Value = "ally" } } }))
    end)
  end)

  describe("factors", function()
    it("are enrolled, preferred and left alone when not named", function()
      local token = access "alice"
      refused("InvalidParameterException", "User has not verified software token mfa",
        e.call("SetUserMFAPreference", { AccessToken = token, SoftwareTokenMfaSettings = { Enabled = true } }))
      local secret = ok(e.call("AssociateSoftwareToken", { AccessToken = token })).SecretCode
      local code = io.popen("oathtool --totp -b " .. secret):read "*l"
      assert.equal("SUCCESS", ok(e.call("VerifySoftwareToken", { AccessToken = token, UserCode = code })).Status)
      ok(e.call("SetUserMFAPreference", { AccessToken = token,
        SoftwareTokenMfaSettings = { Enabled = true, PreferredMfa = true }, SMSMfaSettings = { Enabled = true } }))
      ok(e.call("SetUserMFAPreference", { AccessToken = token, SMSMfaSettings = { Enabled = false } }))
      local user = ok(e.call("GetUser", { AccessToken = token }))
      assert.same({ "SOFTWARE_TOKEN_MFA" }, user.UserMFASettingList)
      assert.equal("SOFTWARE_TOKEN_MFA", user.PreferredMfaSetting)
      local auth_factors = ok(e.call("GetUserAuthFactors", { AccessToken = token })).ConfiguredUserAuthFactors
      assert.same({ "PASSWORD", "EMAIL_OTP", "SMS_OTP", "SOFTWARE_TOKEN" }, auth_factors)
      ok(e.call("SetUserMFAPreference", { AccessToken = token, SoftwareTokenMfaSettings = { Enabled = false } }))
      ok(e.call("SetUserSettings", { AccessToken = token,
        MFAOptions = { { DeliveryMedium = "SMS", AttributeName = "phone_number" } } }))
      assert.equal("SMS", ok(e.call("GetUser", { AccessToken = token })).MFAOptions[1].DeliveryMedium)
      e.user("alice", { mfa = {} })
    end)
  end)

  describe("passkeys", function()
    local function start(token)
      return ok(e.call("StartWebAuthnRegistration", { AccessToken = token })).CredentialCreationOptions
    end

    local function complete(token, device, options)
      return e.call("CompleteWebAuthnRegistration", { AccessToken = token, Credential = device.create(options) })
    end

    it("are made, listed, used and deleted", function()
      local token, device = access "alice", authenticator.new()
      ok(complete(token, device, start(token)))
      local list = ok(e.call("ListWebAuthnCredentials", { AccessToken = token })).Credentials
      assert.equal(device.id, list[1].CredentialId)
      local step = ok(e.call("InitiateAuth", { AuthFlow = "USER_AUTH", ClientId = "public",
        AuthParameters = { USERNAME = "alice", PREFERRED_CHALLENGE = "WEB_AUTHN" } }))
      local options = cjson.decode(step.ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS)
      assert.equal(device.id, options.allowCredentials[1].id)
      local function answer(credential)
        return e.call("RespondToAuthChallenge", { ClientId = "public", ChallengeName = "WEB_AUTHN",
          Session = step.Session, ChallengeResponses = { USERNAME = "alice", CREDENTIAL = cjson.encode(credential) } })
      end
      assert.truthy(ok(answer(device.get(options))).AuthenticationResult)
      refused("NotAuthorizedException", nil, answer(device.get(options)))
      ok(e.call("DeleteWebAuthnCredential", { AccessToken = token, CredentialId = device.id }))
      refused("ResourceNotFoundException", nil,
        e.call("DeleteWebAuthnCredential", { AccessToken = token, CredentialId = device.id }))
    end)

    it("are refused when anything is wrong", function()
      local token = access "alice"
      local cases = {
        WebAuthnChallengeNotFoundException = { challenge = "AAAA" }, WebAuthnOriginNotAllowedException =
        { origin = "https://evil.example" }, WebAuthnRelyingPartyMismatchException = { rp_id = "evil.example" },
        WebAuthnCredentialNotSupportedException = { fmt = "packed" },
      }
      for code, wrong in pairs(cases) do
        refused(code, nil, complete(token, authenticator.new(wrong), start(token)))
      end
      refused("WebAuthnCredentialNotSupportedException", nil,
        complete(token, authenticator.new { algorithm = -257 }, start(token)))
      refused("WebAuthnClientMismatchException", nil,
        complete(access("alice", nil, "other"), authenticator.new(), start(token)))
      refused("InvalidParameterException", nil,
        e.call("CompleteWebAuthnRegistration", { AccessToken = token, Credential = { a = 1 } }))
    end)

    it("refuse a foreign key's signature and another challenge", function()
      local token, device = access "alice", authenticator.new()
      ok(complete(token, device, start(token)))
      local thief = authenticator.new()
      thief.id = device.id
      local function try(respond)
        local step = ok(e.call("InitiateAuth", { AuthFlow = "USER_AUTH", ClientId = "public",
          AuthParameters = { USERNAME = "alice", PREFERRED_CHALLENGE = "WEB_AUTHN" } }))
        local options = cjson.decode(step.ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS)
        return e.call("RespondToAuthChallenge", { ClientId = "public", ChallengeName = "WEB_AUTHN",
          Session = step.Session, ChallengeResponses = { USERNAME = "alice",
          CREDENTIAL = cjson.encode(respond(options)) } })
      end
      refused("NotAuthorizedException", "Invalid credential.", try(thief.get))
      refused("NotAuthorizedException", "Invalid credential. Challenge not found.", try(function(options)
        return device.get { challenge = "AAAA", rpId = options.rpId }
      end))
      ok(try(device.get))
    end)
  end)

  it("takes feedback where the pool has the add-on", function()
    local body = { UserPoolId = e.pool_id, Username = "alice", EventId = "event-1", FeedbackToken = "a.b.c",
      FeedbackValue = "Valid" }
    ok(e.call("UpdateAuthEventFeedback", body))
    local plain = emulator.start {}
    finally(plain.stop)
    refused("UserPoolAddOnNotEnabledException", nil, plain.call("UpdateAuthEventFeedback", body))
  end)

  it("slows down who reads or writes too often, where the pool is set so", function()
    local other = emulator.start { config = { rates = true, users = { alice = { password = "Correct-horse1" } } } }
    finally(other.stop)
    local result = ok(other.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = other.client_id,
      AuthParameters = { USERNAME = "alice", PASSWORD = "Correct-horse1" } })).AuthenticationResult
    local later = 2 ^ 40    -- never an hour or a second ago: nine reads that count however slow this machine is
    other.user("alice", { limits = { read = { later, later, later, later, later, later, later, later, later } } })
    ok(other.call("GetUser", { AccessToken = result.AccessToken }))
    refused("TooManyRequestsException", nil, other.call("GetUser", { AccessToken = result.AccessToken }))
    other.reset()
    ok(other.call("GetUser", { AccessToken = result.AccessToken }))
  end)

  it("lets nobody finish a sign-in whose user was deleted meanwhile", function()
    e.user("gone", { password = "Correct-horse1", status = "FORCE_CHANGE_PASSWORD" })
    local step = ok(e.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = "public",
      AuthParameters = { USERNAME = "gone", PASSWORD = "Correct-horse1" } }))
    e.user("gone", { delete = true })
    local status = e.call("RespondToAuthChallenge", { ClientId = "public", ChallengeName = step.ChallengeName,
      Session = step.Session, ChallengeResponses = { USERNAME = "gone", NEW_PASSWORD = "Better-horse1" } })
    assert.equal(400, status)
  end)

  it("deletes a user, with an empty body", function()
    ok(sign_up("zoe", { ClientMetadata = { auto = "yes" } }))
    local token = access "zoe"
    local status, text = e.http("POST", "/", cjson.encode { AccessToken = token }, {
      ["Content-Type"] = "application/x-amz-json-1.1",
      ["X-Amz-Target"] = "AWSCognitoIdentityProviderService.DeleteUser" })
    assert.same({ 200, "" }, { status, text })
    refused("NotAuthorizedException", "Access Token has been revoked", e.call("GetUser", { AccessToken = token }))
  end)

  it("signs people up by address where the pool is set so", function()
    local other = emulator.start { config = [[return { username_attributes = { "email" }, aliases = {} }]] }
    finally(other.stop)
    local body = ok(other.call("SignUp", { ClientId = other.client_id, Username = "x@example.com",
      Password = "Correct-horse1" }))
    ok(other.call("ConfirmSignUp", { ClientId = other.client_id, Username = "x@example.com",
      ConfirmationCode = other.code() }))
    local result = ok(other.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = other.client_id,
      AuthParameters = { USERNAME = "x@example.com", PASSWORD = "Correct-horse1" } })).AuthenticationResult
    assert.equal(body.UserSub, ok(other.call("GetUser", { AccessToken = result.AccessToken })).Username)
    refused("InvalidParameterException", "Username should be an email.",
      other.call("SignUp", { ClientId = other.client_id, Username = "plain", Password = "Correct-horse1" }))
  end)
end)
