-- Many coroutines, one session: the refresh engine in the loop host, against the emulator.
local cognito = require "cognito"
local emulator = require "spec.support.emulator"
local loops = require "cognito.host.loop"

describe("sessions in the loop", function()
  local e

  setup(function()
    e = emulator.start { config = {
      users = { alice = { password = "Correct-horse1" }, bob = { password = "Correct-horse1" } },
      clients = { { id = "loopclient", access_token_ttl = 300, id_token_ttl = 300, rotation = { grace = 0 } } } } }
  end)
  teardown(function() e.stop() end)
  before_each(function() e.faults {} end)

  local function make(more)
    local loop = loops.new()
    local o = { user_pool_id = e.pool_id, client_id = "loopclient", endpoint = e.url, host = loop,
      flow = "USER_PASSWORD_AUTH" }
    for k, v in pairs(more or {}) do o[k] = v end
    return assert(cognito.pool(o)), loop
  end

  local function sign_in(pool, name)
    return assert(assert(pool:sign_in { username = name or "alice", password = "Correct-horse1" }).session)
  end

  local function refreshes()
    local counts = e.counts().GetTokensFromRefreshToken
    return counts and counts.requests or 0
  end

  local function expire(session) session.fresh_until = -math.huge end

  it("refresh once for fifty that ask at the same time", function()
    local refreshed = 0
    local pool, loop = make { on_refresh = function() refreshed = refreshed + 1 end, margin = 0 }
    local before, tokens, done = refreshes(), {}, 0
    loop:spawn(function()
      local session = sign_in(pool)
      local old = session:access_token()
      for _ = 1, 50 do
        loop:spawn(function()
          assert(session:refresh())
          local token = assert(session:access_token())
          assert(token ~= old)
          tokens[token], done = true, done + 1
        end)
      end
    end)
    loop:run()
    assert.equal(50, done)
    local count = 0
    for _ in pairs(tokens) do count = count + 1 end
    assert.equal(1, count)
    assert.equal(before + 1, refreshes())
    assert.equal(1, refreshed)
  end)

  it("refresh once for many objects of one session, and each takes the result", function()
    local pool, loop = make()
    local before, tokens = refreshes(), {}
    loop:spawn(function()
      sign_in(pool)
      for i = 1, 20 do
        loop:spawn(function()
          local own = assert(pool:session "alice")
          assert(own:refresh())
          tokens[i] = own:access_token()
        end)
      end
    end)
    loop:run()
    assert.equal(20, #tokens)
    for i = 2, 20 do assert.equal(tokens[1], tokens[i]) end
    assert.equal(before + 1, refreshes())
  end)

  it("refresh different users side by side and never mix them", function()
    local pool, loop = make()
    e.faults { { fault = "delay:1", operation = "GetTokensFromRefreshToken" } }
    local sessions, done = {}, 0
    for _, name in ipairs { "alice", "bob" } do
      loop:spawn(function() sessions[name] = sign_in(pool, name) end)
    end
    loop:run()
    for name, session in pairs(sessions) do
      loop:spawn(function()
        assert(session:refresh())
        done = done + 1
        assert.equal(name, session:claims()["cognito:username"])
        assert.equal(name, assert(session:call("GetUser")).Username)
      end)
    end
    local start = loop.monotime()
    loop:run()
    assert.equal(2, done)
    assert.is_true(loop.monotime() - start < 2, "one waited for the other")
  end)

  it("a waiter leaves at its own deadline or cancel; the others get the tokens", function()
    local pool, loop = make()
    local results, cancel = {}, cognito.cancel()
    loop:spawn(function()
      local session = sign_in(pool)
      e.faults { { fault = "delay:2", operation = "GetTokensFromRefreshToken" } }
      loop:spawn(function()
        local ok, err = session:refresh { deadline = 0.1 }
        results.impatient = { ok, err }
      end)
      loop:spawn(function()
        local ok, err = session:refresh { cancel = cancel }
        results.cancelled = { ok, err }
      end)
      loop:spawn(function() results.patient = { session:refresh() } end)
      loop.sleep(0.2)
      cancel:cancel()
      loop.sleep(0.05)
      assert.is_nil(results.patient)
      assert.equal("timeout", results.impatient[2].kind)
      assert.equal("cancelled", results.cancelled[2].kind)
    end)
    local before = refreshes()
    loop:run()
    assert.is_true(results.patient[1])
    assert.equal(before + 1, refreshes())
  end)

  it("the first caller's short deadline does not end the refresh that others wait for", function()
    local pool, loop = make()
    local results = {}
    loop:spawn(function()
      local session = sign_in(pool)
      e.faults { { fault = "delay:2", operation = "GetTokensFromRefreshToken" } }
      loop:spawn(function() results.first = { session:refresh { deadline = 0.05 } } end)
      loop:spawn(function()
        loop.sleep(0.02)
        results.second = { session:refresh() }
        results.token = session:access_token()
        results.first_token = results.token
      end)
    end)
    local before = refreshes()
    loop:run()
    assert.is_nil(results.first[1])
    assert.equal("timeout", results.first[2].kind)
    assert.is_true(results.second[1])
    assert.equal(before + 1, refreshes())
  end)

  it("give the token that is still good while the service hangs, each within its deadline", function()
    local pool, loop = make { deadline = 2, timeout = 1 }
    local got = 0
    loop:spawn(function()
      local session = sign_in(pool)
      local token = session:access_token()
      e.faults { { fault = "hang", operation = "GetTokensFromRefreshToken" } }
      expire(session)
      for _ = 1, 10 do
        loop:spawn(function()
          local start = loop.monotime()
          assert.equal(token, session:access_token())
          assert.is_true(loop.monotime() - start < 2.5) -- it hangs for good
          got = got + 1
        end)
      end
    end)
    loop:run()
    assert.equal(10, got)
  end)

  it("a handler that raises ends its caller only, and what was refreshed stays", function()
    local pool, loop = make { on_refresh = function() error("a mistake of the application", 0) end }
    local session, old
    loop:spawn(function()
      session = sign_in(pool)
      old = session:access_token()
      session:refresh()
    end)
    local ok, err = pcall(loop.run, loop)
    assert.is_false(ok)
    assert.truthy(tostring(err):find("a mistake of the application", 1, true))
    local before = refreshes()
    local token
    loop:spawn(function() token = assert(pool:session "alice"):access_token() end)
    loop:run()
    assert.is_string(token)
    assert.not_equal(old, token)
    assert.equal(token, session:access_token())
    assert.equal(before, refreshes())
  end)

  it("sign-out during a refresh leaves nothing stored", function()
    local pool, loop = make()
    local result
    loop:spawn(function()
      local session = sign_in(pool)
      e.faults { { fault = "delay:0.3", operation = "GetTokensFromRefreshToken" } }
      loop:spawn(function() session:refresh() end)
      loop.sleep(0.05)
      result = session:sign_out()
    end)
    loop:run()
    assert.is_true(result.cleared)
    assert.is_true(result.revoked)
    local _, err
    loop:spawn(function() _, err = pool:session "alice" end)
    loop:run()
    assert.equal("sign_in_required", err.kind)
  end)
end)
