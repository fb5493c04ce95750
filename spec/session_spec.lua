-- A session as its caller meets it: what goes in and out, options, events, and many of them beside each other.
local cognito = require "cognito"
local core = require "cognito.core"
local sessions = require "spec.support.sessions"

local make, durable, answer, sign_in, key_of, last = sessions.make, sessions.durable, sessions.answer,
  sessions.sign_in, sessions.key_of, sessions.last

for _, kind in ipairs { "memory", "durable" } do
  local storage = sessions.storages[kind]

  describe("a session in " .. kind .. " storage", function()
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
      local s = assert(pool:adopt { refresh_token = "kept", username = "bob", device = true })
      assert.are.equal(0, s:expires_in())
      answer(host, { username = "bob" })
      assert(s:access_token())
      assert.are.equal("kept", last(host).json.RefreshToken)
      assert(pool:session "bob")
    end)

    it("never shows a token when it is printed", function()
      local pool, host = make { storage = storage(), client_secret = ("CANARY"):rep(5) }
      local s = sign_in(pool, host)
      assert.are.equal("cognito.session(" .. pool.user_pool_id .. ")", tostring(s))
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

describe("sessions of many users", function()
  it("never mix", function()
    local pool, host = make()
    local of = {}
    for i = 1, 20 do
      local name = "user" .. i
      answer(host, { username = name, refresh_token = "refresh-" .. name })
      of[i] = assert(pool:sign_in { username = name, password = "pw" }).session
    end
    host:pass(3600)
    for i = 20, 1, -1 do
      local name = "user" .. i
      answer(host, { username = name })
      local token = assert(of[i]:access_token())
      assert.are.equal("refresh-" .. name, last(host).json.RefreshToken)
      assert.are.equal(name, core.jwt_decode(token).username)
    end
    assert.are.equal(20, #host.tasks)
    local seen = {}
    for _, key in ipairs(host.tasks) do
      assert.is_nil(seen[key])
      seen[key] = true
    end
  end)
end)
