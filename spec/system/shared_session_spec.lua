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
