--- Signing in to the emulator in the service's own words, with an SRP client of the specs: nothing of the library.
local assert = require "luassert"
local srp = require "spec.support.srp_client"

local raw_signins = { SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" }

local CONFIG = ([[return {
  mfa = "OPTIONAL", device_tracking = %q, verifier_session = %s,
  users = {
    alice = { password = "Correct-horse1", attributes = { email = "alice@example.com", email_verified = true,
      phone_number = "+491701234567", phone_number_verified = true } },
    sms = { password = "Correct-horse1", mfa = { "SMS_MFA" }, attributes = { phone_number = "+491701234567" } },
    totp = { password = "Correct-horse1", mfa = { "SOFTWARE_TOKEN_MFA" },
      totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" },
    both = { password = "Correct-horse1", mfa = { "SOFTWARE_TOKEN_MFA", "SMS_MFA" },
      totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", attributes = { phone_number = "+491701234567" } },
    fresh = { password = "Temporary-1", status = "FORCE_CHANGE_PASSWORD" },
    unconfirmed = { password = "Correct-horse1", status = "UNCONFIRMED" },
    reset = { password = "Correct-horse1", status = "RESET_REQUIRED" },
    long = { password = "Correct-horse1", totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
      attributes = { email = "long@example.com", email_verified = true, phone_number = "+491701234568" },
      script = { "EMAIL_OTP", "NEW_PASSWORD_REQUIRED", "X_TEST_FUTURE", "SMS_MFA", "MFA_SETUP", "PASSWORD_SRP" } },
  },
  triggers = {
    define_challenge = function(session)
      local last = session[#session]
      if not last then return "CUSTOM_CHALLENGE" end
      if last.challenge_name == "SRP_A" then return "PASSWORD_VERIFIER" end
      if last.challenge_name == "PASSWORD_VERIFIER" then return last.result and "CUSTOM_CHALLENGE" end
      return last.result or #session < 3 and "CUSTOM_CHALLENGE"
    end,
    create_challenge = function() return { question = "2+2" }, { answer = "4" } end,
    verify_challenge = function(answer, private)
      if answer == "boom" then error("no such answer") end
      return answer == private.answer
    end,
  },
}]])

--- The configuration: device tracking, and whether PASSWORD_VERIFIER carries a Session.
function raw_signins.config(tracking, session) return CONFIG:format(tracking or "off", tostring(session or false)) end

--- A client of an emulator: `start`, `answer`, `verifier`, `srp`.
function raw_signins.client_of(e)
  local c = {}

  function c.start(flow, parameters, extra)
    local body = { AuthFlow = flow, ClientId = e.client_id, AuthParameters = parameters }
    for key, value in pairs(extra or {}) do body[key] = value end
    return e.call("InitiateAuth", body)
  end

  function c.answer(name, session, responses)
    return e.call("RespondToAuthChallenge", { ClientId = e.client_id, ChallengeName = name, Session = session,
      ChallengeResponses = responses })
  end

  function c.verifier(start, step, password, extra, timestamp)
    local p = step.ChallengeParameters
    timestamp = timestamp or srp.timestamp()
    local responses = { USERNAME = p.USERNAME, PASSWORD_CLAIM_SECRET_BLOCK = p.SECRET_BLOCK, TIMESTAMP = timestamp,
      PASSWORD_CLAIM_SIGNATURE = srp.sign(start, p, "Emulator1", p.USER_ID_FOR_SRP, password, timestamp) }
    for key, value in pairs(extra or {}) do responses[key] = value end
    return c.answer("PASSWORD_VERIFIER", step.Session, responses)
  end

  function c.srp(username, password, extra, timestamp)
    local start = srp.start()
    local status, step = c.start("USER_SRP_AUTH", { USERNAME = username, SRP_A = start.A })
    if status ~= 200 then return status, step end
    return c.verifier(start, step, password or "Correct-horse1", extra, timestamp)
  end

  return c
end

--- Asserts a refusal.
function raw_signins.refused(code, message, status, body)
  assert.equal(code, body.__type)
  if message then assert.equal(message, body.message) end
  assert.equal(400, status)
end

--- Asserts tokens, which it gives.
function raw_signins.signed_in(status, body)
  assert.equal(200, status, body and body.message)
  assert.truthy(body.AuthenticationResult, "no tokens, but " .. tostring(body.ChallengeName))
  return body.AuthenticationResult
end

--- Asserts that this challenge is posed; gives the answer's body.
function raw_signins.asks(name, status, body)
  assert.equal(200, status, body and body.message)
  assert.equal(name, body.ChallengeName)
  return body
end

return raw_signins
