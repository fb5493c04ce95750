-- Many processes share one session: each expiry is one refresh. CROWD=processes and ROUNDS=expiries change the size.
local crowd = require "spec.support.crowd"
local emulator = require "spec.support.emulator"
local redis = require "spec.support.redis"
local tmp = require "spec.support.tmp"

local PROCESSES = tonumber(os.getenv "CROWD") or 32
local ROUNDS = tonumber(os.getenv "ROUNDS") or 100

describe(("%d processes, %d expiries, rotation without grace"):format(PROCESSES, ROUNDS), function()
  local server

  before_each(function()
    server = emulator.start { config = { users = { alice = { password = "Correct-horse1" } },
      clients = { { id = "emulatorclient1", rotation = { grace = 0 } } } } }
  end)

  after_each(function() server.stop() end)
  teardown(tmp.cleanup)

  local function check(store)
    local stats = crowd.run(server, store, PROCESSES, ROUNDS)
    print(("%s: %d processes x %d expiries: %d refreshes, %d requests, %d reuse errors, %.1f s"):format(
      store:match "^%l+", PROCESSES, ROUNDS, stats.refreshes, stats.requests, stats.reuses, stats.seconds))
    assert.same({}, stats.errors)
    assert.equal(0, stats.different, "rounds in which somebody had another token")
    assert.equal(ROUNDS, stats.refreshes)
    assert.equal(ROUNDS, stats.requests)
    assert.equal(0, stats.reuses)
  end

  it("on one file store: exactly one refresh each", function() check("file:" .. tmp.dir()) end)
  it("on one sealed file store: exactly one refresh each", function() check("sealed:" .. tmp.dir()) end)

  it("on one Redis: exactly one refresh each", function()
    local database = redis.start()
    check("redis:" .. database.port)
    database:stop()
  end)
end)

describe("a process that stopped while it held the session's lock", function()
  local cognito = require "cognito"
  local posix = require "cognito.posix"
  local proc = require "spec.support.proc"
  local server, path, session

  setup(function()
    server = emulator.start { config = { users = { alice = { password = "Correct-horse1" } } } }
    path = tmp.dir()
    local pool = assert(cognito.pool { user_pool_id = server.pool_id, client_id = server.client_id,
      endpoint = server.url, storage = cognito.storage.file { path = path } })
    local step = pool:sign_in { username = "alice", password = "Correct-horse1", flow = "USER_PASSWORD_AUTH" }
    session = assert(step).session
  end)

  teardown(function() server.stop() end)

  local function holder()
    return proc.start { argv = { "lua5.4", "-e", ([[
      local storage = require("cognito.storage.file").new { path = %q }
      local tokens = {}
      for _, key in ipairs(storage:list()) do tokens[#tokens + 1] = assert(storage:try_lock(key, 30)) end
      print("locked " .. #tokens) io.stdout:flush()
      require("cognito.posix").sleep(60)]]):format(path) } }
  end

  it("holds nobody up beyond the deadline, and its end sets the session free", function()
    local child = holder()
    assert(child:wait_line "(locked %d)")
    child:signal "STOP"
    local start = posix.monotime()
    local ok, err = session:refresh { deadline = 0.7 }
    local took = posix.monotime() - start
    assert.is_nil(ok)
    assert.equal("timeout", err.kind)
    assert.is_true(took < 3, ("%.3f s"):format(took)) -- the lock is held for good
    assert.is_string((session:access_token()))
    assert.is_nil(server.counts().GetTokensFromRefreshToken)
    child:signal "KILL"
    child:wait(30)
    assert.is_true(session:refresh { deadline = 10 })
    child:stop()
  end)
end)

describe("a process that is stopped while the answer to its refresh is under way", function()
  local cognito = require "cognito"
  local posix = require "cognito.posix"
  local proc = require "spec.support.proc"

  it("takes the answer when it goes on, though its time is over: rotated tokens would be lost", function()
    local server = emulator.start { config = { users = { alice = { password = "Correct-horse1" } },
      clients = { { id = "emulatorclient1", rotation = { grace = 0 } } } } }
    local path = tmp.dir()
    local pool = assert(cognito.pool { user_pool_id = server.pool_id, client_id = server.client_id,
      endpoint = server.url, storage = cognito.storage.file { path = path } })
    assert(pool:sign_in { username = "alice", password = "Correct-horse1", flow = "USER_PASSWORD_AUTH" })
    server.faults { { fault = "delay:1", operation = "GetTokensFromRefreshToken", times = 1 } }
    local child = proc.start { argv = { "lua5.4", "-e", ([[
      local cognito = require "cognito"
      local pool = cognito.pool { user_pool_id = %q, client_id = %q, endpoint = %q, timeout = 1.5,
        storage = cognito.storage.file { path = %q } }
      print(pool:session("alice"):refresh())]]):format(server.pool_id, server.client_id, server.url, path) } }
    repeat posix.sleep(0.01) until server.counts().GetTokensFromRefreshToken
    child:signal "STOP"
    posix.sleep(1.7)
    child:signal "CONT"
    child:wait(30)
    assert.matches("^true", child:output() .. child:errors())
    assert.equal(1, server.counts().GetTokensFromRefreshToken.requests)
    assert.is_true(pool:session("alice"):refresh())
    child:stop()
    server.stop()
  end)
end)

describe("a lock in Redis", function()
  local cognito = require "cognito"
  local posix = require "cognito.posix"
  local proc = require "spec.support.proc"
  local stores = require "spec.support.stores"
  local server, database, id

  local function pool_of(timeout, deadline)
    return assert(cognito.pool { user_pool_id = server.pool_id, client_id = server.client_id, endpoint = server.url,
      storage = stores.open("redis:" .. database.port), timeout = timeout, deadline = deadline })
  end

  local function lock_name()
    return database:command("KEYS", "*:lock")[1]
  end

  before_each(function()
    server = emulator.start { config = { users = { alice = { password = "Correct-horse1" } },
      clients = { { id = "emulatorclient1", rotation = { grace = 60 } } } } }
    database = redis.start()
    local given = { username = "alice", password = "Correct-horse1", flow = "USER_PASSWORD_AUTH" }
    id = assert(pool_of(5, 10):sign_in(given)).session.id
  end)

  after_each(function()
    server.stop()
    database:stop()
  end)

  it("of a process that was killed ends after one attempt's time, and the next one goes on", function()
    server.faults { { fault = "hang", operation = "GetTokensFromRefreshToken", times = 1 } }
    local child = proc.start { argv = { "lua5.4", "-e", ([[
      local pool = require("cognito").pool { user_pool_id = %q, client_id = %q, endpoint = %q, timeout = 2,
        deadline = 30, storage = require("spec.support.stores").open "redis:%d" }
      print(pool:session { id = %q }:refresh())]]):format(server.pool_id, server.client_id, server.url, database.port,
        id) } }
    repeat posix.sleep(0.01) until server.counts().GetTokensFromRefreshToken
    child:signal "KILL"
    local left = database:command("PTTL", assert(lock_name()))
    assert.is_true(left > 3000 and left <= 7000, left .. " ms")
    local start = posix.monotime()
    assert.is_true(pool_of(2, 10):session { id = id }:refresh())
    local took = posix.monotime() - start
    print(("a killed holder's lock in Redis: %.1f s left, the next refresh done after %.1f s"):format(left / 1000,
      took))
    assert.is_true(took >= left / 1000 - 1 and took < left / 1000 + 2, took .. " s")
    child:stop()
  end)

  -- Redis stops taking writes after the lock was taken and before the new tokens are stored.
  for name, case in pairs {
    ["is out of memory"] = { code = "OOM", { "CONFIG", "SET", "maxmemory", "1" },
      { "CONFIG", "SET", "maxmemory", "0" } },
    ["became a replica"] = { code = "READONLY", { "REPLICAOF", "127.0.0.1", "1" }, { "REPLICAOF", "NO", "ONE" } },
    ["stopped"] = { code = "timeout" },
  } do
    it("and the tokens of a refresh are not lost when Redis " .. name .. " meanwhile", function()
      local host = require("cognito.host.blocking").new()
      local send, fails, warnings = host.send, true, {}
      function host.send(request)
        local response, err = send(request)
        if fails and case[1] then database:command((table.unpack or unpack)(case[1])) end
        if fails and not case[1] then database:signal "STOP" end
        return response, err
      end
      local pool = assert(cognito.pool { user_pool_id = server.pool_id, client_id = server.client_id, host = host,
        endpoint = server.url, storage = stores.open("redis:" .. database.port),
        on_warning = function(err) warnings[#warnings + 1] = err.code end })
      local session = pool:session { id = id }
      local before = session:access_token()
      assert.is_true(session:refresh())
      local given = session:access_token()
      assert.not_equal(before, given)
      assert.equal(case.code, warnings[1])
      fails = false
      if case[2] then database:command((table.unpack or unpack)(case[2])) else database:signal "CONT" end
      repeat posix.sleep(0.05) until session:access_token() and not session.last_error
      assert.equal(given, session:access_token())
      assert.equal(given, pool_of(5, 10):session { id = id }:access_token())
      assert.equal(1, server.counts().GetTokensFromRefreshToken.requests)
    end)
  end

  -- A refresh whose first attempt is not answered; `meanwhile` runs in another process while it waits.
  local function refresh_twice(meanwhile)
    server.faults { { fault = "hang", operation = "GetTokensFromRefreshToken", times = 1 } }
    local pool, extended = pool_of(4, 20), 0
    local extend = pool.storage.extend
    function pool.storage:extend(...)
      extended = extended + 1
      return extend(self, ...)
    end
    local child = meanwhile and proc.start { argv = { "lua5.4", "-e", meanwhile } }
    local ok, err = pool:session { id = id }:refresh()
    if child then child:stop() end
    return ok, err, extended, server.counts().GetTokensFromRefreshToken.requests
  end

  it("is made to last for another attempt", function()
    local ok, _, extended, requests = refresh_twice()
    assert.is_true(ok)
    assert.equal(1, extended)
    assert.equal(2, requests)
    assert.is_nil(lock_name())
  end)

  it("that is lost meanwhile ends the refresh: somebody else may be at it", function()
    local ok, err, extended, requests = refresh_twice(([[
      local client = require("spec.support.resp").connect(%d, 5)
      local names
      repeat names = client:command("KEYS", "*:lock") until names[1]
      client:command("SET", names[1], "somebody else")]]):format(database.port))
    assert.is_nil(ok)
    assert.equal("store", err.kind)
    assert.equal("lock_lost", err.code)
    assert.equal(1, extended)
    assert.equal(1, requests)
  end)
end)
