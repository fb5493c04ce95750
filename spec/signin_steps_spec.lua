-- Steps: on their way into another process, over a network that fails, printed, forgotten.
local cognito = require "cognito"
local core = require "cognito.core"
local signins = require "spec.support.signins"

local PASSWORD, pool_of, signed_in, asks, refused, operations = signins.PASSWORD, signins.pool_of, signins.signed_in,
  signins.asks, signins.refused, signins.operations

describe("a step", function()
  local e, pool, confidential
  signins.before_all(function(...) e, pool, confidential = ... end)

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
      assert.truthy(pool.host.monotime() - began < 4)
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
