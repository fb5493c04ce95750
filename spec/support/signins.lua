--- Signing in against the emulator: its users, and what a step is expected to be.
local assert = require "luassert"
local busted = require "busted"
local cognito = require "cognito"
local emulator = require "spec.support.emulator"

local signins = { PASSWORD = "Correct-horse1", SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" }

local CONFIG = ([[return {
  mfa = "OPTIONAL", device_tracking = %q, verifier_session = %s, session_ttl = 180, lockout = false,
  required_attributes = { "name" },
  clients = { { id = "public" }, { id = "confidential", secrets = { "secretsecretsecretsecret1" } } },
  users = {
    alice = { password = "Correct-horse1", attributes = { name = "Alice", email = "alice@example.com",
      email_verified = true, phone_number = "+491701234567", phone_number_verified = true } },
    sms = { password = "Correct-horse1", mfa = { "SMS_MFA" },
      attributes = { email = "sms@example.com", email_verified = true, phone_number = "+491701234568" } },
    totp = { password = "Correct-horse1", mfa = { "SOFTWARE_TOKEN_MFA" },
      totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" },
    both = { password = "Correct-horse1", mfa = { "SOFTWARE_TOKEN_MFA", "SMS_MFA" },
      totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", attributes = { phone_number = "+491701234569" } },
    fresh = { password = "Temporary-1", status = "FORCE_CHANGE_PASSWORD" },
    fresh2 = { password = "Temporary-1", status = "FORCE_CHANGE_PASSWORD" },
    fresh3 = { password = "Temporary-1", status = "FORCE_CHANGE_PASSWORD" },
    unconfirmed = { password = "Correct-horse1", status = "UNCONFIRMED" },
    reset = { password = "Correct-horse1", status = "RESET_REQUIRED" },
    disabled = { password = "Correct-horse1", enabled = false },
    setup = { password = "Correct-horse1", script = { "MFA_SETUP" } },
    future = { password = "Correct-horse1", script = { "X_TEST_FUTURE", "SMS_MFA" },
      attributes = { phone_number = "+491701234570" } },
  },
  triggers = {
    define_challenge = function(session)
      local last = session[#session]
      if not last then return "CUSTOM_CHALLENGE" end
      if last.challenge_name == "SRP_A" then return "PASSWORD_VERIFIER" end
      if last.challenge_name == "PASSWORD_VERIFIER" then return last.result and "CUSTOM_CHALLENGE" end
      return last.result or #session < 5 and "CUSTOM_CHALLENGE"
    end,
    create_challenge = function() return { question = "2+2" }, { answer = "4" } end,
    verify_challenge = function(answer, private) return answer == private.answer end,
  },
}]])

--- The configuration: device tracking (`off`, `always`, ...), and whether PASSWORD_VERIFIER carries a Session.
function signins.config(tracking, session) return CONFIG:format(tracking or "off", tostring(session or false)) end

--- A pool of the emulator's public client, or with other options.
function signins.pool_of(e, more)
  local options = { user_pool_id = e.pool_id, client_id = "public", endpoint = e.url }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(cognito.pool(options))
end

--- The pool of the client that has a secret.
function signins.confidential(e)
  return signins.pool_of(e, { client_id = "confidential", client_secret = "secretsecretsecretsecret1" })
end

--- One emulator for all examples of a `describe`, as fresh before each as at its start.
-- @tparam function take gets the emulator, a pool of its public client and one of the client that has a secret
function signins.before_all(take)
  local e
  busted.setup(function()
    e = emulator.start { config = signins.config() }
    take(e, signins.pool_of(e), signins.confidential(e))
  end)
  busted.teardown(function() e.stop() end)
  busted.before_each(function() e.reset() end)
end

--- Asserts a step with a session, which it gives.
function signins.signed_in(step, err)
  assert(step, tostring(err))
  assert.truthy(step.session, "a challenge instead of a session: " .. tostring(step))
  assert.is_nil(step.challenge)
  return step.session
end

--- Asserts a step that asks this challenge.
function signins.asks(name, step, err)
  assert(step, tostring(err))
  assert.truthy(step.challenge, "a session instead of " .. name)
  assert.equal(name, step.challenge.name)
  return step
end

--- Asserts a failure of that kind, which it gives.
function signins.refused(kind, code, step, err)
  assert.is_nil(step)
  assert.equal(kind, err.kind, tostring(err))
  if code then assert.equal(code, err.code, tostring(err)) end
  return err
end

--- The operations that the emulator has seen, in order.
function signins.operations(e)
  local list = {}
  for i, request in ipairs(e.requests()) do list[i] = request.operation end
  return list
end

return signins
