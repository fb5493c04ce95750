-- The Redis storage: the contract, clients of both shapes, servers that fail.
local contract = require "spec.contract.storage_contract"
local redis = require "cognito.storage.redis"
local resp = require "spec.support.resp"
local server = require "spec.support.redis"
local socket = require "socket"
local tmp = require "spec.support.tmp"

local KEY = ("ab"):rep(32)
local has_redis_lua, redis_lua = pcall(require, "redis")

local running = server.start()

teardown(function()
  running:stop()
  tmp.cleanup()
end)

-- The Redis of this file is one for all examples; each has a prefix of its own.
local count = 0
local function maker(connect)
  return function()
    count = count + 1
    local prefix = ("t%d*[x]:"):format(count)
    local function again()
      return redis.new { connect = connect, key = ("k"):rep(32), prefix = prefix }
    end
    return again(), { again = again, wait = socket.sleep }
  end
end

local function with_resp() return resp.connect(running.port) end

contract.describe(describe, it, "redis, client of the shape of lua-resty-redis", maker(with_resp), { expires = true })

if has_redis_lua then
  contract.describe(describe, it, "redis, client redis-lua", maker(function()
    return redis_lua.connect("127.0.0.1", running.port)
  end), { expires = true })
end

local function new(options)
  options = options or {}
  count = count + 1
  return redis.new {
    connect = options.connect or with_resp, release = options.release, timeout = options.timeout, ttl = options.ttl,
    key = options.key or ("k"):rep(32), prefix = options.prefix or ("t%d:"):format(count),
  }
end

local function fails(code, ok, err)
  assert.is_nil(ok)
  assert.is_table(err)
  assert.equal("store", err.kind)
  assert.equal(code, err.code)
  if code ~= "conflict" then assert.is_string(err.hint) end
  assert.is_nil((tostring(err):find("CANARY", 1, true)))
  return err
end

describe("storage redis", function()
  local RECORD = contract.record("a.1")

  it("raises without connect or key, and for unknown options", function()
    assert.has_error(function() redis.new { key = ("k"):rep(32) } end)
    assert.has_error(function() redis.new { connect = with_resp } end)
    assert.has_error(function() redis.new { connect = with_resp, key = ("k"):rep(32), prefx = "x" } end)
  end)

  it("keeps nothing readable", function()
    local storage = new { prefix = "canary:" }
    assert(storage:put(KEY, RECORD, nil))
    local dump = running:command("dump", "canary:{" .. KEY .. "}")
    assert.is_true(#dump > 100)
    assert.is_nil((dump:find("CANARY", 1, true)))
    assert.is_nil((dump:find("alice", 1, true)))
  end)

  it("lets a record and a lock expire", function()
    local storage = new { prefix = "ttl:", ttl = 100 }
    assert(storage:put(KEY, RECORD, nil))
    local left = running:command("pttl", "ttl:{" .. KEY .. "}")
    assert.is_true(left > 90000 and left <= 100000)
    assert(storage:try_lock(KEY, 7))
    left = running:command("pttl", "ttl:{" .. KEY .. "}:lock")
    assert.is_true(left > 5000 and left <= 7000)
  end)

  it("gives every connection back, and says which are broken", function()
    local opened, kept, broken = 0, 0, 0
    local storage = new {
      connect = function()
        opened = opened + 1
        return with_resp()
      end,
      release = function(client, bad)
        if bad then broken = broken + 1 else kept = kept + 1 end
        client:close()
      end,
    }
    assert(storage:put(KEY, RECORD, nil))
    assert.same(RECORD, storage:get(KEY))
    assert.same({ 2, 2, 0 }, { opened, kept, broken })
  end)

  it("survives a server that forgot its scripts", function()
    local storage = new()
    assert(storage:put(KEY, RECORD, nil))
    running:command("script", "flush")
    assert(storage:put(KEY, contract.record("a.2"), "a.1"))
    assert.same(contract.record("a.2"), storage:get(KEY))
  end)

  it("makes one more connection when a kept one has died", function()
    local client = with_resp()
    local storage = new { connect = function()
      local dead = client
      client = nil
      return dead or with_resp()
    end }
    assert(client:command("client", "kill", "type", "normal", "skipme", "no") ~= true)
    assert(storage:put(KEY, RECORD, nil))
    assert.same(RECORD, storage:get(KEY))
  end)

  -- The first answer is lost after the server has done it.
  it("does not take its own write for a conflict", function()
    local lost = 0
    local storage = new { connect = function()
      local real = with_resp()
      return setmetatable({}, { __index = function(_, name)
        return function(_, ...)
          local answer, err = real[name](real, ...)
          if name:find "^eval" and select(2, ...) > 0 and lost == 0 and answer then
            lost = 1
            return nil, "closed"
          end
          return answer, err
        end
      end })
    end }
    assert(storage:put(KEY, RECORD, nil))
    assert.equal(1, lost)
    lost = 0
    local token = storage:try_lock(KEY, 30)
    assert.is_string(token)
    assert.equal(1, lost)
    assert.is_true(storage:unlock(KEY, token))
    assert.is_true(storage:put(KEY, RECORD, nil))
    fails("conflict", storage:put(KEY, contract.record("a.1", { username = "bob" }), nil))
  end)

  it("says that Redis is down", function()
    local port = require("spec.support.ports").free()
    local storage = new { connect = function() return resp.connect(port) end }
    local err = fails("connect", storage:get(KEY))
    assert.is_true(err.retryable)
    fails("connect", storage:put(KEY, RECORD, nil))
    fails("connect", storage:try_lock(KEY, 1))
    fails("connect", storage:unlock(KEY, "x"))
    fails("connect", storage:delete(KEY))
    fails("connect", storage:list())
    storage = new { connect = function() error({}) end }
    fails("connect", storage:get(KEY))
  end)

  it("does not wait longer than its timeout for a server that hangs", function()
    local slow = server.start()
    local storage = new { timeout = 0.3, connect = function() return resp.connect(slow.port) end }
    assert(storage:put(KEY, RECORD, nil))
    slow:signal "STOP"
    local start = socket.gettime()
    fails("timeout", storage:get(KEY))
    fails("timeout", storage:put(KEY, contract.record("a.2"), "a.1"))
    assert.is_true(socket.gettime() - start < 2) -- it hangs for good
    slow:signal "CONT"
    assert.is_table(storage:get(KEY))
    slow:stop()
  end)

  it("says that Redis is out of memory, and keeps the old record", function()
    local small = server.start { "--maxmemory-policy", "noeviction" }
    local storage = new { connect = function() return resp.connect(small.port) end }
    assert(storage:put(KEY, RECORD, nil))
    small:command("config", "set", "maxmemory", "1")
    fails("OOM", storage:put(KEY, contract.record("a.2"), "a.1"))
    assert.same(RECORD, storage:get(KEY))
    small:stop()
  end)

  it("says that Redis wants a password, without saying any", function()
    local closed = server.start { "--requirepass", "CANARY-password" }
    fails("NOAUTH", new({ connect = function() return resp.connect(closed.port) end }):get(KEY))
    closed:stop()
  end)

  it("says that a key under the prefix is not its own", function()
    running:command("set", "type:{" .. KEY .. "}", "something")
    fails("WRONGTYPE", new({ prefix = "type:" }):get(KEY))
    fails("WRONGTYPE", new({ prefix = "type:" }):put(KEY, RECORD, nil))
    assert.equal("something", (running:command("get", "type:{" .. KEY .. "}")))
  end)
end)

describe("storage redis when the master changes", function()
  local old, new_master

  setup(function()
    old = server.start { "--repl-diskless-sync-delay", "0" } -- else it waits 5 s for a second replica
    new_master = server.start()
    new_master:command("replicaof", "127.0.0.1", old.port)
  end)

  teardown(function()
    old:stop()
    new_master:stop()
  end)

  local function wait_for(test)
    local ends = socket.gettime() + 30
    repeat
      if test() then return true end
      socket.sleep(0.01)
    until socket.gettime() > ends
    error "it did not happen within 30 seconds"
  end

  local function connected_to(choose)
    return redis.new { key = ("k"):rep(32), prefix = "f:", connect = function() return resp.connect(choose().port) end }
  end

  it("between lock and write, no two writers get through", function()
    local master = old
    local first, second = connected_to(function() return master end), connected_to(function() return master end)
    assert(first:put(KEY, contract.record("a.1"), nil))
    wait_for(function() return new_master:command("exists", "f:{" .. KEY .. "}") == 1 end)
    local token = first:try_lock(KEY, 30)
    -- the replica takes over before it has heard of the lock
    new_master:command("replicaof", "no", "one")
    new_master:command("del", "f:{" .. KEY .. "}:lock")
    master = new_master
    assert.is_string((second:try_lock(KEY, 30)))
    assert(second:put(KEY, contract.record("a.2", { username = "second" }), "a.1"))
    fails("conflict", first:put(KEY, contract.record("a.2", { username = "first" }), "a.1"))
    assert.equal("second", first:get(KEY).username)
    local ok, err = first:unlock(KEY, token)
    assert.is_nil(ok)
    assert.equal("lock_lost", err.code)
  end)

  it("asks connect again when it was given a replica", function()
    old:command("replicaof", "127.0.0.1", new_master.port)
    local turn = 0
    local storage = connected_to(function()
      turn = turn + 1
      return turn == 1 and old or new_master
    end)
    assert(storage:put(("cd"):rep(32), contract.record("a.1"), nil))
    assert.equal(2, turn)
    storage = connected_to(function() return old end)
    fails("READONLY", storage:put(("ef"):rep(32), contract.record("a.1"), nil))
  end)
end)

describe("storage redis and records that somebody has changed", function()
  local storage, name

  before_each(function()
    count = count + 1
    local prefix = ("m%d:"):format(count)
    storage, name = new { prefix = prefix }, prefix .. "{" .. KEY .. "}"
    assert(storage:put(KEY, contract.record("a.1"), nil))
  end)

  local function kept()
    local found = running:command("keys", name:gsub("[{}]", "?") .. ":bad-*")
    return #found == 1 and running:command("hget", found[1], "d")
  end

  local function refused(code)
    local now = running:command("hget", name, "d")
    fails(code, storage:get(KEY))
    assert.equal(now, kept())
    assert.is_nil((storage:get(KEY)))
    assert(storage:put(KEY, contract.record("b.1"), nil))
  end

  it("refuses a changed byte and keeps the record aside", function()
    local data = running:command("hget", name, "d")
    running:command("hset", name, "d", data:sub(1, -2) .. string.char((data:byte(-1) + 1) % 256))
    refused "tampered"
  end)

  it("refuses what is no record", function()
    running:command("hset", name, "d", "{}")
    refused "corrupt"
  end)

  it("refuses a plain record, since anybody can write one", function()
    local plain = table.concat { require("cognito.storage.codec").encode(KEY, contract.record("a.1")) }
    running:command("hset", name, "d", plain)
    refused "tampered"
  end)

  it("refuses another version outside the seal than inside", function()
    running:command("hset", name, "v", "a.9")
    refused "tampered"
  end)

  it("refuses the record of another user", function()
    local other = ("cd"):rep(32)
    assert(storage:put(other, contract.record("a.1", { username = "mallory" }), nil))
    running:command("hset", name, "d", running:command("hget", name:gsub(KEY, other), "d"))
    refused "tampered"
  end)

  it("refuses an old copy", function()
    local old = running:command("hget", name, "d")
    assert(storage:put(KEY, contract.record("a.2"), "a.1"))
    running:command("hset", name, "d", old, "v", "a.1")
    refused "rolled_back"
  end)

  it("takes an answer that another write overtook for what it is", function()
    local overtake
    -- between the answer and the look at it, as another coroutine of the process would
    local reader = redis.new { connect = with_resp, key = ("k"):rep(32), prefix = "overtaken:",
      release = function(client)
        client:close()
        local run = overtake
        overtake = nil
        if run then run() end
      end }
    assert(reader:put(KEY, contract.record("a.1"), nil))
    overtake = function() assert(reader:put(KEY, contract.record("a.2"), "a.1")) end
    assert.equal("a.1", assert(reader:get(KEY)).version)
    assert.equal("a.2", assert(reader:get(KEY)).version)
    local old = contract.record("a.1")
    running:command("del", "overtaken:{" .. KEY .. "}")
    assert(redis.new { connect = with_resp, key = ("k"):rep(32), prefix = "overtaken:" }:put(KEY, old, nil))
    fails("rolled_back", reader:get(KEY))
  end)

  it("leaves a record that another key sealed, or a newer version wrote", function()
    local data = running:command("hget", name, "d")
    local other = redis.new { connect = with_resp, key = ("x"):rep(32), prefix = name:match "^(.*){" }
    fails("key", other:get(KEY))
    assert.equal(data, (running:command("hget", name, "d")))
    local newer = data:gsub("^lua%-cognito sealed 1", "lua-cognito sealed 2")
    running:command("hset", name, "d", newer)
    fails("newer", storage:get(KEY))
    assert.equal(newer, (running:command("hget", name, "d")))
  end)
end)
