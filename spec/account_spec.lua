-- The life of an account against the emulator, in the blocking host and in the loop. nginx runs the same in
-- spec/system.
local cognito = require "cognito"
local contract = require "spec.contract.account_contract"
local emulator = require "spec.support.emulator"

local CONFIG = {
  mfa = "OPTIONAL", device_tracking = "opt_in", limits = false,
  clients = { { id = "publicclient" }, { id = "secretclient", secrets = { ("s"):rep(32) } } },
}

describe("an account's life", function()
  local emu

  setup(function() emu = emulator.start { config = CONFIG } end)
  teardown(function() emu.stop() end)

  local function pool_of(more)
    local options = { user_pool_id = emu.pool_id, client_id = "publicclient", endpoint = emu.url }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(cognito.pool(options))
  end

  it("is the same in a script", function()
    assert.is_true(contract.run(pool_of(), emu.url, "script-user"))
  end)

  it("is the same with a client secret", function()
    local pool = pool_of { client_id = "secretclient", client_secret = ("s"):rep(32) }
    assert.is_true(contract.run(pool, emu.url, "secret-user"))
  end)

  it("is the same in coroutines of the loop, two at once", function()
    local failure, done = nil, 0
    local loop = require("cognito.host.loop").new { on_error = function(err) failure = failure or tostring(err) end }
    local pool = pool_of { host = loop }
    for _, name in ipairs { "loop-user-1", "loop-user-2" } do
      loop:spawn(function()
        contract.run(pool, emu.url, name)
        done = done + 1
      end)
    end
    loop:run()
    assert.is_nil(failure)
    assert.equal(2, done)
  end)
end)
