-- Signing in by every flow, through the library, against the emulator's real verification.
local core = require "cognito.core"
local emulator = require "spec.support.emulator"
local script_host = require "spec.support.script_host"
local signins = require "spec.support.signins"

local PASSWORD, config, pool_of, signed_in, asks, refused, operations = signins.PASSWORD, signins.config,
  signins.pool_of, signins.signed_in, signins.asks, signins.refused, signins.operations

describe("signing in", function()
  local e, pool, confidential
  signins.before_all(function(...) e, pool, confidential = ... end)

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
end)
