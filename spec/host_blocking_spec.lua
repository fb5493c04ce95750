-- The blocking host beyond the contract of all hosts: re-entry, forks.
describe("host.blocking", function()
  local host = require("cognito.host.blocking").new()

  it("has the six verbs", function()
    for _, verb in ipairs { "send", "now", "monotime", "random", "sleep", "once" } do
      assert.equal("function", type(host[verb]), verb)
    end
  end)

  it("runs a task and hands on what it returns", function()
    assert.same({ 1, 2 }, { host.once("k", function() return 1, 2 end, math.huge) })
  end)

  it("refuses a task that is already under way, and is free again afterwards", function()
    local inner, err
    host.once("k", function() inner, err = host.once("k", function() return "twice" end, math.huge) end, math.huge)
    assert.is_nil(inner)
    assert.equal("reentered", err.code)
    assert.equal("config", err.kind)
    assert.equal("free", host.once("k", function() return "free" end, math.huge))
  end)

  it("lets a task be begun again whose coroutine died", function()
    local co = coroutine.create(function() host.once("dead", function() coroutine.yield() end, math.huge) end)
    coroutine.resume(co)
    local _, err = host.once("dead", function() return true end, math.huge)
    if err then
      -- the coroutine can still be resumed, so its task counts
      assert.equal("reentered", err.code)
      coroutine.resume(co)
    end
    assert.is_true(host.once("dead", function() return true end, math.huge))
  end)

  it("turns a raised error into nil, err and frees the key", function()
    local value, err = host.once("k", function() error("broken", 0) end, math.huge)
    assert.is_nil(value)
    assert.equal("task", err.code)
    assert.equal("again", host.once("k", function() return "again" end, math.huge))
  end)

  it("sends nothing when the call is already cancelled", function()
    local token = require("cognito.cancel").new()
    token:cancel()
    local response, err = host.send { method = "GET", url = "https://127.0.0.1:1/", headers = {},
      deadline = host.monotime() + 5, cancel = token }
    assert.is_nil(response)
    assert.equal("cancelled", err.kind)
    assert.is_false(err.maybe_processed)
  end)

  it("refuses http to another machine without a packet", function()
    local response, err = host.send { method = "GET", url = "http://192.0.2.1/", headers = {},
      deadline = host.monotime() + 5 }
    assert.is_nil(response)
    assert.equal("config", err.kind)
    assert.is_false(err.maybe_processed)
  end)
end)
