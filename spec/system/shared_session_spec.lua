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
