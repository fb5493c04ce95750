-- What hosts do to the processes they live in: forks, ends in the middle of things, memory, descriptors, resolvers.
local badserver = require "spec.support.badserver"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local function has(command) return os.execute(("command -v %s >/dev/null 2>&1"):format(command)) and true or false end

local under_asan = (os.getenv "LD_PRELOAD" or ""):find("asan", 1, true)

describe("a host and its process", function()
  local server, base
  setup(function()
    server = badserver.start()
    base = ("http://localhost:%d/"):format(server.ports.plain)
  end)
  teardown(function()
    server:stop()
    tmp.cleanup()
  end)

  local function counts(tag)
    local host = require("cognito.host.blocking").new()
    local response = assert(host.send { method = "GET", url = server:control(tag), headers = {},
      deadline = host.monotime() + 5 })
    local seen = {}
    for name, value in response.body:gmatch("(%w+)=(%d+)") do seen[name] = tonumber(value) end
    return seen
  end

  local function run(argv, seconds)
    local code, out, err = proc.run { argv = argv, timeout = seconds or 60 }
    assert.equal("0", tostring(code), out .. err)
    return out, err
  end

  -- ---- forks ----

  it("blocking: a forked child speaks on connections of its own, and the parent's go on", function()
    local out = run { "luajit", "spec/support/bad/fork.lua", "blocking", base }
    for _, line in ipairs { "parent before: 200", "child after: 200", "parent after: 200", "parent at the end: 200",
      "child status 0" } do
      assert.truthy(out:find(line, 1, true), line .. " is missing in\n" .. out)
    end
    assert.equal(1, counts("fork_parent").connections)
    assert.equal(3, counts("fork_parent").whole)
    assert.equal(1, counts("fork_child").connections)
  end)

  it("loop: a fork in mid-transfer harms neither side", function()
    local out = run { "luajit", "spec/support/bad/fork.lua", "loop", base }
    for _, line in ipairs { "parent under way: 200", "parent after: 200", "child under way: network",
      "child after: 200", "child status 0" } do
      assert.truthy(out:find(line, 1, true), line .. " is missing in\n" .. out)
    end
  end)

  -- ---- descriptors ----

  for _, host in ipairs { "blocking", "loop" } do
    it(host .. ": says what fails also where no descriptor is left to read a module with", function()
      for _, interpreter in ipairs { "lua5.4", "lua5.1", "luajit" } do
        local out = run { "sh", "-c", 'ulimit -n 60; exec "$0" spec/support/bad/starved.lua "$@"', interpreter, host,
          tmp.dir() .. "/store" }
        assert.equal("kind store\nkind store code EMFILE\n", out)
      end
    end)
  end

  -- ---- ends ----

  for _, how in ipairs { "close", "exit", "gc", "step" } do
    it("survives being dropped in mid-transfer: " .. how, function()
      for _, interpreter in ipairs { "lua5.4", "luajit", "lua5.1" } do
        assert.equal("done\n", run { interpreter, "spec/support/bad/drop.lua", how, base })
      end
    end)

    it("leaves no memory error and no leak when dropped in mid-transfer: " .. how, function()
      if not has "valgrind" then return pending("needs valgrind") end
      if under_asan then return pending("valgrind and ASan exclude each other") end
      local _, err = run({ "valgrind", "-q", "--error-exitcode=9", "--leak-check=full",
        "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite", "--suppressions=tools/valgrind.supp",
        "lua5.4",
        "spec/support/bad/drop.lua", how, base }, 200)
      assert.equal("", err)
    end)
  end

  -- ---- a name server that says nothing ----

  describe("with a name server that never answers", function()
    local namespace = "unshare -mn sh -c 'ip link set lo up && mount --bind %s /etc/resolv.conf && exec %s'"
    local function inside(command)
      local conf = tmp.write(tmp.dir() .. "/resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:1\n")
      return { "sh", "-c", namespace:format(conf, command) }
    end
    local possible = has "unshare" and has "ip" and proc.run { argv = inside "true", timeout = 10 } == 0

    for _, how in ipairs { "blocking", "loop" } do
      it("keeps its deadline: " .. how, function()
        if not possible then return pending("needs the right to make a network namespace (unshare -mn)") end
        local out = run(inside("lua5.4 spec/support/bad/resolver.lua " .. how))
        local kind, maybe, took, process, ticks = out:match("(%S+) (%S+) took ([%d.]+) process ([%d.]+) ticks (%d+)")
        assert.equal("timeout", kind, out)
        assert.equal("false", maybe)
        -- the deadline is 2 s away, and libcurl's resolver gives up after 5
        assert.is_true(tonumber(took) < 4, out)
        assert.is_true(tonumber(process) < 4.8, "the end of the process waited for the resolver: " .. out)
        if how == "loop" then assert.is_true(tonumber(ticks) >= 5, "others were held up: " .. out) end
      end)
    end
  end)

  -- ---- much ----

  local function flat(name, test)
    it(name, function()
      if under_asan then return pending("ASan keeps freed memory back") end
      test()
    end)
  end

  flat("carries 10,000 transfers in flat memory and with few descriptors", function()
    for _, how in ipairs { "blocking", "loop" } do
      local out = run({ "lua5.4", "spec/support/bad/many.lua", how, base, "10000" }, 120)
      local grown, descriptors = out:match("grown (%-?%d+) KiB descriptors (%d+)")
      assert.is_true(tonumber(grown) < 512, how .. ": " .. out)
      assert.is_true(tonumber(descriptors) <= 2, how .. ": " .. out)
    end
  end)

  flat("grows by little while answers of any size are refused", function()
    local out = run({ "lua5.4", "spec/support/bad/many.lua", "refuse", base, "200" }, 120)
    local grown = tonumber(out:match("grown (%-?%d+) KiB"))
    assert.is_true(grown < 2048, out)
  end)
end)
