-- The tokens that a session gives: until when, from where, and at which clock.
local sessions = require "spec.support.sessions"

local make, answer, sign_in, names, last = sessions.make, sessions.answer, sessions.sign_in, sessions.names,
  sessions.last

for _, kind in ipairs { "memory", "durable" } do
  local storage = sessions.storages[kind]

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

    it("renews an ID token by its own lifetime, also where that is shorter than the margin", function()
      local pool, host = make { storage = storage(), margin = 600 }
      local s = sign_in(pool, host, { id_lifetime = 300 })
      local id = assert(s:id_token())
      host:pass(220)
      assert.are.equal(id, s:id_token())
      assert.are.equal(1, #host.requests)
      host:pass(100)
      answer(host, { id_lifetime = 300 })
      local renewed = assert(s:id_token())
      assert.are_not.equal(id, renewed)
      assert.are.equal(renewed, s:id_token())
      assert.are.equal(2, #host.requests)
    end)

    it("gives no ID token that has ended, when a renewal brings none", function()
      local pool, host = make { storage = storage() }
      local s = sign_in(pool, host, { id_lifetime = 300 })
      host:pass(400)
      answer(host, { without = { IdToken = true } })
      local id, err = s:id_token()
      assert.is_nil(id)
      assert.are.equal("no_id_token", err.code)
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
  end)
end
