-- A session and other writers of its record: locks, conflicts, and whose tokens count.
local cjson = require "cjson"
local fake_tokens = require "spec.support.fake_tokens"
local sessions = require "spec.support.sessions"

local alice, make, broken, answer, names, key_of, stored, last, overwrite = sessions.alice, sessions.make,
  sessions.broken, sessions.answer, sessions.names, sessions.key_of, sessions.stored, sessions.last, sessions.overwrite

local function refusal(code, message)
  return { status = 400, headers = "\r\n", body = cjson.encode { __type = code, message = message } }
end

local INVALID = refusal("NotAuthorizedException", "Invalid Refresh Token")

local function tokens(host)
  return { status = 200, headers = "\r\n",
    body = cjson.encode { AuthenticationResult = fake_tokens.result(host) } }
end

describe("a session and other writers", function()
  it("adopts the winner's tokens when its own are refused, and never deletes them", function()
    local s, host, store, pool, events = alice()
    local other = make { storage = store, host = host }
    -- the sibling writes between our look at the store and the service's answer, as one without our lock would
    host:reply(function()
      local result = fake_tokens.result(host)
      overwrite(store, pool, { version = "sibling.2", access_token = result.AccessToken, id_token = result.IdToken,
        refresh_token = "refresh-2", expires_at = host.wall + 3600, lifetime = 3600 })
      return refusal("RefreshTokenReuseException", "x")
    end)
    assert(s:refresh())
    assert.are.equal("refresh-2", s:export().refresh_token)
    assert.are.equal(s:access_token(), assert(other:session "alice"):access_token())
    assert.are.equal("", names(events))
  end)

  it("asks once more with the winner's token when that is stale too, and then gives up", function()
    local s, host, store, pool = alice()
    local key = key_of(pool)
    host:reply(function()
      overwrite(store, pool, { version = "sibling.2", refresh_token = "refresh-2", expires_at = host.wall - 5 })
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
    local s, host, store, pool = alice()
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
    local s, host, store, pool = alice()
    local key = key_of(pool)
    host:reply(function()
      overwrite(store, pool, { version = "newer.1", expires_at = host.wall + 3600,
        access_token = fake_tokens.jwt { exp = 1, username = "alice" } })
      return tokens(host)
    end)
    assert(s:refresh())
    assert.are.equal("newer.1", store.inner:get(key).version)
    assert.are.equal(store.inner:get(key).access_token, s:access_token())
  end)

  it("does not bring back a session that was signed out while it refreshed", function()
    local s, host, store, pool = alice()
    local key = key_of(pool)
    host:reply(function()
      assert(store.inner:delete(key))
      return tokens(host)
    end)
    local _, err = s:refresh()
    assert.are.equal("sign_in_required", err.kind)
    assert.is_nil(store.inner:get(key))
  end)

  it("waits for the lock, and takes what its holder stored", function()
    local s, host, store, pool = alice()
    local key = key_of(pool)
    assert(store.inner:try_lock(key, 60))
    local tries = 0
    store.fail.try_lock = function()
      tries = tries + 1
      if tries == 4 then
        local version = stored(store, pool).version:gsub("%d+$", "2")
        overwrite(store, pool, { version = version, access_token = "sibling's", expires_at = host.wall + 3600 })
      end
    end
    host:pass(3600)
    assert.are.equal("sibling's", s:access_token())
    assert.are.equal(4, tries)
    assert.are.equal(1, #host.requests)
  end)

  it("does not wait longer than the deadline for a lock, nor for long while its token is good", function()
    local s, host, store, pool = alice()
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

  it("waits on for a lock when its token ends meanwhile", function()
    local s, host, store, pool = alice()
    local key = key_of(pool)
    local lock = assert(store.inner:try_lock(key, 600))
    host:pass(3599)
    local before = host.mono
    store.fail.try_lock = function()
      if lock and host.mono - before > 3 then lock = store.inner:unlock(key, lock) and nil end
    end
    answer(host)
    assert.is_truthy(s:access_token())
    assert.is_nil(s.last_error)
    assert.are.equal(2, #host.requests)
  end)

  it("gives back a lock that an error left behind", function()
    local s, host = alice()
    host:reply(function() error("a bug in a host", 0) end)
    assert.has_error(function() s:refresh() end, "a bug in a host")
    answer(host)
    assert(s:refresh())
    assert.are.equal(3, #host.requests)
  end)
end)
