-- Signing in with questions on the way: second factors, enrolment, new passwords, unknown challenges.
local cognito = require "cognito"
local signins = require "spec.support.signins"

local PASSWORD, SECRET, signed_in, asks, refused = signins.PASSWORD, signins.SECRET, signins.signed_in, signins.asks,
  signins.refused

describe("signing in", function()
  local e, pool, confidential
  signins.before_all(function(...) e, pool, confidential = ... end)

  describe("with a second factor", function()
    it("keeps the step after a wrong code, and is done with the right one", function()
      local step = asks("SMS_MFA", pool:sign_in { username = "sms", password = PASSWORD })
      assert.same({ destination = "+********4568", medium = "SMS" }, step.challenge.parameters)
      for _ = 1, 3 do refused("rejected", "CodeMismatchException", step:answer "1") end
      refused("invalid", "bad_answer", step:answer " ")
      signed_in(step:answer(e.code()))
      refused("challenge_expired", "answered", step:answer(e.code()))
    end)

    it("says when the challenge has expired", function()
      local step = asks("SMS_MFA", pool:sign_in { username = "sms", password = PASSWORD })
      e.clock { advance = 181 }
      local err = refused("challenge_expired", nil, step:answer(e.code()))
      assert.equal("sign in again from the start", err.hint)
      refused("challenge_expired", "answered", step:answer(e.code()))
    end)

    it("takes the code of an authenticator app", function()
      local step = asks("SOFTWARE_TOKEN_MFA", confidential:sign_in { username = "totp", password = PASSWORD })
      signed_in(step:answer(cognito.totp.code(SECRET)))
    end)

    it("lets the user choose", function()
      local step = asks("SELECT_MFA_TYPE", pool:sign_in { username = "both", password = PASSWORD })
      assert.same({ "SMS_MFA", "SOFTWARE_TOKEN_MFA" }, step.challenge.parameters.choices)
      refused("invalid", "bad_answer", step:answer "TOTP")
      step = asks("SOFTWARE_TOKEN_MFA", step:answer "SOFTWARE_TOKEN_MFA")
      signed_in(step:answer(cognito.totp.code(SECRET)))
      step = asks("SELECT_MFA_TYPE", pool:sign_in { username = "both", password = PASSWORD })
      signed_in(asks("SMS_MFA", step:answer { choice = "SMS_MFA" }):answer(e.code()))
    end)

    it("enrols an authenticator app", function()
      local step = asks("MFA_SETUP", pool:sign_in { username = "setup", password = PASSWORD })
      local secret = step.challenge.parameters.secret
      assert.equal("otpauth://totp/setup?secret=" .. secret, step.challenge.parameters.uri)
      refused("rejected", "EnableSoftwareTokenMFAException", step:answer "000000")
      signed_in(step:answer { code = cognito.totp.code(secret), device_name = "phone" })
      assert.equal("phone", e.requests "VerifySoftwareToken"[2].input.FriendlyDeviceName)
    end)

    it("takes a new password with the attributes that the pool requires", function()
      local step = asks("NEW_PASSWORD_REQUIRED", pool:sign_in { username = "fresh2", password = "Temporary-1" })
      assert.same({ "name" }, step.challenge.parameters.required_attributes)
      refused("invalid", "bad_answer", step:answer "Correct-horse2")
      signed_in(step:answer { new_password = "Correct-horse2", attributes = { name = "Fresh" } })
      signed_in(pool:sign_in { username = "fresh2", password = "Correct-horse2" })
    end)

    it("says so when the service refuses a new password, and lets the sign-in begin again", function()
      local answer = { new_password = "short", attributes = { name = "Fresh" } }
      local step = asks("NEW_PASSWORD_REQUIRED", pool:sign_in { username = "fresh3", password = "Temporary-1" })
      refused("rejected", "InvalidPasswordException", step:answer(answer))
      answer.new_password = "Correct-horse2"
      refused("challenge_expired", "NotAuthorizedException", step:answer(answer))
      step = asks("NEW_PASSWORD_REQUIRED", pool:sign_in { username = "fresh3", password = "Temporary-1" })
      signed_in(step:answer(answer))
    end)

    it("hands an unknown challenge over raw, and its answer back", function()
      local step = asks("X_TEST_FUTURE", pool:sign_in { username = "future", password = PASSWORD })
      assert.is_false(step.challenge.known)
      assert.same({ HINT = "the answer is raw" }, step.challenge.parameters)
      refused("invalid", "bad_answer", step:answer "raw")
      refused("rejected", "CodeMismatchException", step:answer { raw = { ANSWER = "?" } })
      signed_in(asks("SMS_MFA", step:answer { raw = { ANSWER = "raw" } }):answer(e.code()))
    end)
  end)
end)
