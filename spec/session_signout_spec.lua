-- Signing out, step by step: revoke, global, local, and what must wait.
local sessions = require "spec.support.sessions"

local alice, make, durable, broken, answer, sign_in, names, key_of, last = sessions.alice, sessions.make,
  sessions.durable, sessions.broken, sessions.answer, sessions.sign_in, sessions.names, sessions.key_of, sessions.last

for _, kind in ipairs { "memory", "durable" } do
  local storage = sessions.storages[kind]

  describe("a session in " .. kind .. " storage", function()
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
  end)
end

describe("a sign-out and its store", function()
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

  it("reports a store that cannot clear", function()
    local s, host, store = alice()
    store.fail.delete = broken("read-only file system")
    host:answer(200, "{}")
    local result = s:sign_out()
    assert.is_false(result.cleared)
    assert.are.equal("store", result.errors.clear.kind)
    assert.is_true(result.revoked)
  end)

  it("goes on without the lock", function()
    local s, host, store, pool = alice()
    assert(store.inner:try_lock(key_of(pool), 600))
    host:answer(200, "{}")
    local result = s:sign_out()
    assert.is_true(result.cleared)
    assert.is_true(result.revoked)
  end)
end)
