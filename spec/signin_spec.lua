-- Every way to sign in, through the library, against the emulator's real verification.
local cognito = require "cognito"
local core = require "cognito.core"
local emulator = require "spec.support.emulator"
local script_host = require "spec.support.script_host"

local PASSWORD = "Correct-horse1"
local SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

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

local function config(tracking, session) return CONFIG:format(tracking or "off", tostring(session or false)) end

local function pool_of(e, more)
  local options = { user_pool_id = e.pool_id, client_id = "public", endpoint = e.url }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(cognito.pool(options))
end

local function signed_in(step, err)
  assert(step, tostring(err))
  assert.truthy(step.session, "a challenge instead of a session: " .. tostring(step))
  assert.is_nil(step.challenge)
  return step.session
end

local function asks(name, step, err)
  assert(step, tostring(err))
  assert.truthy(step.challenge, "a session instead of " .. name)
  assert.equal(name, step.challenge.name)
  return step
end

local function refused(kind, code, step, err)
  assert.is_nil(step)
  assert.equal(kind, err.kind, tostring(err))
  if code then assert.equal(code, err.code, tostring(err)) end
  return err
end

local function operations(e)
  local list = {}
  for i, request in ipairs(e.requests()) do list[i] = request.operation end
  return list
end

describe("signing in", function()
  local e, pool, confidential
  setup(function()
    e = emulator.start { config = config() }
    pool = pool_of(e)
    confidential = pool_of(e, { client_id = "confidential", client_secret = "secretsecretsecretsecret1" })
  end)
  teardown(function() e.stop() end)
  before_each(function() e.reset() end)

  describe("by SRP", function()
    it("gives a session that is usable and stored", function()
      local session = signed_in(pool:sign_in { username = "alice", password = PASSWORD })
      assert.equal("alice", session.username)
      assert.truthy(session:access_token())
      assert.equal("alice", session:claims()["cognito:username"])
      assert.equal(session:access_token(), pool:session("alice"):access_token())
      assert.same({ "InitiateAuth", "RespondToAuthChallenge" }, operations(e))
    end)

    it("goes by the user's own name after an alias was typed", function()
      local session = signed_in(pool:sign_in { username = "alice@example.com", password = PASSWORD })
      assert.equal("alice", session.username)
      assert.truthy(pool:session "alice@example.com")
    end)

    it("hashes the name that is sent, with a client secret", function()
      signed_in(confidential:sign_in { username = "alice", password = PASSWORD })
      signed_in(confidential:sign_in { username = "alice@example.com", password = PASSWORD })
      local sent = e.requests "RespondToAuthChallenge"
      assert.equal("alice", sent[#sent].input.ChallengeResponses.USERNAME)
    end)

    it("says what is wrong with the client secret", function()
      local wrong = pool_of(e, { client_id = "confidential", client_secret = "anothersecretanothersecret" })
      local err = refused("config", nil, wrong:sign_in { username = "alice", password = PASSWORD })
      assert.equal("client_secret", err.reason)
      local none = pool_of(e, { client_id = "confidential" })
      refused("config", nil, none:sign_in { username = "alice", password = PASSWORD })
    end)

    it("takes a password from a function, once and before anything is sent", function()
      local calls, seen = 0, nil
      signed_in(pool:sign_in { username = "alice", password = function()
        calls, seen = calls + 1, #e.requests()
        return PASSWORD
      end })
      assert.same({ 1, 0 }, { calls, seen })
    end)

    it("tells wrong passwords, unknown and disabled users", function()
      refused("auth", "NotAuthorizedException", pool:sign_in { username = "alice", password = "wrong" })
      refused("auth", "NotAuthorizedException", pool:sign_in { username = "nobody", password = "wrong" })
      refused("auth", "NotAuthorizedException", pool:sign_in { username = "disabled", password = PASSWORD })
    end)

    it("names the next step where the account has one", function()
      local err = refused("auth", "UserNotConfirmedException",
        pool:sign_in { username = "unconfirmed", password = PASSWORD })
      assert.truthy(err.hint:find("confirm_sign_up", 1, true))
      err = refused("auth", "PasswordResetRequiredException",
        pool:sign_in { username = "reset", password = PASSWORD })
      assert.truthy(err.hint:find("confirm_forgot_password", 1, true))
    end)

    it("signs by the server's clock when ours is wrong", function()
      for _, seconds in ipairs { 7200, -7200 } do
        e.clock { advance = seconds }
        signed_in(pool_of(e):sign_in { username = "alice", password = PASSWORD })
      end
      assert.equal(4, #e.requests())
    end)

    it("echoes a Session where PASSWORD_VERIFIER has one", function()
      local other = emulator.start { config = config("off", true) }
      finally(other.stop)
      signed_in(pool_of(other):sign_in { username = "alice", password = PASSWORD })
      assert.truthy(other.requests "RespondToAuthChallenge"[1].input.Session)
    end)

    it("passes client metadata and user context with each request", function()
      signed_in(pool:sign_in { username = "alice", password = PASSWORD, client_metadata = { from = "spec" },
        user_context = { ip_address = "192.0.2.1", encoded_data = "data" } })
      for _, request in ipairs(e.requests()) do
        assert.same({ from = "spec" }, request.input.ClientMetadata)
        assert.same({ IpAddress = "192.0.2.1", EncodedData = "data" }, request.input.UserContextData)
      end
    end)
  end)

  describe("with bad arguments", function()
    it("raises on what only a program can get wrong", function()
      for _, given in ipairs { {}, { username = 12 }, { username = "alice", pasword = "x" },
        { username = "alice", password = 1 }, { username = "alice", password = "x", flow = "USER_SPR_AUTH" },
        { username = "alice", password = function() return 1 end },
        { username = "alice", password = "x", user_context = { ip = "1" } },
        { username = "alice", password = "x", client_metadata = { from = 1 } } } do
        assert.has_error(function() pool:sign_in(given) end)
      end
      local _, message = pcall(function()
        pool:sign_in { username = "a", password = "x", flow = "USER_SPR_AUTH" }
      end)
      assert.truthy(message:find("did you mean USER_SRP_AUTH?", 1, true))
      assert.truthy(message:find("signin_spec", 1, true))
      assert.same({}, operations(e))
    end)

    it("refuses what a person may have typed, before anything is sent", function()
      assert.equal("username", refused("invalid", nil, pool:sign_in { username = "", password = "x" }).field)
      assert.equal("username", refused("invalid", nil, pool:sign_in { username = "a b", password = "x" }).field)
      assert.equal("password", refused("invalid", nil, pool:sign_in { username = "alice" }).field)
      assert.equal("password", refused("invalid", nil, pool:sign_in { username = "alice", password = "" }).field)
      assert.same({}, operations(e))
    end)
  end)

  describe("by the other flows", function()
    it("sends the password", function()
      for _, p in ipairs { pool, confidential } do
        signed_in(p:sign_in { username = "alice", password = PASSWORD, flow = "USER_PASSWORD_AUTH" })
        refused("auth", nil, p:sign_in { username = "alice", password = "no", flow = "USER_PASSWORD_AUTH" })
      end
    end)

    it("answers custom challenges, with SRP first where there is a password", function()
      for _, p in ipairs { pool, confidential } do
        for _, password in ipairs { PASSWORD, false } do
          local step = asks("CUSTOM_CHALLENGE", p:sign_in { username = "alice@example.com",
            flow = "CUSTOM_AUTH", password = password or nil })
          assert.equal("2+2", step.challenge.parameters.question)
          step = asks("CUSTOM_CHALLENGE", step:answer "5")
          signed_in(step:answer "4")
        end
      end
      refused("auth", nil, pool:sign_in { username = "alice", flow = "CUSTOM_AUTH", password = "wrong" })
    end)

    it("lets the user choose a first factor", function()
      local function start()
        local step = asks("SELECT_CHALLENGE", pool:sign_in { username = "alice", flow = "USER_AUTH" })
        assert.same({ "PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP" }, step.challenge.parameters.choices)
        return step
      end
      signed_in(start():answer { choice = "PASSWORD", password = PASSWORD })
      signed_in(start():answer { choice = "PASSWORD_SRP", password = PASSWORD })
      signed_in(asks("PASSWORD", start():answer "PASSWORD"):answer(PASSWORD))
      for _, choice in ipairs { "EMAIL_OTP", "SMS_OTP" } do
        signed_in(asks(choice, start():answer(choice)):answer(e.code()))
      end
      refused("invalid", "bad_answer", start():answer "WEB_AUTHN")
    end)

    it("chooses with the password it was begun with", function()
      for _, choice in ipairs { "PASSWORD", "PASSWORD_SRP" } do
        local step = asks("SELECT_CHALLENGE",
          pool:sign_in { username = "alice", flow = "USER_AUTH", password = PASSWORD })
        signed_in(step:answer(choice))
      end
    end)

    it("goes straight to a preferred factor", function()
      for _, p in ipairs { pool, confidential } do
        for _, name in ipairs { "PASSWORD", "PASSWORD_SRP" } do
          signed_in(p:sign_in { username = "alice", flow = "USER_AUTH", preferred_challenge = name,
            password = PASSWORD })
        end
        signed_in(asks("EMAIL_OTP", p:sign_in { username = "alice", flow = "USER_AUTH",
          preferred_challenge = "EMAIL_OTP" }):answer(e.code()))
      end
      local step = asks("SELECT_CHALLENGE", pool:sign_in { username = "fresh", flow = "USER_AUTH",
        preferred_challenge = "EMAIL_OTP" })
      step = asks("NEW_PASSWORD_REQUIRED", step:answer { choice = "PASSWORD_SRP", password = "Temporary-1" })
      signed_in(step:answer { new_password = "Correct-horse2", attributes = { name = "Fresh" } })
    end)

    it("signs in with the Session of a confirmed sign-up", function()
      for _, p in ipairs { pool, confidential } do
        local name = "new" .. core.hex_encode(core.random(4))
        local up = assert(p:sign_up { username = name, password = PASSWORD,
          attributes = { name = "New", email = name .. "@example.com" } })
        local confirmed = assert(p:confirm_sign_up { username = name, code = e.code(), session = up.session })
        assert.equal(name, signed_in(p:sign_in { username = name, session = confirmed.session }).username)
      end
    end)

    it("sends that Session by USER_AUTH, as the flow that takes one", function()
      local host = script_host.new()
      local p = pool_of(e, { host = host })
      host:answer(200, { ChallengeName = "EMAIL_OTP", Session = "second", ChallengeParameters = {} })
      asks("EMAIL_OTP", p:sign_in { username = "alice", session = "first" })
      assert.same({ AuthFlow = "USER_AUTH", ClientId = "public", Session = "first",
        AuthParameters = { USERNAME = "alice" } }, host.requests[1].json)
    end)
  end)

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

  describe("in two processes", function()
    local KEY = ("k"):rep(32)

    it("goes on from the text of a step, in a pool of its own", function()
      local step = asks("SELECT_MFA_TYPE", confidential:sign_in { username = "both", password = PASSWORD })
      local text = assert(step:dump { key = KEY })
      assert.truthy(text:find "^[%w_%-]+$")
      local other = pool_of(e, { client_id = "confidential", client_secret = "secretsecretsecretsecret1" })
      step = asks("SELECT_MFA_TYPE", other:resume(text, { key = KEY }))
      assert.same({ "SMS_MFA", "SOFTWARE_TOKEN_MFA" }, step.challenge.parameters.choices)
      step = asks("SMS_MFA", step:answer "SMS_MFA")
      step = asks("SMS_MFA", confidential:resume(assert(step:dump { key = KEY }), { key = KEY }))
      signed_in(step:answer(e.code()))
    end)

    it("carries an enrolment with its secret", function()
      local step = asks("MFA_SETUP", pool:sign_in { username = "setup", password = PASSWORD })
      local again = pool:resume(assert(step:dump { key = KEY }), { key = KEY })
      assert.equal(step.challenge.parameters.secret, again.challenge.parameters.secret)
      assert.equal(step.challenge.parameters.uri, again.challenge.parameters.uri)
      signed_in(again:answer(cognito.totp.code(again.challenge.parameters.secret)))
    end)

    it("goes on with a choice of factors", function()
      local step = asks("SELECT_CHALLENGE", pool:sign_in { username = "alice", flow = "USER_AUTH" })
      step = asks("SELECT_CHALLENGE", pool:resume(assert(step:dump { key = KEY }), { key = KEY }))
      signed_in(step:answer { choice = "PASSWORD_SRP", password = PASSWORD })
    end)

    it("opens for the same key, pool and client only, and as it was sealed", function()
      local step = asks("SMS_MFA", pool:sign_in { username = "sms", password = PASSWORD })
      local text = assert(step:dump { key = KEY })
      refused("invalid", "sealed_step", pool:resume(text, { key = ("x"):rep(32) }))
      refused("invalid", "sealed_step", confidential:resume(text, { key = KEY }))
      refused("invalid", "sealed_step", pool:resume(text:sub(1, -2), { key = KEY }))
      refused("invalid", "sealed_step", pool:resume("", { key = KEY }))
      refused("invalid", "sealed_step", pool:resume("???", { key = KEY }))
      refused("store", "key", pool:resume(text, { key = "short" }))
      refused("store", "key", step:dump { key = "short" })
      assert.falsy(core.b64url_decode(text):find("CODE_DELIVERY", 1, true))
    end)

    it("is over after a quarter of an hour", function()
      local step = asks("SMS_MFA", pool:sign_in { username = "sms", password = PASSWORD })
      local text = assert(step:dump { key = KEY })
      local host, now = pool.host, pool.host.now
      finally(function() host.now = now end)
      host.now = function() return now() + 899 end
      assert.truthy(pool:resume(text, { key = KEY }))
      host.now = function() return now() + 901 end
      refused("challenge_expired", "expired", pool:resume(text, { key = KEY }))
    end)

    it("is refused without a key, and for a step that is done", function()
      local step = asks("SMS_MFA", pool:sign_in { username = "sms", password = PASSWORD })
      assert.has_error(function() step:dump {} end)
      assert.has_error(function() step:dump() end)
      assert.has_error(function() pool:resume(12, { key = KEY }) end)
      local last = step:answer(e.code())
      refused("challenge_expired", "answered", step:dump { key = KEY })
      assert.has_error(function() last:dump { key = KEY } end)
      assert.has_error(function() last:answer "1" end)
    end)
  end)

  it("frees what an unanswered step knows", function()
    local seen = setmetatable({}, { __mode = "k" })
    do
      local step = asks("SMS_MFA", pool:sign_in { username = "sms", password = PASSWORD })
      seen[step.state()], seen[step] = true, true
    end
    for _ = 1, 3 do collectgarbage() end
    assert.is_nil(next(seen))
  end)

  it("tells the logger of each request once", function()
    local events = {}
    local p = pool_of(e, { logger = function(_, _, fields) events[#events + 1] = fields.operation end })
    local step = asks("MFA_SETUP", p:sign_in { username = "setup", password = PASSWORD })
    refused("rejected", nil, step:answer "000000")
    signed_in(step:answer(cognito.totp.code(step.challenge.parameters.secret)))
    assert.same(operations(e), events)
  end)

  describe("when the network or the service fails", function()
    after_each(function() e.faults() end)

    local function answers(operation)
      return #e.requests(operation)
    end

    it("never sends an answer twice by itself when its fate is unknown", function()
      e.faults { { fault = "reset!", operation = "RespondToAuthChallenge", times = 1 } }
      local _, err = pool:sign_in { username = "alice", password = PASSWORD }
      assert.equal("network", err.kind)
      assert.is_true(err.maybe_processed)
      assert.equal(1, answers "RespondToAuthChallenge")
    end)

    it("sends it again when it cannot have been processed", function()
      e.faults { { fault = "throttle", operation = "RespondToAuthChallenge", times = 1 } }
      signed_in(pool:sign_in { username = "alice", password = PASSWORD })
      assert.equal(2, answers "RespondToAuthChallenge")
    end)

    it("leaves the step usable", function()
      local step = asks("SMS_MFA", pool:sign_in { username = "sms", password = PASSWORD })
      e.faults { { fault = "reset", operation = "RespondToAuthChallenge", times = 1 } }
      local code = e.code()
      refused("network", nil, step:answer(code))
      signed_in(step:answer(code))
    end)

    it("ends at the deadline of the whole call", function()
      e.faults { { fault = "delay:5", operation = "RespondToAuthChallenge", times = 1 } }
      local began = pool.host.monotime()
      refused("timeout", nil, pool:sign_in { username = "alice", password = PASSWORD, deadline = 0.5 })
      assert.truthy(pool.host.monotime() - began < 4.5)
    end)

    it("ends before it begins when it was cancelled", function()
      local cancel = cognito.cancel()
      cancel:cancel()
      refused("cancelled", nil, pool:sign_in { username = "alice", password = PASSWORD, cancel = cancel })
      assert.same({}, operations(e))
    end)
  end)

  it("keeps secrets out of what can be printed", function()
    local step = asks("SMS_MFA", pool:sign_in { username = "sms", password = PASSWORD })
    assert.equal("cognito.step(SMS_MFA)", tostring(step))
    local function search(value, seen)
      if type(value) == "string" then
        assert.falsy(value:find(PASSWORD, 1, true))
      elseif type(value) == "table" and not seen[value] then
        seen[value] = true
        for k, v in pairs(value) do
          search(k, seen)
          search(v, seen)
        end
      end
    end
    search(step, {})
  end)
end)
