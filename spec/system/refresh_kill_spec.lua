-- A refresh under kill -9 at every system call from the sending of the request to the end of storing, and with every
-- file call failing. EVERY=1 fails each call in every way instead of one way a call; REFRESH_KILLS=n changes the
-- number of random kills.
local cognito = require "cognito"
local emulator = require "spec.support.emulator"
local stores = require "spec.support.stores"
local strace = require "spec.support.strace"
local killer = require "spec.support.refresh_killer"
local proc = require "spec.support.proc"
local redis = require "spec.support.redis"
local tmp = require "spec.support.tmp"

local FILE_CALLS = {
  openat = true, read = true, write = true, fsync = true, close = true, renameat = true, newfstatat = true,
  flock = true, fchmod = true, getdents64 = true, getrandom = true,
}
local ERRORS = { "ENOSPC", "EIO", "EACCES", "EINTR" }

local KILLS = tonumber(os.getenv "REFRESH_KILLS") or 25

local can, why = strace.available()

-- A killed holder's lock in Redis lasts for a while; see shared_session_spec.lua.
local function forget_locks(database)
  for _, name in ipairs(database:command("KEYS", "*:lock")) do database:command("DEL", name) end
end

describe("a refresh through the file storage", function()
  local server, path, argv

  local function sign_in(store)
    local pool = assert(cognito.pool { user_pool_id = server.pool_id, client_id = server.client_id,
      endpoint = server.url, storage = stores.open(store or "file:" .. path) })
    local step = assert(pool:sign_in { username = "alice", password = "Correct-horse1", flow = "USER_PASSWORD_AUTH" })
    return step.session
  end

  local function start(grace, store)
    server = emulator.start { config = { users = { alice = { password = "Correct-horse1" } },
      clients = { { id = "emulatorclient1", rotation = { grace = grace } } } } }
    path = tmp.dir()
    argv = { "lua5.4", "spec/support/refresh_victim.lua", server.url, server.pool_id, server.client_id,
      store or "file:" .. path, sign_in(store).id }
  end

  after_each(function() if server then server.stop() end end)
  teardown(tmp.cleanup)

  -- What the next process meets: it refreshes, too.
  local function next_process()
    local code, out, problem = proc.run { argv = argv }
    assert.equal(0, code, problem)
    return out
  end

  -- The calls from the sending of the request on, in order, and which of them is the rename.
  local function points_of_refresh()
    local points, sent, renamed = {}, false, nil
    for _, point in ipairs(strace.points(argv)) do
      if point.line:find '^sendto%(%d+, "POST' then sent = true end
      if sent then points[#points + 1] = point end
      if point.name == "renameat" then renamed = #points end
    end
    assert(renamed, "no rename in the trace")
    return points, renamed
  end

  local function kill_everywhere(grace)
    start(grace)
    local points, renamed = points_of_refresh()
    local lost, kills = {}, 0
    for i, point in ipairs(points) do
      local out = strace.kill(argv, point)
      if not out:find "^token" then kills = kills + 1 end
      local answer = next_process()
      if not answer:find "token" then
        assert.matches("error sign_in_required", answer)
        lost[#lost + 1] = i
        assert.is_true(i > 1 and i <= renamed, "lost outside of the commit window: " .. point.line)
        sign_in()
      end
    end
    print(("grace %d s: %d kills, %d sessions lost and reported as sign_in_required"):format(grace, kills,
      #lost))
    assert.is_true(kills > 20)
    return #lost
  end

  it("loses no session to a kill while rotation has a grace period", function()
    if not can then return pending(why) end
    assert.equal(0, kill_everywhere(60))
  end)

  it("loses a session without grace only to a kill in the commit window, and says so", function()
    if not can then return pending(why) end
    assert.is_true(kill_everywhere(0) > 0)
  end)

  it("loses no session in Redis either", function()
    if not can then return pending(why) end
    local database, kills = redis.start(), 0
    start(60, "redis:" .. database.port)
    local sent = false
    for _, point in ipairs(strace.points(argv)) do
      sent = sent or point.line:find '^sendto%(%d+, "POST' ~= nil
      if sent then
        if not strace.kill(argv, point):find "^token" then kills = kills + 1 end
        forget_locks(database)
        assert.matches("token %S", next_process(), 1, false, point.line)
      end
    end
    database:stop()
    print(("Redis, grace 60 s: %d kills, 0 sessions lost"):format(kills))
    assert.is_true(kills > 5)
  end)

  it("gives the new tokens though a file call fails, warns, and stores them at the next chance", function()
    if not can then return pending(why) end
    start(0)
    local sent, runs, warned = false, 0, 0
    for i, point in ipairs(strace.points(argv)) do
      if point.name == "sendto" then sent = true end
      local errors = os.getenv "EVERY" and ERRORS or { ERRORS[i % 4 + 1] }
      local ours = FILE_CALLS[point.name] and not point.line:find "^write%(1," and not point.line:find "/etc/ssl"
        and (point.name ~= "getrandom" or point.line:find ", 8, 0%)")
      for _, errno in ipairs(ours and errors or {}) do
        local code, out, problem = strace.fail(argv, point, errno)
        local at = errno .. " at " .. point.line .. "\n" .. out .. problem
        assert.equal(0, code, at)
        runs = runs + 1
        if sent then
          assert.matches("token %S", out, 1, false, at)
        else
          assert.is_truthy(out:find "token %S" or out:find "error store", at)
        end
        if out:find "warning store" then
          warned = warned + 1
          assert.matches("again ok stored", out, 1, false, at)
        end
        assert.matches("token %S", next_process(), 1, false, at)
      end
    end
    print(("%d failing calls, %d times the tokens could not be stored at once"):format(runs, warned))
    assert.is_true(runs > 20 and warned > 2)
  end)
end)

describe(("%d processes that refresh and are killed at random moments"):format(KILLS), function()
  teardown(tmp.cleanup)

  local function run(store, grace, forget_lock)
    local stats = killer.run { store = store, kills = KILLS, grace = grace, forget_lock = forget_lock }
    print(("%s, grace %d s: %d random kills, %d refreshes, %d sessions lost and reported as sign_in_required"):format(
      store:match "^%l+", grace, stats.kills, stats.refreshes, stats.lost))
    assert.is_true(stats.refreshes >= KILLS)
    return stats
  end

  local function run_redis(grace)
    local database = redis.start()
    local stats = run("redis:" .. database.port, grace, function() forget_locks(database) end)
    database:stop()
    return stats
  end

  it("lose no session in files", function() assert.equal(0, run("file:" .. tmp.dir(), 60).lost) end)
  it("lose no session in Redis", function() assert.equal(0, run_redis(60).lost) end)

  -- The window between the service's answer and the end of storing: a session that is lost in it is reported.
  it("lose sessions without a grace period in the commit window only", function()
    assert.is_true(run("file:" .. tmp.dir(), 0).lost < KILLS)
    assert.is_true(run_redis(0).lost < KILLS)
  end)
end)
