-- The refresh engine, rule by rule, over a scripted network and clocks that stand still.
local cognito = require "cognito"
local errors = require "cognito.errors"
local fake_tokens = require "spec.support.fake_tokens"
local memory = require "cognito.storage.memory"
local script_host = require "spec.support.script_host"

local INVALID = { status = 400, headers = "\r\n",
  body = '{"__type":"NotAuthorizedException","message":"Invalid Refresh Token"}' }

-- A store as a file or Redis is one: sessions keep their own record, and calls can be made to fail.
local function durable(storage)
  local self = { name = "durable", shared = false, inner = storage or memory.new(), fail = {}, calls = {} }
  for _, verb in ipairs { "get", "put", "delete", "try_lock", "unlock", "list" } do
    self[verb] = function(_, ...)
      self.calls[#self.calls + 1] = verb
      local failure = self.fail[verb]
      if type(failure) == "function" then failure = failure(...) end
      if failure then return nil, failure end
      return self.inner[verb](self.inner, ...)
    end
  end
  return self
end

local function broken(message)
  return errors.new("store", message or "no space left on the device", { code = "ENOSPC", retryable = false })
end

local function make(options)
  local host = script_host.new()
  local events = {}
  local o = { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc", host = host, flow = "USER_PASSWORD_AUTH",
    on_refresh = function(s) events[#events + 1] = { "refresh", s } end,
    on_signed_out = function(reason, s) events[#events + 1] = { "signed_out", reason, s } end,
    on_warning = function(err, s) events[#events + 1] = { "warning", err, s } end }
  for k, v in pairs(options or {}) do o[k] = v end
  return assert(cognito.pool(o)), host, events
end

local function answer(host, o)
  return host:answer(200, { AuthenticationResult = fake_tokens.result(host, o) })
end

local function sign_in(pool, host, o)
  o = o or {}
  o.refresh_token = o.refresh_token or "refresh-1"
  answer(host, o)
  return assert(pool:sign_in { username = "alice", password = "pw" }).session
end

local function names(events)
  local out = {}
  for i, e in ipairs(events) do out[i] = e[1] end
  return table.concat(out, " ")
end

local function key_of(pool) return require("cognito.records").session_key(pool, "alice") end

-- What the store itself holds, whatever it is told to fail at.
local function stored(store, pool) return store.inner:get(key_of(pool)) end

local function last(host) return host.requests[#host.requests] end

for _, kind in ipairs { "memory", "durable" } do
  local function storage() return kind == "memory" and memory.new() or durable() end

  describe("a session in " .. kind .. " storage", function()
    it("gives its token without a request, until the margin before its end", function()
      local pool, host, events = make { storage = storage() }
      local s = sign_in(pool, host)
      local token = assert(s:access_token())
      host:pass(3600 - 66 - 1)
      assert.are.equal(token, s:access_token())
      assert.are.equal(1, #host.requests)
      host:pass(7)
      answer(host)
      local renewed = assert(s:access_token())
      assert.are_not.equal(token, renewed)
      assert.are.equal("GetTokensFromRefreshToken", last(host).target)
      assert.are.same({ RefreshToken = "refresh-1", ClientId = "abc" }, last(host).json)
      assert.are.equal(renewed, s:access_token())
      assert.are.equal(2, #host.requests)
      assert.are.equal("refresh", names(events))
      assert.are.equal(s, events[1][2])
    end)

    it("takes a margin of at most a quarter of the lifetime, and spreads renewals", function()
      local seen, count = {}, 0
      for _ = 1, 30 do
        local pool, host = make { storage = storage(), margin = 600 }
        local s = sign_in(pool, host, { lifetime = 300 })
        local left = s.fresh_until - host.mono
        assert.is_true(left <= 300 - 75 and left >= 300 - 83, left)
        local second = ("%.1f"):format(left)
        if not seen[second] then seen[second], count = true, count + 1 end
      end
      assert.is_true(count > 5, count)
      local pool, host = make { storage = storage(), margin = 0 }
      local s = sign_in(pool, host, { lifetime = 3 })
      host:pass(2.4)
      assert(s:access_token())
      assert.are.equal(1, #host.requests)
    end)

    it("keeps the refresh token when none comes, and takes a rotated one", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      answer(host, { refresh_token = "refresh-2" })
      assert(s:refresh())
      answer(host)
      assert(s:refresh())
      assert.are.equal("refresh-2", last(host).json.RefreshToken)
      answer(host, { refresh_token = "refresh-3" })
      assert(s:refresh())
      assert.are.equal("refresh-2", last(host).json.RefreshToken)
      assert.are.equal("refresh-3", s:export().refresh_token)
    end)

    it("takes what a sibling stored, without a request", function()
      local store = storage()
      local pool, host = make { storage = store }
      local s = sign_in(pool, host)
      local twin = assert(pool:session "alice")
      assert.are.equal(s:access_token(), twin:access_token())
      host:pass(3550)
      answer(host, { refresh_token = "refresh-2" })
      local renewed = assert(s:access_token())
      assert.are.equal(renewed, twin:access_token())
      assert.are.equal(2, #host.requests)
      assert.are.equal(renewed, assert(pool:session()):access_token())
    end)

    it("forces a refresh only when nobody has refreshed since", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      local twin = assert(pool:session "alice")
      answer(host, { refresh_token = "refresh-2" })
      assert(s:refresh())
      assert(twin:refresh())
      assert.are.equal(2, #host.requests)
      assert.are.equal(s:access_token(), twin:access_token())
      answer(host)
      assert(twin:refresh())
      assert.are.equal(3, #host.requests)
    end)

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
        local hash = require("cognito.core").secret_hash(("s"):rep(30), "alice", "abc")
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

    it("measures the server's clock: a wrong one of ours causes no storm and no early end", function()
      for _, skew in ipairs { -900, 900, -86400 * 365, 86400 * 365 } do
        local pool, host = make { storage = storage() }
        host.server_ahead = skew
        local s = sign_in(pool, host)
        assert(s:access_token())
        assert.is_true(math.abs(s:expires_in() - 3600) < 2)
        host:pass(3500)
        assert(s:access_token())
        local loaded = assert(pool:session "alice")
        assert(loaded:access_token())
        assert.are.equal(1, #host.requests)
        assert.is_true(math.abs(loaded:expires_in() - 100) < 2, loaded:expires_in())
      end
    end)

    it("lives through a wall clock that jumps by years", function()
      for _, jump in ipairs { 86400 * 3650, -86400 * 3650 } do
        local pool, host = make { storage = storage() }
        local s = sign_in(pool, host)
        local token = s:access_token()
        host:set_clock(jump)
        host.server_ahead = -jump
        assert.are.equal(token, s:access_token())
        assert.are.equal(1, #host.requests)
        host:pass(3550)
        answer(host)
        assert.are_not.equal(token, assert(s:access_token()))
        local again = s:access_token()
        host:pass(3000)
        assert.are.equal(again, s:access_token())
        assert.are.equal(2, #host.requests)
      end
    end)

    it("notices a suspend: the monotonic clock of a host counts it", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      host:pass(86400)
      answer(host)
      assert(s:access_token())
      assert.are.equal(2, #host.requests)
    end)

    it("uses the token's own exp where ExpiresIn is absent", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      answer(host, { lifetime = 600, without = { ExpiresIn = true } })
      assert(s:refresh())
      assert.is_true(math.abs(s:expires_in() - 600) < 2)
    end)

    it("gives the ID token, also where it ends before the access token", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host, { id_lifetime = 300 })
      local id = assert(s:id_token())
      assert.are.equal("alice@example.com", s:claims().email)
      assert.are.equal(id, s:id_token())
      host:pass(280)
      assert(s:access_token())
      assert.are.equal(1, #host.requests)
      answer(host, { id_lifetime = 300 })
      local renewed = assert(s:id_token())
      assert.are_not.equal(id, renewed)
      assert.are.equal(renewed, s:id_token())
      assert.are.equal(2, #host.requests)
      host:pass(270)
      host:fail("tls", { retryable = false })
      assert.are.equal(renewed, s:id_token())
    end)

    it("says so when there is no ID token", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host, { without = { IdToken = true } })
      local _, err = s:id_token()
      assert.are.equal("no_id_token", err.code)
      _, err = s:claims()
      assert.are.equal("no_id_token", err.code)
      assert(s:access_token())
    end)

    it("calls an operation with a token of its own, and renews one that the service refuses", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      local token = s:access_token()
      host:refuse("NotAuthorizedException", "Access Token has expired")
      answer(host)
      host:answer(200, { Username = "alice", UserAttributes = { {} } })
      assert.are.equal("alice", assert(s:call("GetUser")).Username)
      assert.are.equal(token, host.requests[2].json.AccessToken)
      assert.are.equal(s:access_token(), last(host).json.AccessToken)
      host:refuse("NotAuthorizedException", "Incorrect username or password.")
      local _, err = s:call("ChangePassword", { PreviousPassword = "a", ProposedPassword = "b" })
      assert.are.equal("auth", err.kind)
      assert.is_truthy(s:access_token())
    end)

    it("puts its token into header fields", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      local wanted = { Accept = "x", Authorization = "Bearer " .. s:access_token() }
      assert.are.same(wanted, s:authorize { Accept = "x" })
    end)

    it("goes out and comes in again", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      local other = make { storage = storage() }
      local adopted = assert(other:adopt(s:export()))
      assert.are.equal(s:access_token(), adopted:access_token())
      assert.are.same(s:export(), adopted:export())
    end)

    it("is adopted from a bare refresh token, and learns the rest at the first refresh", function()
      local pool, host = make { storage = storage() }
      local s = assert(pool:adopt { refresh_token = "kept", username = "bob" })
      assert.are.equal(0, s:expires_in())
      answer(host, { username = "bob" })
      assert(s:access_token())
      assert.are.equal("kept", last(host).json.RefreshToken)
      assert(pool:session "bob")
    end)

    it("sign-out revokes and clears, and says so step by step", function()
      local pool, host, events = make { storage = storage() }
      local s = sign_in(pool, host)
      host:answer(200, "{}")
      host:answer(200, "{}")
      local result = s:sign_out { global = true }
      assert.are.same({ revoked = true, cleared = true, global = true, queued = false, errors = {} }, result)
      assert.are.equal("GlobalSignOut", host.requests[2].target)
      assert.are.same({ Token = "refresh-1", ClientId = "abc" }, host.requests[3].json)
      assert.are.equal("signed_out", names(events))
      local _, err = s:access_token()
      assert.are.equal("sign_in_required", err.kind)
      _, err = pool:session()
      assert.are.equal("sign_in_required", err.kind)
    end)

    it("sign-out without revoking sends nothing", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      assert.are.same({ revoked = false, cleared = true, global = false, queued = false, errors = {} },
        s:sign_out { revoke = false })
      assert.are.equal(1, #host.requests)
    end)

    it("sign-out clears even when nothing can be revoked, which is queued and done later", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      for _ = 1, 3 do host:fail("connect") end
      local result = s:sign_out()
      assert.is_true(result.cleared)
      assert.is_false(result.revoked)
      assert.is_true(result.queued)
      assert.are.equal("connect", result.errors.revoke.kind)
      for _ = 1, 3 do host:fail("connect") end
      assert.are.equal(1, pool:retry_revocations())
      host:answer(200, "{}")
      assert.are.equal(0, pool:retry_revocations())
      assert.are.equal("refresh-1", last(host).json.Token)
      local sent = #host.requests
      assert.are.equal(0, pool:retry_revocations())
      assert.are.equal(sent, #host.requests)
    end)

    it("what is queued is revoked after the next refresh, also by another process", function()
      local store = storage()
      local pool, host = make { storage = store }
      local s = sign_in(pool, host)
      host:fail("tls", { retryable = false })
      assert.is_true(s:sign_out().queued)
      local other, second = make { storage = store }
      local bob = assert(other:adopt { refresh_token = "refresh-bob", username = "bob" })
      answer(second, { username = "bob" })
      second:fail("tls", { retryable = false })
      assert(bob:access_token())
      assert.are.equal("RevokeToken", last(second).target)
      assert.are.equal("refresh-1", last(second).json.Token)
      answer(second, { username = "bob" })
      assert(bob:refresh())
      assert.are.equal(3, #second.requests)
      second:pass(61)
      answer(second, { username = "bob" })
      second:answer(200, "{}")
      assert(bob:refresh())
      assert.are.equal("RevokeToken", last(second).target)
      answer(second, { username = "bob" })
      assert(bob:refresh())
      assert.are.equal(6, #second.requests)
    end)

    it("sign-out does not queue what can never be revoked", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      host:refuse("UnsupportedTokenTypeException", "x")
      local result = s:sign_out()
      assert.is_false(result.queued)
      assert.is_true(result.cleared)
    end)

    it("a global sign-out that fails is reported, and the rest is done", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      host:refuse("NotAuthorizedException", "Access Token has been revoked")
      host:answer(200, "{}")
      local result = s:sign_out { global = true }
      assert.is_false(result.global)
      assert.are.equal("auth", result.errors.global.kind)
      assert.is_true(result.revoked)
      assert.is_true(result.cleared)
    end)

    it("never shows a token when it is printed", function()
      local pool, host = make { storage = storage(), client_secret = ("CANARY"):rep(5) }
      local s = sign_in(pool, host)
      assert.are.equal("cognito.session(alice)", tostring(s))
      assert.is_nil(tostring(pool):find("CANARY", 1, true))
    end)

    it("raises on options that do not exist", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      host:pass(3600)
      for _, method in ipairs { "access_token", "id_token", "refresh", "sign_out" } do
        local ok, message = pcall(s[method], s, { deadlin = 5 })
        assert.is_false(ok)
        assert.is_truthy(message:find("did you mean deadline?", 1, true), method .. ": " .. message)
      end
      local ok, message = pcall(s.call, s, "GetUsers")
      assert.is_false(ok)
      assert.is_truthy(message:find("did you mean GetUser?", 1, true))
    end)

    it("ends a call at its deadline and on a cancel", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host)
      local _, err = s:refresh { deadline = 0 }
      assert.are.equal("timeout", err.kind)
      local cancel = cognito.cancel()
      cancel:cancel()
      _, err = s:refresh { cancel = cancel }
      assert.are.equal("cancelled", err.kind)
      assert.are.equal(1, #host.requests)
      assert.is_truthy(s:access_token())
    end)

    it("hooks run when all is stored and unlocked", function()
      local store = durable(storage())
      local seen
      local pool, host = make { storage = store, on_refresh = function(s)
        local record = store.inner:get(key_of(s.pool_for_test))
        seen = { token = record.access_token, lock = (store.inner:try_lock(("x"):rep(64), 1)),
          calls = table.concat(store.calls, " ") }
      end }
      local s = sign_in(pool, host)
      rawset(s, "pool_for_test", pool)
      store.calls = {}
      answer(host)
      assert(s:refresh())
      assert.are.equal(s:access_token(), seen.token)
      assert.are.equal("try_lock get put unlock", seen.calls)
    end)
  end)
end

describe("a session and its store", function()
  it("reports events of the log after the store is done", function()
    local store, log = durable(), {}
    local pool, host = make { storage = store, logger = function(level, message, e)
      assert.are.equal("debug", level)
      assert.is_truthy(message:find(e.operation, 1, true))
      log[#log + 1] = e.operation .. " " .. (store.calls[#store.calls] or "")
    end }
    local s = sign_in(pool, host)
    log = {}
    answer(host)
    assert(s:refresh())
    assert.are.same({ "GetTokensFromRefreshToken unlock" }, log)
  end)

  it("returns new tokens that could not be stored, warns, and stores them at the next chance", function()
    local store = durable()
    local pool, host, events = make { storage = store }
    local s = sign_in(pool, host)
    store.fail.put = broken()
    answer(host, { refresh_token = "refresh-2" })
    assert(s:refresh())
    local token = s:access_token()
    assert.are.equal("warning refresh", (names { events[2], events[1] }))
    assert.are.equal("store", s.last_error.kind)
    assert.are.equal("refresh-2", s:export().refresh_token)
    assert.are.equal("refresh-1", assert(stored(store, pool)).refresh_token)
    -- a second object of the same process sees the new tokens, not the stored ones
    assert.are.equal(token, assert(pool:session "alice"):access_token())
    -- the next chance
    store.fail.put = nil
    host:pass(2)
    assert.are.equal(token, s:access_token())
    assert.are.equal("refresh-2", assert(stored(store, pool)).refresh_token)
    assert.is_nil(s.last_error)
    assert.are.equal(2, #host.requests)
  end)

  it("keeps refreshing with tokens that cannot be stored at all", function()
    local store = durable()
    local pool, host = make { storage = store }
    local s = sign_in(pool, host)
    store.fail.put = broken()
    for i = 2, 5 do
      host:pass(3590)
      answer(host, { refresh_token = "refresh-" .. i })
      assert(s:access_token())
      assert.are.equal("refresh-" .. (i - 1), last(host).json.RefreshToken)
    end
    store.fail.put = nil
    host:pass(3590)
    answer(host, { refresh_token = "refresh-6" })
    assert(s:access_token())
    assert.are.equal("refresh-6", assert(stored(store, pool)).refresh_token)
  end)

  it("signs in although the store fails, and stores later", function()
    local store = durable()
    local pool, host, events = make { storage = store }
    store.fail.put = broken()
    local s = sign_in(pool, host)
    assert.are.equal("warning", names(events))
    assert.are.equal("store", s.last_error.kind)
    local token = assert(s:access_token())
    store.fail.put = nil
    host:pass(5)
    assert.are.equal(token, s:access_token())
    assert.are.equal(token, assert(pool:session "alice"):access_token())
    assert.are.equal(1, #host.requests)
  end)

  for _, verb in ipairs { "try_lock", "get" } do
    it("gives the token at hand when the store fails at " .. verb .. ", and a store error after its end", function()
      local store = durable()
      local pool, host = make { storage = store }
      local s = sign_in(pool, host)
      local token = s:access_token()
      store.fail[verb] = broken("the store is down")
      host:pass(3580)
      assert.are.equal(token, s:access_token())
      host:pass(30)
      local _, err = s:access_token()
      assert.are.equal("store", err.kind)
      assert.are.equal(1, #host.requests)
      store.fail[verb] = nil
      answer(host)
      assert(s:access_token())
    end)
  end

  it("a failing unlock does not harm", function()
    local store = durable()
    local pool, host = make { storage = store }
    local s = sign_in(pool, host)
    store.fail.unlock = broken()
    answer(host)
    assert(s:refresh())
  end)

  it("adopts the winner's tokens when its own are refused, and never deletes them", function()
    local store = durable()
    local pool, host, events = make { storage = store }
    local s = sign_in(pool, host)
    local other = make { storage = store, host = host }
    -- the sibling writes between our look at the store and the service's answer, as one without our lock would
    host:reply(function()
      local key = key_of(pool)
      local record = store.inner:get(key)
      local result = fake_tokens.result(host)
      assert(store.inner:put(key, { version = "sibling.2", id = "alice", username = "alice",
        access_token = result.AccessToken, id_token = result.IdToken, refresh_token = "refresh-2",
        expires_at = host.wall + 3600, lifetime = 3600 }, record.version))
      return { status = 400, headers = "\r\n", body = '{"__type":"RefreshTokenReuseException","message":"x"}' }
    end)
    assert(s:refresh())
    assert.are.equal("refresh-2", s:export().refresh_token)
    assert.are.equal(s:access_token(), assert(other:session "alice"):access_token())
    assert.are.equal("", names(events))
  end)

  it("asks once more with the winner's token when that is stale too, and then gives up", function()
    local store = durable()
    local pool, host = make { storage = store }
    local s = sign_in(pool, host)
    local key = key_of(pool)
    host:reply(function()
      local record = store.inner:get(key)
      record.version, record.refresh_token, record.expires_at = "sibling.2", "refresh-2", host.wall - 5
      assert(store.inner:put(key, record, store.inner:get(key).version))
      return INVALID
    end)
    host:refuse("NotAuthorizedException", "Invalid Refresh Token")
    local _, err = s:refresh()
    assert.are.equal("sign_in_required", err.kind)
    assert.are.equal("refresh-2", last(host).json.RefreshToken)
    assert.are.equal(3, #host.requests)
    assert.is_nil(store.inner:get(key))
  end)

  it("keeps the session when the second look at the store fails", function()
    local store = durable()
    local pool, host = make { storage = store }
    local s = sign_in(pool, host)
    local token = s:access_token()
    host:reply(function()
      store.fail.get = broken("down")
      return INVALID
    end)
    host:pass(3590)
    assert.are.equal(token, s:access_token())
    store.fail.get = nil
    assert.is_truthy(stored(store, pool))
  end)

  it("takes what another wrote when its own write finds a conflict", function()
    local store = durable()
    local pool, host = make { storage = store }
    local s = sign_in(pool, host)
    local key = key_of(pool)
    host:reply(function()
      local record = store.inner:get(key)
      local version = record.version
      record.version, record.access_token = "newer.1", fake_tokens.jwt { exp = 1, username = "alice" }
      record.expires_at = host.wall + 3600
      assert(store.inner:put(key, record, version))
      return { status = 200, headers = "\r\n", body = require("cjson").encode {
        AuthenticationResult = fake_tokens.result(host) } }
    end)
    assert(s:refresh())
    assert.are.equal("newer.1", store.inner:get(key).version)
    assert.are.equal(store.inner:get(key).access_token, s:access_token())
  end)

  it("does not bring back a session that was signed out while it refreshed", function()
    local store = durable()
    local pool, host = make { storage = store }
    local s = sign_in(pool, host)
    local key = key_of(pool)
    host:reply(function()
      assert(store.inner:delete(key))
      return { status = 200, headers = "\r\n", body = require("cjson").encode {
        AuthenticationResult = fake_tokens.result(host) } }
    end)
    local _, err = s:refresh()
    assert.are.equal("sign_in_required", err.kind)
    assert.is_nil(store.inner:get(key))
  end)

  it("waits for the lock, and takes what its holder stored", function()
    local store = durable()
    local pool, host = make { storage = store }
    local s = sign_in(pool, host)
    local key = key_of(pool)
    assert(store.inner:try_lock(key, 60))
    local tries = 0
    store.fail.try_lock = function()
      tries = tries + 1
      if tries == 4 then
        local record = store.inner:get(key)
        local version = record.version
        record.version, record.access_token = version:gsub("%d+$", "2"), "sibling's"
        record.expires_at = host.wall + 3600
        assert(store.inner:put(key, record, version))
      end
    end
    host:pass(3600)
    assert.are.equal("sibling's", s:access_token())
    assert.are.equal(4, tries)
    assert.are.equal(1, #host.requests)
  end)

  it("does not wait longer than the deadline for a lock, nor for long while its token is good", function()
    local store = durable()
    local pool, host = make { storage = store }
    local s = sign_in(pool, host)
    local key = key_of(pool)
    assert(store.inner:try_lock(key, 600))
    host:pass(3550)
    local before = host.mono
    local token = s:access_token()
    assert.is_truthy(token)
    assert.is_true(host.mono - before <= 2.2)
    assert.are.equal("lock", s.last_error.code)
    host:pass(60)
    before = host.mono
    local _, err = s:access_token { deadline = 3 }
    assert.are.equal("timeout", err.kind)
    assert.is_true(host.mono - before <= 3.01)
    assert.are.equal(1, #host.requests)
  end)

  it("gives back a lock that an error left behind", function()
    local store = durable()
    local pool, host = make { storage = store }
    local s = sign_in(pool, host)
    host:reply(function() error("a bug in a host", 0) end)
    assert.has_error(function() s:refresh() end, "a bug in a host")
    answer(host)
    assert(s:refresh())
    assert.are.equal(3, #host.requests)
  end)

  it("a newer sign-in under the same name is not cleared by an older session's sign-out", function()
    local pool, host = make { storage = durable() }
    local old = sign_in(pool, host)
    local new = sign_in(pool, host, { refresh_token = "refresh-new" })
    host:answer(200, "{}")
    local result = old:sign_out()
    assert.is_true(result.cleared)
    assert.are.equal("refresh-1", last(host).json.Token)
    answer(host)
    assert(new:refresh())
    assert.are.equal("refresh-new", last(host).json.RefreshToken)
  end)

  it("sign-out reports a store that cannot clear", function()
    local store = durable()
    local pool, host = make { storage = store }
    local s = sign_in(pool, host)
    store.fail.delete = broken("read-only file system")
    host:answer(200, "{}")
    local result = s:sign_out()
    assert.is_false(result.cleared)
    assert.are.equal("store", result.errors.clear.kind)
    assert.is_true(result.revoked)
  end)

  it("sign-out goes on without the lock", function()
    local store = durable()
    local pool, host = make { storage = store }
    local s = sign_in(pool, host)
    assert(store.inner:try_lock(key_of(pool), 600))
    host:answer(200, "{}")
    local result = s:sign_out()
    assert.is_true(result.cleared)
    assert.is_true(result.revoked)
  end)

  it("does not touch a record that is none of its own, and says what to do", function()
    for i, foreign in ipairs { { version = "x" }, { version = "a.1", expires_at = "soon", lifetime = 5 },
      { version = "a.1", expires_at = 5, lifetime = 5, access_token = {} },
      { version = "a.1", expires_at = 5, lifetime = 5, refresh_token = 5 },
      { version = "nodot", expires_at = 5, lifetime = 5 } } do
      local store = durable()
      local pool, host = make { storage = store }
      local s = sign_in(pool, host)
      local token = s:access_token()
      assert(store.inner:delete(key_of(pool)))
      assert(store.inner:put(key_of(pool), foreign))
      local _, err = pool:session "alice"
      assert.are.equal("store", err.kind, i)
      assert.are.equal("foreign", err.code)
      assert.is_truthy(err.hint)
      host:pass(3590)
      assert.are.equal(token, s:access_token())
      host:pass(30)
      _, err = s:access_token()
      assert.are.equal("foreign", err.code)
      assert.are.equal(1, #host.requests)
      assert.are.same(foreign, stored(store, pool))
      -- a new sign-in takes its place
      assert(sign_in(pool, host):access_token())
      assert(pool:session "alice")
    end
  end)

  it("finds a session by the alias that was typed", function()
    local pool, host = make { storage = durable() }
    answer(host, { username = "0b6bd0e0-sub", refresh_token = "r" })
    local s = assert(pool:sign_in { username = "alice@example.com", password = "pw" }).session
    assert.are.equal("0b6bd0e0-sub", s.username)
    assert.are.equal(s:access_token(), assert(pool:session "alice@example.com"):access_token())
    assert.are.equal(s:access_token(), assert(pool:session "0b6bd0e0-sub"):access_token())
    assert.are.equal(s:access_token(), assert(pool:session()):access_token())
  end)

  it("a shared storage has ids only, and no last user", function()
    local store = durable()
    store.shared = true
    local pool, host = make { storage = store }
    local a = sign_in(pool, host)
    local b = sign_in(pool, host, { refresh_token = "refresh-b" })
    assert.are_not.equal(a.id, b.id)
    assert.are.equal(24, #a.id)
    assert.are.equal(a:access_token(), assert(pool:session { id = a.id }):access_token())
    assert.are.equal(b:access_token(), assert(pool:session { id = b.id }):access_token())
    for _, call in ipairs { function() pool:session "alice" end, function() pool:session() end } do
      local ok, message = pcall(call)
      assert.is_false(ok)
      assert.is_truthy(message:find("give { id = ... }", 1, true))
    end
    host:answer(200, "{}")
    a:sign_out()
    assert(pool:session { id = b.id })
  end)
end)

describe("sessions of many users", function()
  it("never mix", function()
    local pool, host = make()
    local sessions = {}
    for i = 1, 20 do
      local name = "user" .. i
      answer(host, { username = name, refresh_token = "refresh-" .. name })
      sessions[i] = assert(pool:sign_in { username = name, password = "pw" }).session
    end
    host:pass(3600)
    for i = 20, 1, -1 do
      local name = "user" .. i
      answer(host, { username = name })
      local token = assert(sessions[i]:access_token())
      assert.are.equal("refresh-" .. name, last(host).json.RefreshToken)
      assert.are.equal(name, require("cognito.core").jwt_decode(token).username)
    end
    assert.are.equal(20, #host.tasks)
    local seen = {}
    for _, key in ipairs(host.tasks) do
      assert.is_nil(seen[key])
      seen[key] = true
    end
  end)
end)

describe("import", function()
  it("takes the sessions of amazon-cognito-identity-js, of this client only", function()
    local pool, host = make()
    local function key(client, rest) return "CognitoIdentityServiceProvider." .. client .. "." .. rest end
    local result = fake_tokens.result(host, { username = "first.last@example.com" })
    local sessions, failures = pool:import {
      [key("abc", "LastAuthUser")] = "first.last@example.com",
      [key("abc", "first.last@example.com.idToken")] = result.IdToken,
      [key("abc", "first.last@example.com.accessToken")] = result.AccessToken,
      [key("abc", "first.last@example.com.refreshToken")] = "refresh-js",
      [key("abc", "first.last@example.com.clockDrift")] = "-77",
      [key("abc", "first.last@example.com.deviceKey")] = "eu-west-1_0a1b",
      [key("abc", "first.last@example.com.deviceGroupKey")] = "group",
      [key("abc", "first.last@example.com.randomPasswordKey")] = "device-password",
      [key("abc", "broken.accessToken")] = "x",
      [key("other", "mallory.refreshToken")] = "refresh-other",
      unrelated = "x", [1] = 2,
    }
    assert.are.equal(1, #sessions)
    assert.are.equal(1, #failures)
    assert.are.equal("refresh_token", failures[1].field)
    local s = sessions[1]
    assert.are.equal("first.last@example.com", s.username)
    assert.are.equal(result.AccessToken, s:access_token())
    answer(host)
    assert(s:refresh())
    assert.are.equal("eu-west-1_0a1b", last(host).json.DeviceKey)
    assert.are.equal("refresh-js", last(host).json.RefreshToken)
  end)
end)
