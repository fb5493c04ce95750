--- The contract of a host: cancelling, clocks, chance, and calls at the same time.
local cancel = require "cognito.cancel"
local tools = require "spec.contract.host.tools"

local LATE, equal, call, counts, fails, timed, repeated = tools.LATE, tools.equal, tools.call, tools.counts,
  tools.fails, tools.timed, tools.repeated
local examples, example, timed_example = tools.list()

example("sends nothing that is already cancelled", function(t)
  local token = cancel.new()
  token:cancel()
  local err = fails("cancelled", false, call(t, "ok", { cancel = token }, "cancelled"))
  equal(false, err.retryable)
  equal(0, counts(t, "cancelled").heads)
end)

timed_example("ends a call that is cancelled on the way", function(t)
  local token = cancel.new()
  timed(t, 0.1, function()
    t.parallel {
      function() fails("cancelled", true, call(t, "hang", { cancel = token }, "cancel")) end,
      function() t.host.sleep(0.1) token:cancel() end,
    }
  end)
  equal(nil, next(token.listeners), "listeners left behind")
end, "parallel")

-- ---- clocks and chance ----

timed_example("has clocks in float seconds", function(t)
  assert(math.abs(t.host.now() - os.time()) < 2)
  local before = t.host.monotime()
  t.host.sleep(0.05)
  local took = t.host.monotime() - before
  assert(took >= 0.049 and took < 0.05 + LATE, "slept " .. took)
end)

example("draws random bytes", function(t)
  equal(32, #t.host.random(32))
  assert(t.host.random(16) ~= t.host.random(16))
end)

-- ---- at the same time ----

timed_example("carries 20 calls at a time", function(t)
  timed(t, 1.5, function()
    t.parallel(repeated(20, function(i)
      return function()
        assert(call(t, "delay?ms=300", { pool = "crowd" }, "crowd"))
        equal("body " .. i, assert(call(t, "echo", { body = "body " .. i, pool = "crowd" }, "crowd")).body)
      end
    end))
  end)
  equal(40, counts(t, "crowd").whole)
end, "parallel")

timed_example("lets no slow server hold up another call", function(t)
  local slowest = 0
  t.parallel {
    function() fails("timeout", true, call(t, "hang", { deadline = t.host.monotime() + 1, pool = "hold" }, "hold")) end,
    function()
      for _ = 1, 20 do
        local _, _, took = timed(t, 0.2, function() return assert(call(t, "ok", { pool = "hold" }, "hold")) end)
        slowest = math.max(slowest, took)
      end
    end,
  }
  assert(slowest < 0.2, "an unrelated call took " .. slowest)
end, "parallel")

return examples
