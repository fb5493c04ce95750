-- Key sets in real nginx workers: fetched once for all of them, renewed in the background, kept while the source is
-- down. The clock of the workers is put forward by the spec; everything else is real.
local cognito_tokens = require "spec.support.tokens"
local nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local WORKERS = 4

local SOURCE = { http = "lua_shared_dict source 1m; lua_shared_dict shift 64k;", server = [[
    location /pool/.well-known/jwks.json { content_by_lua_block { require("spec.support.ngx.keys_app").source() } }
    location /value { content_by_lua_block { require("spec.support.ngx.keys_app").value(ngx.shared.source) } }
]] }

local HTTP = [[
    lua_shared_dict keys 1m;
    lua_shared_dict shift 64k;
    init_by_lua_block {
        local app = require "spec.support.ngx.keys_app"
        app.init { issuer = %q, client_id = %q }
        %s
    }
    %s
]]

-- With reuseport the kernel spreads connections over all workers, also over one that is busy.
local SERVER = [[
    listen 127.0.0.1:%d reuseport;
    location /judge { content_by_lua_block { require("spec.support.ngx.keys_app").judge() } }
    location /value { content_by_lua_block { require("spec.support.ngx.keys_app").value(ngx.shared.shift) } }
]]

describe("key sets in nginx workers", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local first, second, third = cognito_tokens.key "k1", cognito_tokens.key "k2", cognito_tokens.key "k3"
  local source, server, port, issuer

  setup(function() source = nginx.start(SOURCE) end)

  teardown(function()
    if source then source:stop() end
    tmp.cleanup()
  end)

  local function set(name, value) assert(source:request("/value?name=" .. name, { body = tostring(value) })) end
  local function count() return tonumber((select(2, source:request "/value?name=count"))) end

  local function pass(seconds)
    local _, had = server:request "/value?name=seconds"
    server:request("/value?name=seconds", { body = tostring(tonumber(had) + seconds) })
  end

  -- `more` goes into the http block, `init` into init_by_lua*.
  local function start(more, init)
    port, issuer = ports.free(), source.url .. "/pool"
    server = nginx.start { workers = WORKERS, level = "warn", server = SERVER:format(port),
      http = HTTP:format(issuer, cognito_tokens.client_id, init or "", more or "") }
  end

  before_each(function()
    set("jwks", cognito_tokens.jwks(first))
    set("delay", 0)
    set("status", 200)
    set("count", 0)
  end)

  after_each(function()
    if server then server:stop() end
    server = nil
  end)

  local function token(key, header)
    return cognito_tokens.make(key, cognito_tokens.claims { iss = issuer, exp = os.time() + 100000 }, header)
  end

  local function judge(text, requests)
    local _, out = proc.run { timeout = 60, argv = { "curl", "-s", "-Z", "--parallel-immediate", "--parallel-max", "64",
      "-H", "Connection: close", "-H", "Authorization: Bearer " .. text,
      ("http://127.0.0.1:%d/judge?i=[1-%d]"):format(port, requests or 40) } }
    local seen = { verdicts = {}, workers = {}, slowest = 0, all = 0 }
    for pid, verdict, seconds in out:gmatch "(%d+) (%S+) (%S+)" do
      seen.workers[pid] = verdict
      seen.verdicts[verdict] = (seen.verdicts[verdict] or 0) + 1
      seen.slowest, seen.all = math.max(seen.slowest, tonumber(seconds)), seen.all + 1
    end
    return seen
  end

  -- Asks until every worker has answered: they and their verdicts.
  local function everywhere(text)
    local workers, number, slowest = {}, 0, 0
    for _ = 1, 20 do
      local seen = judge(text)
      slowest = math.max(slowest, seen.slowest)
      for pid, verdict in pairs(seen.workers) do
        if not workers[pid] then number = number + 1 end
        workers[pid] = verdict
      end
      if number == WORKERS then return workers, slowest end
    end
    error(("only %d workers answered"):format(number))
  end

  local function all_say(verdict, text)
    for pid, said in pairs((everywhere(text))) do assert.equal(verdict, said, "worker " .. pid) end
  end

  it("are fetched once, however many workers need them at the same time", function()
    start()
    set("delay", 0.5)
    local good = token(first)
    local seen = judge(good, 60)
    local number = 0
    for _ in pairs(seen.workers) do number = number + 1 end
    assert.same({ valid = 60 }, seen.verdicts)
    assert.is_true(number >= 2, number .. " workers")
    assert.is_true(seen.slowest < 2, seen.slowest .. " s")
    all_say("valid", good)
    assert.equal(1, count())
  end)

  it("are fetched in a timer of init_worker, before any token comes", function()
    start 'init_worker_by_lua_block { require("spec.support.ngx.keys_app").ahead() }'
    assert.is_true(nginx.wait_until(30, function() return count() == 1 or nil end))
    set("status", 500)
    all_say("valid", token(first))
    assert.equal(1, count())
  end)

  it("can be given before the workers start, and nothing is fetched then", function()
    start(nil, ("app.preload %q"):format(cognito_tokens.jwks(first)))
    all_say("valid", token(first))
    assert.equal(0, count())
  end)

  it("are renewed in the background of one worker, for all, and nobody waits", function()
    start()
    all_say("valid", token(first))
    set("jwks", cognito_tokens.jwks(first, second))
    set("delay", 2)
    pass(46)
    local _, slowest = everywhere(token(first))
    assert.is_true(slowest < 1.5, slowest .. " s")
    assert.is_true(nginx.wait_until(30, function() return count() == 2 or nil end))
    assert.is_true(nginx.wait_until(30, function()
      for _, said in pairs((everywhere(token(second)))) do if said ~= "valid" then return nil end end
      return true
    end))
    all_say("valid", token(first))
    assert.equal(2, count())
  end)

  it("stay in use while the source is down, and it is asked once in a cool-down", function()
    start()
    all_say("valid", token(first))
    for _, status in ipairs { 500, 404 } do
      set("status", status)
      pass(100)
      local before = count()
      all_say("valid", token(first))
      all_say("valid", token(first))
      assert.equal(before + 1, count())
    end
    set("status", 200)
    set("jwks", cognito_tokens.jwks(second))
    pass(100)
    all_say("valid", token(second))
    all_say("kid_unknown", token(first))
    -- the verifier has no pool beside it that would load what a failure needs (see spec/support/ngx/sealed.lua)
    assert.is_nil(server:log():find("in the middle of a request", 1, true))
  end)

  it("are asked for an unknown key id once in a cool-down by all workers together", function()
    start()
    all_say("valid", token(first))
    assert.equal(1, count())
    pass(11)
    for i = 1, 4 do all_say("kid_unknown", token(third, { alg = "RS256", kid = "made up " .. i })) end
    all_say("kid_unknown", token(second))
    assert.equal(2, count())
    set("jwks", cognito_tokens.jwks(first, second))
    pass(11)
    all_say("valid", token(second))
    all_say("valid", token(first))
    assert.equal(3, count())
  end)

  it("survive a worker that is killed while it fetches", function()
    start()
    set("delay", 2)
    local waiting = proc.start { argv = { "curl", "-s", "-H", "Authorization: Bearer " .. token(first),
      ("http://127.0.0.1:%d/judge"):format(port) } }
    assert.is_true(nginx.wait_until(30, function() return count() == 1 or nil end))
    set("delay", 0)
    local _, line = proc.run { argv = { "sh", "-c", ("kill -9 %s"):format(table.concat(server:workers(), " ")) } }
    assert.equal("", line)
    waiting:wait(30)
    assert.is_true(nginx.wait_until(30, function() return #server:workers() == WORKERS or nil end))
    -- the attempt of the dead worker counts, so the next one may be after the cool-down
    pass(11)
    all_say("valid", token(first))
    assert.equal(2, count())
  end)
end)
