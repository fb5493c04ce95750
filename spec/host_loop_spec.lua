-- The loop beyond the contract of all hosts: coroutines, steps, descriptors, errors, forks.
local badserver = require "spec.support.badserver"
local cancel = require "cognito.cancel"
local loops = require "cognito.host.loop"
local socket = require "socket"
local timers = require "cognito.host.timers"
local tmp = require "spec.support.tmp"

local close = rawget(coroutine, "close")   -- Lua 5.4

describe("host.timers", function()
  it("gives timers back in order, whatever was taken out in between", function()
    math.randomseed(7)
    for _ = 1, 200 do
      local heap, left = timers.new(), {}
      for i = 1, math.random(60) do left[i] = heap:add(math.random(), i) end
      for i = #left, 1, -1 do
        if math.random() < 0.5 then heap:remove(table.remove(left, i)) end
      end
      table.sort(left, function(a, b) return a.time < b.time end)
      for _, timer in ipairs(left) do assert.equal(timer, heap:pop(2)) end
      assert.is_nil(heap:pop(2))
      assert.is_nil(heap:next())
      assert.equal(0, heap.size)
    end
  end)

  it("keeps little of timers that were taken out", function()
    local heap, waiting = timers.new(), {}
    for i = 1, 10000 do
      waiting[#waiting + 1] = heap:add(i, i)
      if i > 50 then heap:remove(table.remove(waiting, 1 + i % 50)) end
    end
    assert.is_true(heap.size <= 200, heap.size .. " entries for 50 timers")
    for _, timer in ipairs(waiting) do assert.equal(timer, heap:pop(20000)) end
  end)

  it("fires nothing before its time and ignores what was taken out", function()
    local heap = timers.new()
    local timer = heap:add(5, "waiter")
    assert.is_nil(heap:pop(4.9))
    heap:remove(timer)
    heap:remove(timer)
    assert.is_nil(heap:pop(6))
  end)
end)

describe("host.loop", function()
  local server
  setup(function() server = badserver.start() end)
  teardown(function()
    server:stop()
    tmp.cleanup()
  end)

  local function request(loop, fault, more)
    local r = { method = "POST", url = fault and server:url(fault, "loop"), headers = {}, body = "{}", pool = "loop",
      deadline = loop.monotime() + 5 }
    for name, value in pairs(more or {}) do r[name] = value end
    return r
  end

  it("has the six verbs", function()
    local loop = loops.new()
    for _, verb in ipairs { "send", "now", "monotime", "random", "sleep", "once" } do
      assert.equal("function", type(loop[verb]), verb)
    end
  end)

  it("raises outside its coroutines and names the cure", function()
    local loop = loops.new()
    for _, call in ipairs {
      function() loop.sleep(0) end,
      function() loop.send(request(loop, "ok")) end,
      function() loop.once("k", function() end, math.huge) end,
    } do
      local ok, err = pcall(call)
      assert.is_false(ok)
      assert.truthy(err:find("loop:spawn", 1, true))
    end
    local foreign = coroutine.wrap(function() return pcall(loop.random, 4), pcall(loop.sleep, 0) end)
    local random, slept = foreign()
    assert.is_true(random)
    assert.is_false(slept)
  end)

  it("passes arguments, nil among them", function()
    local loop, seen = loops.new(), nil
    loop:spawn(function(...) seen = { n = select("#", ...), ... } end, 1, nil, 3, nil)
    loop:run()
    assert.same({ n = 4, 1, nil, 3, nil }, seen)
  end)

  it("lets a coroutine that yields by itself go on after the others", function()
    local loop, order = loops.new(), {}
    loop:spawn(function()
      order[#order + 1] = "a1"
      coroutine.yield()
      order[#order + 1] = "a2"
    end)
    loop:spawn(function() order[#order + 1] = "b" end)
    loop:run()
    assert.equal("a1 b a2", table.concat(order, " "))
  end)

  it("raises from run what a coroutine did not catch, with its traceback", function()
    local loop = loops.new()
    loop:spawn(function() error("a mistake of mine") end)
    local ok, err = pcall(loop.run, loop)
    assert.is_false(ok)
    assert.truthy(err:find("a mistake of mine", 1, true))
    assert.truthy(err:find("host_loop_spec", 1, true))
    loop:spawn(function() loop.sleep(0) end)
    loop:run()
  end)

  it("gives such errors to on_error instead, and the others go on", function()
    local seen, ran = nil, false
    local loop = loops.new { on_error = function(err, co) seen = { err, type(co) } end }
    loop:spawn(function() error({ "any value" }) end)
    loop:spawn(function() loop.sleep(0.01) ran = true end)
    loop:run()
    assert.same({ { "any value" }, "thread" }, seen)
    assert.is_true(ran)
  end)

  it("refuses a step inside a step, and unknown options", function()
    local loop, ok, err = loops.new(), nil, nil
    loop:spawn(function() ok, err = pcall(loop.step, loop, 0) end)
    loop:run()
    assert.is_false(ok)
    assert.truthy(err:find("inside a step", 1, true))
    assert.has_error(function() loops.new { parc = print } end)
  end)

  it("returns from step at once when there is nothing to do", function()
    local loop = loops.new()
    local before = loop.monotime()
    assert.is_false(loop:step(5))
    assert.is_nil(loop:timeout())
    loop:run()
    assert.is_true(loop.monotime() - before < 0.5)
  end)

  it("never waits in step(0): a frame loop", function()
    local loop, done, frames, longest = loops.new(), false, 0, 0
    loop:spawn(function() assert(loop.send(request(loop, "ok"))) end) -- the first call loads and sets up
    loop:run()
    loop:spawn(function()
      assert(loop.send(request(loop, "delay?ms=1000")))
      done = true
    end)
    while not done do
      local before = loop.monotime()
      loop:step(0)
      longest = math.max(longest, loop.monotime() - before)
      frames = frames + 1
      require("cognito.posix").sleep(0.005)
    end
    assert.is_true(frames > 10, frames .. " frames")
    assert.is_true(longest < 0.8, "a step took " .. longest)
  end)

  it("says by descriptor and timeout when it wants to be called", function()
    local loop = loops.new()
    assert.equal("number", type(loop:pollfd()))
    assert.equal("r", loop:events())
    loop:spawn(function() loop.sleep(20) end)
    assert.equal(0, loop:timeout())
    loop:step(0)
    local timeout = loop:timeout()
    assert.is_true(timeout > 10 and timeout <= 20, tostring(timeout))
  end)

  -- The loop's descriptor as luasocket's select takes it.
  local function foreign_view(loop)
    local fd = loop:pollfd()
    return { getfd = function() return fd end, dirty = function() return false end }
  end

  it("wakes a foreign loop by its descriptor whenever there is something to do", function()
    for _, port in ipairs { "plain", "tls" } do
      local loop, done = loops.new(), 0
      local more = { url = server:url("delay?ms=100", "loop", port), tls = { ca_file = server.ca_file } }
      local function twice()
        for _ = 1, 2 do assert.equal(200, assert(loop.send(request(loop, nil, more))).status) end
        done = done + 1
      end
      for _ = 1, 3 do loop:spawn(twice) end
      local descriptor, start = foreign_view(loop), loop.monotime()
      while loop:step(0) do socket.select({ descriptor }, nil, loop:timeout()) end
      assert.equal(3, done)
      -- far less than the deadline of a call, at which a loop would be called that nobody woke
      assert.is_true(loop.monotime() - start < 2, port .. ": " .. loop.monotime() - start)
    end
  end)

  it("wakes a foreign loop when a call is cancelled", function()
    local loop, token, err = loops.new(), cancel.new(), nil
    local descriptor = foreign_view(loop)
    loop:spawn(function() err = select(2, loop.send(request(loop, "hang", { cancel = token }))) end)
    loop:step(0)
    token:cancel()
    assert.equal(1, #socket.select({ descriptor }, nil, 2))
    assert.is_false(loop:step(0))
    assert.equal("cancelled", err.kind)
  end)

  it("takes what came in time, however late it is turned again", function()
    local loop, came = loops.new(), 0
    local function call(port, deadline)
      local url, tls = server:url("delay?ms=400", "loop", port), { ca_file = server.ca_file }
      return loop.send(request(loop, nil, { url = url, tls = tls, deadline = deadline }))
    end
    local deadline = loop.monotime() + 1
    for i = 1, 70 do -- more than one look takes in
      loop:spawn(function()
        if call(i > 65 and "tls" or "plain", deadline) then came = came + 1 end
      end)
    end
    repeat loop:step(0.005) until loop.monotime() > deadline - 0.7
    socket.select(nil, nil, 1) -- a program that was busy, or a machine that slept
    assert.is_false(loop:step(0))
    assert.equal(70, came)
  end)

  it("is not disturbed by a coroutine that its owner closed or forgot", function()
    local loop, others = loops.new(), 0
    local victim = loop:spawn(function() loop.send(request(loop, "delay?ms=100")) end)
    for _ = 1, 3 do
      loop:spawn(function()
        assert(loop.send(request(loop, "delay?ms=150")))
        others = others + 1
      end)
    end
    loop:step(0)
    if close then close(victim) end
    loop:run()
    assert.equal(3, others)
  end)

  it("finishes a shared task though the caller that began it was closed", function()
    local loop, got = loops.new(), nil
    local function task() return assert(loop.send(request(loop, "delay?ms=100"))).status end
    local first = loop:spawn(function() loop.once("k", task, math.huge) end)
    loop:spawn(function() got = loop.once("k", task, math.huge) end)
    loop:step(0)
    if close then close(first) end
    loop:run()
    assert.equal(200, got)
  end)

  it("ends what is under way when it is closed", function()
    local loop, err = loops.new(), nil
    loop:spawn(function() err = select(2, loop.send(request(loop, "hang"))) end)
    loop:step(0)
    loop:close()
    loop:run()
    assert.equal("cancelled", err.kind)
  end)

  it("keeps nothing of what was cancelled, late or done", function()
    local loop = loops.new()
    for i = 1, 50 do
      loop:spawn(function()
        local token = i % 3 == 0 and cancel.new() or nil
        if token then loop:spawn(function() token:cancel() end) end
        loop.send(request(loop, i % 2 == 0 and "ok" or "hang", { deadline = loop.monotime() + 0.2, cancel = token }))
        loop.once("key" .. i % 5, function() loop.sleep(0.01) return true end, loop.monotime() + 1, token)
      end)
    end
    loop:run()
    assert.is_nil(loop.scheduler.timers:next())
    assert.equal(0, loop.scheduler.timers.size)
    assert.equal(0, loop.scheduler.alive)
    assert.is_nil(next(loop.waiting))
    assert.is_nil(next(loop.tasks))
    for _, worker in pairs(loop.scheduler.workers) do assert.is_nil(worker.task) end
    assert.equal(0, loop.transfers.crowd:running())
  end)

  it("works with the collector at its most eager", function()
    local loop, done = loops.new(), 0
    collectgarbage("setpause", 0)
    collectgarbage("setstepmul", 10000)
    for i = 1, 30 do
      loop:spawn(function()
        for _ = 1, 5 do
          local r = assert(loop.send(request(loop, "echo", { body = ("b%d"):format(i) })))
          assert.equal(("b%d"):format(i), r.body)
          collectgarbage()
        end
        done = done + 1
      end)
    end
    loop:run()
    collectgarbage("setpause", 200)
    collectgarbage("setstepmul", 200)
    assert.equal(30, done)
  end)
end)
