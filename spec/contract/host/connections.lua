--- The contract of a host: kept connections that turn bad.
local tools = require "spec.contract.host.tools"

local equal, call, counts, fails = tools.equal, tools.call, tools.counts, tools.fails
local examples, example = tools.list()

for _, port in ipairs { "plain", "tls" } do
  for _, fault in ipairs { "stale_lost", "stale_closed" } do
    example(("posts once when a kept connection dies: %s, %s"):format(fault, port), function(t)
      local tag = fault .. port
      assert(call(t, fault, nil, tag, port))
      fails("network", true, call(t, "ok", nil, tag, port))
      equal(2, counts(t, tag).whole, "whole requests, the first included")
    end)
  end

  example("may repeat what mints nothing: " .. port, function(t)
    local tag = "repeat" .. port
    assert(call(t, "stale_lost", nil, tag, port))
    equal(200, assert(call(t, "ok", { minting = false }, tag, port)).status)
  end)

  example("notices that a kept connection has ended: " .. port, function(t)
    local tag = "bye" .. port
    for _ = 1, 3 do
      assert(call(t, "bye", nil, tag, port))
      t.host.sleep(0.05)
    end
    equal(3, counts(t, tag).whole)
  end)

  example("gives nobody an answer that nobody asked for: " .. port, function(t)
    local tag = "stray" .. port
    assert(call(t, "stray", nil, tag, port))
    t.host.sleep(0.3)
    equal('{"answer":"sound"}', assert(call(t, "ok", nil, tag, port)).body)
    call(t, "longer", nil, tag, port)
    equal('{"answer":"sound"}', assert(call(t, "ok", nil, tag, port)).body)
  end)
end

return examples
