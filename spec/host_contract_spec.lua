-- The blocking host and the loop under spec/contract/host_contract.lua. nginx runs the same examples in
-- spec/system.
local badserver = require "spec.support.badserver"
local contract = require "spec.contract.host_contract"
local tmp = require "spec.support.tmp"

local function blocking()
  return { host = require("cognito.host.blocking").new(), enter = function(fn) fn() end }
end

-- No pcall around what may yield: on Lua 5.1 that is not possible. Errors come by `on_error`.
local function looping()
  local left, failed = 0, nil
  local loop = require("cognito.host.loop").new { on_error = function(err, co)
    left, failed = left - 1, failed or (type(err) == "string" and debug.traceback(co, err) or err)
  end }
  local function parallel(list)
    local base = left
    left = base + #list
    for _, fn in ipairs(list) do
      loop:spawn(function()
        fn()
        left = left - 1
      end)
    end
    while left > base do loop.sleep(0.005) end
  end
  local function enter(fn)
    failed = nil
    loop:spawn(fn)
    loop:run()
    if failed then error(failed, 0) end
  end
  return { host = loop, enter = enter, parallel = parallel }
end

local function run(t, example)
  local ok, err
  for attempt = 1, contract.attempts(example) do
    t.attempt = attempt > 1 and attempt or nil
    ok, err = pcall(t.enter, function() example.run(t) end)
    if ok then return end
  end
  error(err, 0)
end

for name, make in pairs { blocking = blocking, loop = looping } do
  describe("host contract: " .. name, function()
    local t, server
    setup(function()
      server = badserver.start()
      t = make()
      t.server, t.tls = server, { ca_file = server.ca_file }
    end)
    teardown(function()
      server:stop()
      tmp.cleanup()
    end)
    for _, example in ipairs(contract.examples) do
      if example.needs ~= "parallel" or name == "loop" then
        it(example.name, function() run(t, example) end)
      end
    end
  end)
end
