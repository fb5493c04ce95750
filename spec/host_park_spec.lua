-- The loop that others wait for: coroutines of several cqueues controllers, and what reaches it from outside a step.
-- Every example has a bound of time: a waiter that nobody woke goes on at the deadline of its call.
local badserver = require "spec.support.badserver"
local cancel = require "cognito.cancel"
local cqueues = require "cqueues"
local loops = require "cognito.host.loop"
local socket = require "socket"
local tmp = require "spec.support.tmp"

local DEADLINE, SOON = 6, 2

describe("host.loop inside other loops", function()
  local server
  setup(function() server = badserver.start() end)
  teardown(function()
    server:stop()
    tmp.cleanup()
  end)

  local function request(loop, fault, more)
    local r = { method = "POST", url = server:url(fault, "park"), headers = {}, body = "{}", pool = "park",
      deadline = loop.monotime() + DEADLINE }
    for name, value in pairs(more or {}) do r[name] = value end
    return r
  end

  local function parked() return loops.new { park = cqueues.poll } end

  local function within(seconds, fn)
    local start = cqueues.monotime()
    fn()
    local took = cqueues.monotime() - start
    assert.is_true(took < seconds, ("took %.3f s"):format(took))
  end

  -- Runs each function in a controller of its own, all of them inside one.
  local function in_controllers(list)
    local outer = cqueues.new()
    for _, fn in ipairs(list) do
      local inner = cqueues.new()
      inner:wrap(fn)
      outer:wrap(function() assert(inner:loop()) end)
    end
    assert(outer:loop())
  end

  local function in_one(list)
    local controller = cqueues.new()
    for _, fn in ipairs(list) do controller:wrap(fn) end
    assert(controller:loop())
  end

  it("wakes waiters of several controllers, whoever does their work", function()
    for _, together in ipairs { in_controllers, in_one } do
      local loop, done = parked(), 0
      local function calls()
        for _ = 1, 5 do assert.equal(200, assert(loop.send(request(loop, "delay?ms=20"))).status) end
        done = done + 1
      end
      within(SOON, function() together { calls, calls, calls } end)
      assert.equal(3, done)
    end
  end)

  it("wakes waiters of one controller that also wait for other things", function()
    for round = 1, 30 do
      local loop, list = parked(), {}
      for i = 1, 2 + round % 7 do
        list[i] = function()
          for k = 1, 5 do
            assert(loop.send(request(loop, round % 2 == 0 and "ok" or "delay?ms=5")))
            if (k + i + round) % 3 == 0 then cqueues.sleep(0.001 * i) end
          end
        end
      end
      within(SOON, function() in_one(list) end)
    end
  end)

  it("wakes waiters of controllers that are stepped by turns", function()
    local loop, first, second = parked(), cqueues.new(), cqueues.new()
    for _, controller in ipairs { first, second } do
      controller:wrap(function()
        for _ = 1, 5 do assert(loop.send(request(loop, "ok"))) end
      end)
    end
    within(SOON, function()
      while not (first:empty() and second:empty()) do
        assert(first:step(0.01))
        assert(second:step(0.01))
      end
    end)
  end)

  it("wakes waiters of several controllers that wait for one task", function()
    local loop, runs = parked(), 0
    local function wait_for_it()
      assert.equal("done", (loop.once("key", function()
        runs = runs + 1
        return loop.send(request(loop, "delay?ms=50")) and "done"
      end, loop.monotime() + DEADLINE)))
    end
    within(SOON, function() in_controllers { wait_for_it, wait_for_it, wait_for_it } end)
    assert.equal(1, runs)
  end)

  it("does not turn for ever for a waiter whose controller rests", function()
    local loop, resting, busy = parked(), cqueues.new(), cqueues.new()
    local rested
    resting:wrap(function()
      loop.sleep(0.01)
      rested = true
    end)
    assert(resting:step(0))
    busy:wrap(function() loop.sleep(0.5) end)
    local before = os.clock()
    assert(busy:loop())
    assert.is_true(os.clock() - before < 0.25, ("%.3f s of CPU in half a second"):format(os.clock() - before))
    within(SOON, function() assert(resting:loop()) end)
    assert.is_true(rested)
  end)

  it("runs what is spawned from outside while it waits", function()
    local loop = parked()
    local function from_outside()
      cqueues.sleep(0.05)
      local start = cqueues.monotime()
      loop:spawn(function() assert.is_true(cqueues.monotime() - start < 0.5) end)
    end
    in_one { function() loop.sleep(1) end, from_outside }

    local done
    loop:spawn(function() loop.sleep(1) end)
    in_one { function() loop:run() end, from_outside,
      function() done = loop.send(request(loop, "ok")) end }
    assert.equal(200, done.status)
  end)

  it("is closed while others wait, and goes on to be of use", function()
    local loop, err = parked(), nil
    within(SOON, function()
      in_one { function() err = select(2, loop.send(request(loop, "hang"))) end, function()
        assert(loop.send(request(loop, "ok")))
        cqueues.sleep(0.05)
        loop:close()
        assert.equal(200, assert(loop.send(request(loop, "delay?ms=20"))).status)
      end }
    end)
    assert.equal("cancelled", err.kind)
    loop:close()
    loop:close()
  end)

  it("keeps the descriptor that a foreign loop waits for when it is closed", function()
    local loop, err = loops.new(), nil
    local fd = loop:pollfd()
    local view = { getfd = function() return fd end, dirty = function() return false end }
    loop:spawn(function() err = select(2, loop.send(request(loop, "hang"))) end)
    loop:step(0)
    loop:close()
    assert.equal(1, #socket.select({ view }, nil, SOON))
    assert.is_false(loop:step(0))
    assert.equal("cancelled", err.kind)
    assert.equal(fd, loop:pollfd())
    within(SOON, function()
      loop:spawn(function() assert.equal(200, assert(loop.send(request(loop, "delay?ms=50"))).status) end)
      while loop:step(0) do socket.select({ view }, nil, loop:timeout()) end
    end)
  end)

  it("wakes a foreign loop for what is spawned outside a step", function()
    local loop, ran = loops.new(), false
    local fd = loop:pollfd()
    local view = { getfd = function() return fd end, dirty = function() return false end }
    loop:spawn(function() loop.sleep(DEADLINE) end)
    loop:step(0)
    loop:spawn(function() ran = true end)
    assert.equal(1, #socket.select({ view }, nil, SOON))
    loop:step(0)
    assert.is_true(ran)
  end)

  it("ends a call in one controller that is cancelled in another", function()
    local loop, token, err = parked(), cancel.new(), nil
    within(SOON, function()
      in_controllers { function() err = select(2, loop.send(request(loop, "hang", { cancel = token }))) end, function()
        cqueues.sleep(0.05)
        token:cancel()
      end }
    end)
    assert.equal("cancelled", err.kind)
  end)
end)
