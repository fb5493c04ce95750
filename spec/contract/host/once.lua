--- The contract of a host: `once`, a task that the host owns.
local cancel = require "cognito.cancel"
local tools = require "spec.contract.host.tools"

local equal, timed, repeated = tools.equal, tools.timed, tools.repeated
local examples, example, timed_example = tools.list()

example("once: runs a task and hands on its two results", function(t)
  local a, b = t.host.once("contract:a", function() return "x", "y" end, t.host.monotime() + 5)
  equal("x", a)
  equal("y", b)
  local value, err = t.host.once("contract:a", function() return nil, "why" end, t.host.monotime() + 5)
  equal(nil, value)
  equal("why", err)
end)

example("once: an error raised in the task comes back as nil, err, and the key is free again", function(t)
  local value, err = t.host.once("contract:b", function() error("broken") end, t.host.monotime() + 5)
  equal(nil, value)
  equal("task", err.code)
  equal("well", (t.host.once("contract:b", function() return "well" end, t.host.monotime() + 5)))
end)

example("once: callers of one key share one run", function(t)
  local runs, values = 0, {}
  t.parallel(repeated(20, function(i)
    return function()
      values[i] = t.host.once("contract:c", function()
        runs = runs + 1
        t.host.sleep(0.05)
        return "run " .. runs
      end, t.host.monotime() + 5)
    end
  end))
  equal(1, runs)
  for i = 1, 20 do equal("run 1", values[i]) end
end, "parallel")

example("once: an error wakes every waiter", function(t)
  t.parallel(repeated(5, function()
    return function()
      local value, err = t.host.once("contract:d", function() t.host.sleep(0.05) error("broken") end,
        t.host.monotime() + 5)
      equal(nil, value)
      equal("task", err.code)
    end
  end))
end, "parallel")

timed_example("once: each caller has its own deadline, and the task goes on without it", function(t)
  local ended
  local function task() t.host.sleep(0.3) ended = true return "late" end
  t.parallel {
    function()
      timed(t, 0.1, function()
        local value, err = t.host.once("contract:e", task, t.host.monotime() + 0.1)
        equal(nil, value)
        equal("timeout", err.kind)
      end)
    end,
    function() equal("late", (t.host.once("contract:e", task, t.host.monotime() + 5))) end,
  }
  equal(true, ended)
end, "parallel")

example("once: a caller that cannot wait begins the task all the same", function(t)
  local ended, limit = false, t.host.monotime() + 5
  t.host.once("contract:i", function() t.host.sleep(0.02) ended = true return true end, t.host.monotime() - 1)
  while not ended and t.host.monotime() < limit do t.host.sleep(0.01) end
  equal(true, ended)
end)

timed_example("once: a caller that cancels leaves alone, and the task goes on", function(t)
  local token, ended = cancel.new(), false
  local function task() t.host.sleep(0.2) ended = true return "whole" end
  t.parallel {
    function()
      local value, err = timed(t, 0.1, function()
        return t.host.once("contract:g", task, t.host.monotime() + 5, token)
      end)
      equal(nil, value)
      equal("cancelled", err.kind)
    end,
    function() equal("whole", (t.host.once("contract:g", task, t.host.monotime() + 5))) end,
    function() t.host.sleep(0.05) token:cancel() end,
  }
  equal(true, ended)
  equal(nil, next(token.listeners), "listeners left behind")
end, "parallel")

example("once: a caller that is cancelled already begins nothing", function(t)
  local token, begun = cancel.new(), false
  token:cancel()
  local value, err = t.host.once("contract:h", function() begun = true return true end, t.host.monotime() + 5, token)
  equal(nil, value)
  equal("cancelled", err.kind)
  equal(false, begun)
end)

timed_example("once: tasks of different keys do not wait for each other", function(t)
  timed(t, 0.2, function()
    t.parallel(repeated(5, function(i)
      return function()
        t.host.once("contract:f" .. i, function() t.host.sleep(0.2) return true end, t.host.monotime() + 5)
      end
    end))
  end)
end, "parallel")

return examples
