-- A refresh that fails: what ends a session, what leaves its tokens alone, and how often is tried.
local core = require "cognito.core"
local errors = require "cognito.errors"
local sessions = require "spec.support.sessions"

local make, answer, sign_in, names, last = sessions.make, sessions.answer, sessions.sign_in, sessions.names,
  sessions.last

for _, kind in ipairs { "memory", "durable" } do
  local storage = sessions.storages[kind]

  describe("a session in " .. kind .. " storage", function()
    it("is over when its record is gone, and does not write it back", function()
      local store = storage()
      local pool, host = make { storage = store }
      local s = sign_in(pool, host)
      local other = assert(pool:session "alice")
      host:answer(200, "{}")
      assert.is_true(other:sign_out().cleared)
      host:pass(3600)
      local token, err = s:access_token()
      assert.is_nil(token)
      assert.are.equal("sign_in_required", err.kind)
      assert.are.equal(2, #host.requests)
      local _, why = pool:session "alice"
      assert.are.equal("sign_in_required", why.kind)
    end)

    -- code, message, reason
    local definitive = {
      { "NotAuthorizedException", "Refresh Token has expired", "expired" },
      { "NotAuthorizedException", "Refresh Token has been revoked", "revoked" },
      { "NotAuthorizedException", "Invalid Refresh Token", "invalid" },
      { "NotAuthorizedException", "User is disabled.", "disabled" },
      { "RefreshTokenReuseException", "Refresh token reuse detected", "reuse" },
      { "UserNotFoundException", "User does not exist.", "UserNotFoundException" },
      { "PasswordResetRequiredException", "Password reset required", "reset_required" },
      { "UserNotConfirmedException", "User is not confirmed.", "unconfirmed" },
    }
    for _, row in ipairs(definitive) do
      it("is over when the service says " .. row[1] .. ": " .. row[2], function()
        local pool, host, events = make { storage = storage() }
        local s = sign_in(pool, host)
        host:pass(3590)
        host:refuse(row[1], row[2])
        local token, err = s:access_token()
        assert.is_nil(token)
        assert.are.equal("sign_in_required", err.kind)
        assert.are.equal(row[1], err.code)
        assert.are.equal("auth", err.cause.kind)
        assert.are.equal(2, #host.requests)
        assert.are.equal("signed_out", names(events))
        assert.are.equal(row[3], events[1][2])
        local again, same = s:access_token()
        assert.is_nil(again)
        assert.are.equal(row[1], same.code)
        assert.are.equal(2, #host.requests)
        local _, gone = pool:session "alice"
        assert.are.equal("sign_in_required", gone.kind)
      end)
    end

    it("does not ask again for a refresh token that is dead", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      local record = s:export()
      host:refuse("NotAuthorizedException", "Refresh Token has been revoked")
      assert.is_nil((s:refresh()))
      local adopted = assert(pool:adopt { refresh_token = record.refresh_token, username = "alice" })
      local ok, err = adopted:refresh()
      assert.is_nil(ok)
      assert.are.equal("sign_in_required", err.kind)
      assert.are.equal(2, #host.requests)
    end)

    local transient = {
      { "dns", function(h) for _ = 1, 3 do h:fail("dns") end end },
      { "connect", function(h) for _ = 1, 3 do h:fail("connect") end end },
      { "tls", function(h) h:fail("tls", { retryable = false }) end },
      { "timeout", function(h) for _ = 1, 2 do h:fail("timeout", { maybe_processed = true }) end end },
      { "network", function(h) for _ = 1, 2 do h:fail("network", { maybe_processed = true }) end end },
      { "response_too_large", function(h)
        h:fail("response_too_large", { retryable = false, maybe_processed = true })
      end },
      { "http_redirect", function(h) h:answer(302, "", { Location = "https://evil.example" }) end },
      { "throttled", function(h) for _ = 1, 3 do h:refuse("TooManyRequestsException", "slow") end end },
      { "limited", function(h) h:refuse("LimitExceededException", "wait") end },
      { "server", function(h) for _ = 1, 3 do h:answer(503, "<html>") end end },
      { "server", function(h) for _ = 1, 3 do h:refuse("InternalErrorException", "oops", 500) end end },
      { "config", function(h) h:refuse("ForbiddenException", "WAF", 403) end },
      { "config", function(h) h:refuse("ResourceNotFoundException", "User pool client does not exist.") end },
      { "config", function(h) h:refuse("InvalidParameterException", "nonsense") end },
      { "config", function(h)
        h:refuse("NotAuthorizedException", "Unable to verify secret hash for client abc")
      end },
      { "rejected", function(h) h:refuse("SomethingNewException", "new") end },
      { "bad_response", function(h) h:answer(200, "") end },
      { "bad_response", function(h) h:answer(200, "<html>login</html>") end },
      { "bad_response", function(h) h:answer(204, "") end },
      { "bad_response", function(h) for _ = 1, 2 do h:answer(200, '{"AuthenticationResult":{"Acc') end end },
      { "bad_response", function(h) h:answer(200, "{}") end },
      { "bad_response", function(h) h:answer(200, { AuthenticationResult = {} }) end },
      { "bad_response", function(h) h:answer(200, { AuthenticationResult = { AccessToken = 5 } }) end },
      { "bad_response", function(h) h:answer(200, { AuthenticationResult = { AccessToken = "" } }) end },
      { "bad_response", function(h)
        h:answer(200, { AuthenticationResult = { AccessToken = "x", ExpiresIn = "soon" } })
      end },
      { "bad_response", function(h)
        h:answer(200, { AuthenticationResult = { AccessToken = "x", ExpiresIn = -5 } })
      end },
      { "bad_response", function(h)
        h:answer(200, { AuthenticationResult = { AccessToken = "x", IdToken = {}, ExpiresIn = 5 } })
      end },
      { "bad_response", function(h)
        h:answer(200, { AuthenticationResult = { AccessToken = "x", RefreshToken = true, ExpiresIn = 5 } })
      end },
      { "bad_response", function(h) h:answer(200, { AuthenticationResult = { AccessToken = "opaque" } }) end },
    }
    for i, row in ipairs(transient) do
      it(("keeps its tokens on a failure: %s (%d)"):format(row[1], i), function()
        local pool, host, events = make { storage = storage() }
        local s = sign_in(pool, host)
        local token, before = assert(s:access_token()), s:export()
        host:pass(3590)
        row[2](host)
        assert.are.equal(token, s:access_token())
        assert.are.equal(row[1], s.last_error.kind)
        assert.are.equal("warning", names(events))
        assert.are.equal(row[1], events[1][2].kind)
        assert.are.equal(0, #host.script)
        assert.are.same(before, s:export())
        -- not asked again at once
        local sent = #host.requests
        assert.are.equal(token, s:access_token())
        assert.are.equal(sent, #host.requests)
        -- after its end the failure is an error
        host:pass(20)
        row[2](host)
        local none, err = s:access_token()
        assert.is_nil(none)
        assert.are.equal(row[1], err.kind)
        assert.are.same(before, s:export())
        -- and the next success heals it
        answer(host)
        assert(s:access_token())
        assert.is_nil(s.last_error)
        assert.are.equal("warning refresh", names(events))
      end)
    end

    it("a forced refresh reports the failure, and the old token stays good", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      local token = s:access_token()
      host:fail("tls", { retryable = false })
      local ok, err = s:refresh()
      assert.is_nil(ok)
      assert.are.equal("tls", err.kind)
      assert.are.equal(token, s:access_token())
    end)

    it("sends a refresh of unknown outcome once more with the same token, and no third time", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      host:fail("timeout", { maybe_processed = true })
      answer(host, { refresh_token = "refresh-2" })
      assert(s:refresh())
      assert.are.equal("refresh-1", host.requests[2].json.RefreshToken)
      assert.are.equal("refresh-1", host.requests[3].json.RefreshToken)
      assert.is_true(host.requests[2].minting)
      for _ = 1, 2 do host:fail("network", { maybe_processed = true }) end
      assert.is_nil((s:refresh()))
      assert.are.equal(5, #host.requests)
    end)

    it("backs off between failures, at most to the end of its token", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      host:pass(3540)
      local tries = 0
      for _ = 1, 55 do
        local before = #host.requests
        host:reply(function() return nil, errors.new("tls", "x", { retryable = false }) end)
        assert(s:access_token())
        if #host.requests > before then tries = tries + 1 else table.remove(host.script) end
        host:pass(1)
      end
      assert.is_true(tries >= 4 and tries <= 7, tries)
      host:pass(6)
      host:fail("tls", { retryable = false })
      assert.is_nil((s:access_token()))
    end)

    it("falls back to REFRESH_TOKEN_AUTH where the server lacks the operation, and remembers that", function()
      local unknown = {
        function(h) h:refuse("UnknownOperationException", "x") end,
        function(h) h:refuse("CognitoLocal#Unsupported", "not supported", 500) end,
        function(h) h:answer(404, { code = "BadRequest", message = "The server did not understand" }) end,
        function(h) h:answer(501, "<html>not implemented") end,
        function(h) h:answer(405, "nope") end,
      }
      for _, reply in ipairs(unknown) do
        local pool, host = make { storage = storage(), client_secret = ("s"):rep(30) }
        local s = sign_in(pool, host)
        reply(host)
        answer(host)
        assert(s:refresh())
        local hash = core.secret_hash(("s"):rep(30), "alice", "abc")
        assert.are.equal("InitiateAuth", last(host).target)
        assert.are.same({ AuthFlow = "REFRESH_TOKEN_AUTH", ClientId = "abc",
          AuthParameters = { REFRESH_TOKEN = "refresh-1", SECRET_HASH = hash } }, last(host).json)
        answer(host)
        assert(s:refresh())
        assert.are.equal(4, #host.requests)
        host:refuse("NotAuthorizedException", "Refresh Token has been revoked")
        local _, err = s:refresh()
        assert.are.equal("sign_in_required", err.kind)
      end
    end)

    it("does not take another failure for a server that lacks the operation", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      for _ = 1, 3 do host:answer(500, "") end
      assert.is_nil((s:refresh()))
      answer(host)
      assert(s:refresh())
      assert.are.equal("GetTokensFromRefreshToken", last(host).target)
    end)

    it("tries the second client secret, and keeps the session when neither is taken", function()
      local first, second = ("a"):rep(24), ("b"):rep(24)
      local pool, host, events = make { storage = storage(), client_secret = { first, second } }
      local s = sign_in(pool, host)
      host:refuse("NotAuthorizedException", "Unable to verify secret hash for client abc")
      answer(host)
      assert(s:refresh())
      assert.are.equal(second, last(host).json.ClientSecret)
      for _ = 1, 2 do host:refuse("NotAuthorizedException", "SecretHash does not match for the client: abc") end
      local _, err = s:refresh()
      assert.are.equal("config", err.kind)
      assert.are.equal("client_secret", err.reason)
      assert.is_truthy(s:access_token())
      assert.are.equal("refresh", names(events))
    end)
  end)
end
