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

describe("the lists of a request", function()
  it("are lists also when they are empty, in methods and in raw calls", function()
    local pool = assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "client" })
    local body
    pool.host.send = function(request)
      body = request.body
      return { status = 200, headers = "", body = '{"UserSub":"x"}' }
    end
    local session = assert(pool:adopt { refresh_token = ("r"):rep(50), access_token = ("a"):rep(50),
      expires_at = os.time() + 3600 })
    local function writes(list, ok, err)
      assert.is_truthy(ok, tostring(err))
      assert.truthy(body:find(list, 1, true), body)
    end
    writes('"UserAttributes":[]', pool:sign_up { username = "a", attributes = {} })
    writes('"ValidationData":[]', pool:sign_up { username = "a", validation_data = {} })
    writes('"UserAttributes":[]', session:update_attributes { attributes = {} })
    writes('"MFAOptions":[]', session:set_user_settings { mfa_options = {} })
    writes('"UserAttributes":[]', pool:call("SignUp", { Username = "a", UserAttributes = {} }))
    writes('"MFAOptions":[]', session:call("SetUserSettings", { MFAOptions = {} }))
    writes('"UserAttributeNames":["a"]', session:delete_attributes { names = { "a" } })
    assert(session:update_attributes { attributes = { a = "b" } })
    assert.same({ { Name = "a", Value = "b" } }, require("cognito.json").decode(body).UserAttributes)
  end)
end)
