-- Every way to sign in, over real HTTP, against an SRP client of the specs' own.
local emulator = require "spec.support.emulator"
local raw_signins = require "spec.support.raw_signins"
local srp = require "spec.support.srp_client"

local config, client_of, refused, signed_in, asks, SECRET = raw_signins.config, raw_signins.client_of,
  raw_signins.refused, raw_signins.signed_in, raw_signins.asks, raw_signins.SECRET

local function totp_code(secret, offset)
  return io.popen(("oathtool --totp -b -N '@%d' %s"):format(os.time() + (offset or 0), secret or SECRET)):read "*l"
end

describe("the emulator's sign-in", function()
  local e, c

  setup(function()
    e = emulator.start { config = config() }
    c = client_of(e)
  end)
  teardown(function() e.stop() end)
  before_each(function() e.reset() end)

  describe("by SRP", function()
    it("accepts the right password, typed name or alias", function()
      signed_in(c.srp "alice")
      local start = srp.start()
      local _, step = c.start("USER_SRP_AUTH", { USERNAME = "alice@example.com", SRP_A = start.A })
      assert.equal("alice", step.ChallengeParameters.USER_ID_FOR_SRP)
      assert.is_nil(step.Session)
      signed_in(c.verifier(start, step, "Correct-horse1"))
    end)

    it("refuses a wrong password, an unknown user and an alias as USERNAME alike", function()
      local alias = { USERNAME = "alice@example.com" }
      for _, try in ipairs { { "alice", "wrong" }, { "nobody", "x" }, { "alice", nil, alias } } do
        refused("NotAuthorizedException", "Incorrect username or password.", c.srp(try[1], try[2], try[3]))
      end
    end)

    it("shows an unknown user the same salt each time", function()
      local A = srp.start().A
      local _, one = c.start("USER_SRP_AUTH", { USERNAME = "ghost", SRP_A = A })
      local _, two = c.start("USER_SRP_AUTH", { USERNAME = "ghost", SRP_A = A })
      assert.equal(one.ChallengeParameters.SALT, two.ChallengeParameters.SALT)
    end)

    it("takes the timestamp in one form only", function()
      for _, text in ipairs { "2026-01-05T09:07:03Z", "Mon Jan  5 09:07:03 UTC 2026", "Mon Jan 5 09:07:03 CET 2026",
        "Mo Jan 5 09:07:03 UTC 2026", "Mon Jan 5 9:07:03 UTC 2026" } do
        refused("InvalidParameterException", "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.",
          c.srp("alice", nil, nil, text))
      end
      local wrong_weekday = srp.timestamp():gsub("^%a+", function(day) return day == "Mon" and "Tue" or "Mon" end)
      refused("NotAuthorizedException", nil, c.srp("alice", nil, nil, wrong_weekday))
      refused("NotAuthorizedException", nil, c.srp("alice", nil, nil, srp.timestamp(-3600)))
      signed_in(c.srp("alice", nil, nil, srp.timestamp(-100)))
    end)

    it("refuses a padded day", function()
      e.clock { advance = (8 - tonumber(os.date "!%d")) * 86400 }
      local seconds = os.time() + (8 - tonumber(os.date "!%d")) * 86400
      local padded = os.date("!%a %b %d %H:%M:%S UTC %Y", seconds)
      assert.truthy(padded:find " 08 ")
      refused("NotAuthorizedException", "Incorrect username or password.", c.srp("alice", nil, nil, padded))
      signed_in(c.srp("alice", nil, nil, (padded:gsub(" 08 ", " 8 "))))
    end)

    it("wants the answer in time, and once", function()
      local start = srp.start()
      local _, step = c.start("USER_SRP_AUTH", { USERNAME = "alice", SRP_A = start.A })
      signed_in(c.verifier(start, step, "Correct-horse1"))
      refused("NotAuthorizedException", nil, c.verifier(start, step, "Correct-horse1"))
      _, step = c.start("USER_SRP_AUTH", { USERNAME = "alice", SRP_A = start.A })
      e.clock { advance = 61 }
      refused("NotAuthorizedException", nil, c.verifier(start, step, "Correct-horse1", nil, srp.timestamp(61)))
    end)

    it("refuses an SRP_A that no client may send", function()
      for _, A in ipairs { "0", "", "xyz", ("f"):rep(769) } do
        refused("InvalidParameterException", nil, c.start("USER_SRP_AUTH", { USERNAME = "alice", SRP_A = A }))
      end
    end)

    it("locks out after five wrong passwords, longer each time", function()
      e.user("alice", { failures = 0 })
      for _ = 1, 5 do refused("NotAuthorizedException", "Incorrect username or password.", c.srp("alice", "no")) end
      refused("NotAuthorizedException", "Password attempts exceeded", c.srp "alice")
      e.clock { advance = 2 }
      signed_in(c.srp("alice", nil, nil, srp.timestamp(2)))
    end)

    it("says what keeps the user out", function()
      refused("UserNotConfirmedException", "User is not confirmed.", c.srp "unconfirmed")
      refused("PasswordResetRequiredException", "Password reset required for the user", c.srp "reset")
    end)
  end)

  it("carries a Session in PASSWORD_VERIFIER where the pool is set so", function()
    local other = emulator.start { config = config("off", true) }
    finally(other.stop)
    local start = srp.start()
    local _, step = client_of(other).start("USER_SRP_AUTH", { USERNAME = "alice", SRP_A = start.A })
    assert.truthy(step.Session)
    refused("NotAuthorizedException", nil, client_of(other).verifier(start,
      { ChallengeParameters = step.ChallengeParameters }, "Correct-horse1"))
    signed_in(client_of(other).verifier(start, step, "Correct-horse1"))
  end)

  describe("with a second factor", function()
    it("sends a code by SMS and keeps the session after a wrong one", function()
      local step = asks("SMS_MFA", c.srp "sms")
      assert.same({ CODE_DELIVERY_DELIVERY_MEDIUM = "SMS", CODE_DELIVERY_DESTINATION = "+********4567" },
        step.ChallengeParameters)
      local code = e.code()
      for _ = 1, 3 do
        refused("CodeMismatchException", "Invalid code received for user",
          c.answer("SMS_MFA", step.Session, { USERNAME = "sms", SMS_MFA_CODE = code == "000000" and "1" or "000000" }))
      end
      signed_in(c.answer("SMS_MFA", step.Session, { USERNAME = "sms", SMS_MFA_CODE = code }))
    end)

    it("lets the session expire", function()
      local step = asks("SMS_MFA", c.srp "sms")
      e.clock { advance = 181 }
      refused("NotAuthorizedException", "Invalid session for the user, session is expired.",
        c.answer("SMS_MFA", step.Session, { USERNAME = "sms", SMS_MFA_CODE = e.code() }))
    end)

    it("takes TOTP codes of one step more or less", function()
      for offset, right in pairs { [0] = true, [-30] = true, [30] = true, [-90] = false, [90] = false } do
        local step = asks("SOFTWARE_TOKEN_MFA", c.srp "totp")
        local status, body = c.answer("SOFTWARE_TOKEN_MFA", step.Session,
          { USERNAME = "totp", SOFTWARE_TOKEN_MFA_CODE = totp_code(SECRET, offset) })
        if right then signed_in(status, body) else refused("CodeMismatchException", nil, status, body) end
      end
    end)

    it("lets the user choose", function()
      local step = asks("SELECT_MFA_TYPE", c.srp "both")
      assert.equal('["SMS_MFA","SOFTWARE_TOKEN_MFA"]', step.ChallengeParameters.MFAS_CAN_CHOOSE)
      step = asks("SOFTWARE_TOKEN_MFA",
        c.answer("SELECT_MFA_TYPE", step.Session, { USERNAME = "both", ANSWER = "SOFTWARE_TOKEN_MFA" }))
      signed_in(c.answer("SOFTWARE_TOKEN_MFA", step.Session,
        { USERNAME = "both", SOFTWARE_TOKEN_MFA_CODE = totp_code() }))
    end)
  end)

  it("walks through a script of challenges, each really checked", function()
    local step = asks("EMAIL_OTP", c.srp "long")
    step = asks("NEW_PASSWORD_REQUIRED", c.answer("EMAIL_OTP", step.Session,
      { USERNAME = "long", EMAIL_OTP_CODE = e.code() }))
    step = asks("X_TEST_FUTURE", c.answer("NEW_PASSWORD_REQUIRED", step.Session,
      { USERNAME = "long", NEW_PASSWORD = "Correct-horse2" }))
    refused("CodeMismatchException", nil, c.answer("X_TEST_FUTURE", step.Session, { USERNAME = "long", ANSWER = "?" }))
    step = asks("SMS_MFA", c.answer("X_TEST_FUTURE", step.Session, { USERNAME = "long", ANSWER = "raw" }))
    step = asks("MFA_SETUP", c.answer("SMS_MFA", step.Session, { USERNAME = "long", SMS_MFA_CODE = e.code() }))
    local status, secret = e.call("AssociateSoftwareToken", { Session = step.Session })
    assert.equal(200, status)
    refused("EnableSoftwareTokenMFAException", "Code mismatch",
      e.call("VerifySoftwareToken", { Session = secret.Session, UserCode = totp_code(secret.SecretCode, -300) }))
    local _, verified = e.call("VerifySoftwareToken",
      { Session = secret.Session, UserCode = totp_code(secret.SecretCode), FriendlyDeviceName = "phone" })
    assert.equal("SUCCESS", verified.Status)
    refused("NotAuthorizedException", nil, c.answer("MFA_SETUP", step.Session, { USERNAME = "long" }))
    step = asks("PASSWORD_SRP", c.answer("MFA_SETUP", verified.Session, { USERNAME = "long" }))
    local start = srp.start()
    step = asks("PASSWORD_VERIFIER", c.answer("PASSWORD_SRP", step.Session, { USERNAME = "long", SRP_A = start.A }))
    signed_in(c.verifier(start, step, "Correct-horse2"))
  end)

  describe("by custom challenges", function()
    it("asks the Lua functions of the pool", function()
      local step = asks("CUSTOM_CHALLENGE", c.start("CUSTOM_AUTH", { USERNAME = "alice" }))
      assert.equal("2+2", step.ChallengeParameters.question)
      step = asks("CUSTOM_CHALLENGE", c.answer("CUSTOM_CHALLENGE", step.Session, { USERNAME = "alice", ANSWER = "5" }))
      signed_in(c.answer("CUSTOM_CHALLENGE", step.Session, { USERNAME = "alice", ANSWER = "4" }))
    end)

    it("runs SRP first where asked", function()
      local start = srp.start()
      local step = asks("PASSWORD_VERIFIER", c.start("CUSTOM_AUTH",
        { USERNAME = "alice", CHALLENGE_NAME = "SRP_A", SRP_A = start.A }))
      assert.truthy(step.Session)
      step = asks("CUSTOM_CHALLENGE", c.verifier(start, step, "Correct-horse1"))
      signed_in(c.answer("CUSTOM_CHALLENGE", step.Session, { USERNAME = "alice", ANSWER = "4" }))
    end)

    it("fails where a function fails or says no", function()
      local step = asks("CUSTOM_CHALLENGE", c.start("CUSTOM_AUTH", { USERNAME = "alice" }))
      refused("UserLambdaValidationException", "VerifyAuthChallengeResponse failed with error no such answer.",
        c.answer("CUSTOM_CHALLENGE", step.Session, { USERNAME = "alice", ANSWER = "boom" }))
      local start = srp.start()
      step = asks("PASSWORD_VERIFIER", c.start("CUSTOM_AUTH",
        { USERNAME = "alice", CHALLENGE_NAME = "SRP_A", SRP_A = start.A }))
      refused("NotAuthorizedException", nil, c.verifier(start, step, "wrong"))
    end)
  end)

  describe("by choice (USER_AUTH)", function()
    it("lists what the user has", function()
      local step = asks("SELECT_CHALLENGE", c.start("USER_AUTH", { USERNAME = "alice" }))
      assert.same({ "PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP" }, step.AvailableChallenges)
      signed_in(c.answer("SELECT_CHALLENGE", step.Session,
        { USERNAME = "alice", ANSWER = "PASSWORD", PASSWORD = "Correct-horse1" }))
    end)

    it("goes straight to what is preferred", function()
      signed_in(c.start("USER_AUTH",
        { USERNAME = "alice", PREFERRED_CHALLENGE = "PASSWORD", PASSWORD = "Correct-horse1" }))
      local start = srp.start()
      local step = asks("PASSWORD_VERIFIER", c.start("USER_AUTH",
        { USERNAME = "alice", PREFERRED_CHALLENGE = "PASSWORD_SRP", SRP_A = start.A }))
      signed_in(c.verifier(start, step, "Correct-horse1"))
      step = asks("EMAIL_OTP", c.start("USER_AUTH", { USERNAME = "alice", PREFERRED_CHALLENGE = "EMAIL_OTP" }))
      assert.equal("a***@e***", step.ChallengeParameters.CODE_DELIVERY_DESTINATION)
      assert.equal(8, #e.code())
      signed_in(c.answer("EMAIL_OTP", step.Session, { USERNAME = "alice", EMAIL_OTP_CODE = e.code() }))
    end)

    it("offers the rest when the preference is not there", function()
      local step = asks("SELECT_CHALLENGE", c.start("USER_AUTH",
        { USERNAME = "fresh", PREFERRED_CHALLENGE = "EMAIL_OTP" }))
      assert.same({ "PASSWORD_SRP", "PASSWORD" }, step.AvailableChallenges)
      step = asks("PASSWORD", c.answer("SELECT_CHALLENGE", step.Session, { USERNAME = "fresh", ANSWER = "PASSWORD" }))
      asks("NEW_PASSWORD_REQUIRED",
        c.answer("PASSWORD", step.Session, { USERNAME = "fresh", PASSWORD = "Temporary-1" }))
    end)

    it("plays e-mail for an unknown user", function()
      local step = asks("EMAIL_OTP", c.start("USER_AUTH", { USERNAME = "ghost" }))
      refused("CodeMismatchException", nil,
        c.answer("EMAIL_OTP", step.Session, { USERNAME = "ghost", EMAIL_OTP_CODE = "12345678" }))
    end)
  end)
end)
