-- Lua functions in the place of Lambda triggers: what they may refuse and change.
local emulator = require "spec.support.emulator"
local cjson = require "cjson.safe"

describe("the emulator's triggers", function()
  local e

  setup(function()
    e = emulator.start { config = [[return { users = { alice = { password = "Correct-horse1" } }, triggers = {
      pre_authentication = function(_, metadata)
        if metadata.bug then return nil + 1 end
        return metadata.stop ~= "yes", "not now"
      end,
      pre_token = function(claims)
        if claims.token_use == "id" then claims["custom:role"], claims.event_id = "admin", nil end
      end } }]] }
  end)
  teardown(function() e.stop() end)

  local function sign_in(metadata)
    return e.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = e.client_id, ClientMetadata = metadata,
      AuthParameters = { USERNAME = "alice", PASSWORD = "Correct-horse1" } })
  end

  it("may refuse a sign-in, or fail", function()
    local _, body = sign_in { stop = "yes" }
    assert.equal("PreAuthentication failed with error not now.", body.message)
    _, body = sign_in { bug = "yes" }
    assert.equal("UserLambdaValidationException", body.__type)
    assert.truthy(body.message:find("^PreAuthentication failed with error attempt to perform arithmetic"))
  end)

  it("may change claims", function()
    local _, body = sign_in()
    local payload = body.AuthenticationResult.IdToken:match "%.([^.]+)%.":gsub("[-_]", { ["-"] = "+", ["_"] = "/" })
    local claims = cjson.decode(require "spec.support.srp_client".unbase64(payload .. ("="):rep(-#payload % 4)))
    assert.equal("admin", claims["custom:role"])
    assert.is_nil(claims.event_id)
  end)
end)
