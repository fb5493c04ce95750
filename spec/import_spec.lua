-- Sessions that amazon-cognito-identity-js left in a browser's storage.
local cognito = require "cognito"
local json = require "cognito.json"
local scripted = require "spec.support.sessions"

local PREFIX = "CognitoIdentityServiceProvider.client1."

local function pool(storage)
  return assert(cognito.pool { user_pool_id = "eu-west-1_Abc", client_id = "client1",
    storage = storage or cognito.storage.memory() })
end

local function dump()
  return {
    [PREFIX .. "LastAuthUser"] = "bob.the.first",
    [PREFIX .. "bob.the.first.refreshToken"] = "r-bob",
    [PREFIX .. "bob.the.first.clockDrift"] = "-3600",
    [PREFIX .. "bob.the.first.deviceKey"] = "eu-west-1_device",
    [PREFIX .. "bob.the.first.deviceGroupKey"] = "-group",
    [PREFIX .. "bob.the.first.randomPasswordKey"] = "device password",
    [PREFIX .. "zoe.refreshToken"] = "r-zoe",
    [PREFIX .. "zoe.userData"] = "{}",
    ["CognitoIdentityServiceProvider.other.zoe.refreshToken"] = "r-other",
    ["theme"] = "dark",
  }
end

describe("an import", function()
  it("takes a table or JSON, and the client's own sessions only", function()
    for _, form in ipairs { dump(), assert(json.encode(dump())) } do
      local sessions, failures = pool():import(form)
      assert.same({}, failures)
      assert.equal(2, #sessions)
      assert.same({ "zoe", "bob.the.first" }, { sessions[1].username, sessions[2].username })
      assert.equal("r-zoe", sessions[1]:export().refresh_token)
      assert.equal("eu-west-1_device", sessions[2]:export().device_key)
    end
  end)

  it("does not take over the other library's clock", function()
    local sessions = pool():import(dump())
    assert.is_nil(sessions[2]:export().drift)
  end)

  it("gives sessions that are refreshed like any other, with the key of their device", function()
    local from_js, host = scripted.make { client_id = "client1" }
    local session = from_js:import(dump())[2]
    scripted.answer(host, { username = "bob.the.first" })
    assert(session:refresh())
    local sent = scripted.last(host).json
    assert.equal("r-bob", sent.RefreshToken)
    assert.equal("eu-west-1_device", sent.DeviceKey)
  end)

  it("keeps who was signed in last", function()
    local storage = cognito.storage.memory()
    pool(storage):import(dump())
    assert.equal("bob.the.first", assert(pool(storage):session()).username)
  end)

  it("says what could not be taken, and takes the rest", function()
    local broken = dump()
    broken[PREFIX .. "zoe.refreshToken"] = "CANARY not a token"
    broken[PREFIX .. "amy.accessToken"] = "a"
    local sessions, failures = pool():import(broken)
    assert.equal(1, #sessions)
    assert.equal(2, #failures)
    for _, err in ipairs(failures) do
      assert.equal("invalid", err.kind)
      assert.equal("refresh_token", err.field)
      assert.is_nil((tostring(err):find("CANARY", 1, true)))
    end
  end)

  it("refuses text that is not JSON, and raises for what is no dump", function()
    for _, text in ipairs { "", "{", "[", "nonsense", "7" } do
      local sessions, err = pool():import(text)
      assert.is_nil(sessions)
      assert.equal("invalid", err.kind)
    end
    assert.has_error(function() pool():import(7) end,
      "pool:import: a table of keys and values, or one as JSON, is needed")
    assert.same({}, (pool():import {}))
  end)
end)
