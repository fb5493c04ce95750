-- A session and its store: what is written when, what a failing store costs, and where a session is found.
local sessions = require "spec.support.sessions"

local alice, make, durable, broken, answer, sign_in, names, key_of, stored, last = sessions.alice, sessions.make,
  sessions.durable, sessions.broken, sessions.answer, sessions.sign_in, sessions.names, sessions.key_of,
  sessions.stored, sessions.last

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
    local s, host, store, pool, events = alice()
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
    local s, host, store, pool = alice()
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
      local s, host, store = alice()
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
    local s, host, store = alice()
    store.fail.unlock = broken()
    answer(host)
    assert(s:refresh())
  end)

  it("does not touch a record that is none of its own, and says what to do", function()
    for i, foreign in ipairs { { version = "x" }, { version = "a.1", expires_at = "soon", lifetime = 5 },
      { version = "a.1", expires_at = 5, lifetime = 5, access_token = {} },
      { version = "a.1", expires_at = 5, lifetime = 5, refresh_token = 5 },
      { version = "nodot", expires_at = 5, lifetime = 5 } } do
      local s, host, store, pool = alice()
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
