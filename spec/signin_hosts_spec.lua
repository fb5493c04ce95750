-- The same sign-in in a plain script and in coroutines of the loop; in nginx: spec/system/signin_nginx_spec.lua.
local emulator = require "spec.support.emulator"
local journey = require "spec.support.journey"

describe("the same sign-in", function()
  local e
  setup(function() e = emulator.start { config = journey.config } end)
  teardown(function() e.stop() end)

  it("blocks in a script", function()
    assert.equal("done", journey.walk { pool_id = e.pool_id, url = e.url })
  end)

  it("yields in the loop, one after another and beside other work", function()
    local loop = require("cognito.host.loop").new()
    local done, ticks = nil, 0
    loop:spawn(function() done = journey.walk { pool_id = e.pool_id, url = e.url, host = loop } end)
    loop:spawn(function()
      while not done do
        ticks = ticks + 1
        loop.sleep(0.0002)
      end
    end)
    loop:run()
    loop:close()
    assert.equal("done", done)
    assert.truthy(ticks > 10)
  end)
end)
