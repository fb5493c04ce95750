-- Connections that all die at random moments, over both hosts of libcurl: see spec/support/dying_load.lua.
-- CONNECTIONS=n (of each host) changes the size; `make load-store` runs it in full.
local load = require "spec.support.dying_load"
local tmp = require "spec.support.tmp"

local CONNECTIONS = tonumber(os.getenv "CONNECTIONS") or 300

describe(("%d connections that die at random moments"):format(CONNECTIONS), function()
  teardown(tmp.cleanup)

  for _, host in ipairs { "blocking", "loop" } do
    it("carry no request that the retry rule did not send: host " .. host, function()
      local stats = load.run(host, CONNECTIONS)
      print(stats.text)
      assert.is_true(stats.died >= CONNECTIONS and stats.again > CONNECTIONS / 10, stats.text)
      assert.is_true(stats.arrived > stats.sent / 2, stats.text)
    end)
  end
end)
