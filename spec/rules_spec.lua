-- The service's constraints, each at its edges.
local rules = require "cognito.protocol.rules"
local data = require "spec.support.data"

local function refused(kind, value)
  local ok, err = rules.check(kind, value, "the_field")
  assert.is_nil(ok, kind .. " took " .. tostring(value))
  assert.equal("invalid", err.kind)
  assert.equal("the_field", err.field)
  assert.truthy(err.message:find("the_field", 1, true))
end

describe("protocol.rules", function()
  it("refuses what no service would take, with the field and the rule", function()
    local snowmen = ("\226\152\131"):rep(128)
    assert.is_true(rules.check("Username", snowmen, "username"))
    refused("Username", snowmen .. "x")
    for _, name in ipairs { "", "a b", "a\tb", "a\0b", "\255", "\237\160\128", "\192\128", "a\194\160b", 5,
      true, {} } do
      refused("Username", name)
    end
    for _, password in ipairs { "", "with space", ("x"):rep(257), "new\nline", 12345678 } do
      refused("Password", password)
    end
    assert.is_true(rules.check("Password", "P\195\164ssw\195\182rd!", "password"))
    for _, code in ipairs { "12345", "1234567", "12a456",
      "\217\161\217\162\217\163\217\164\217\165\217\166", 123456 } do
      refused("UserCode", code)
    end
    for _, key in ipairs { "eu-west-1", "eu-west-1_ABC", "eu-west-1_", ("a"):rep(50) .. "_abcdef" } do
      refused("DeviceKey", key)
    end
    refused("ClientId", "no spaces")
    refused("Token", "new\r\nheader")
    refused("Session", "short")
    refused("DevicesLimit", 61)
    refused("DevicesLimit", 1.5)
    refused("Boolean", "true")
    refused("FeedbackValue", "valid")
  end)

  it("does not show the value that it refuses", function()
    local _, err = rules.check("Password", "CANARY secret", "password")
    assert.is_nil(tostring(err):find("CANARY", 1, true))
  end)

  it("names an unknown member and the nearest one, and the missing ones", function()
    local _, err = rules.check_input("ForgotPassword", { ClientId = "c", UserName = "u" })
    assert.equal("UserName", err.field)
    assert.truthy(err.message:find "Username")
    local _, missing = rules.check_input("ForgotPassword", { ClientId = "c" })
    assert.equal("Username", missing.field)
    assert.equal("required", missing.code)
  end)

  it("looks into lists, maps and structures", function()
    local input = { ClientId = "c", Username = "u",
      UserAttributes = { { Name = "email", Value = "a@b" }, { Value = "x" } } }
    local _, err = rules.check_input("SignUp", input)
    assert.equal("UserAttributes[2].Name", err.field)
    input = { ClientId = "c", Username = "u", ClientMetadata = { a = 1 } }
    _, err = rules.check_input("SignUp", input)
    assert.equal("ClientMetadata.a", err.field)
  end)

  it("agrees with the service's model about every member of the 32 operations", function()
    local model, why = data.load "cognito-idp-api.json"
    if not model then return pending(why) end
    local count = 0
    for name, op in pairs(model.operations) do
      if op.auth == "none" then
        count = count + 1
        local wanted = model.shapes[op.input].members
        for member, shape in pairs(wanted) do
          local kind = rules.inputs[name][member]
          assert.truthy(kind, name .. "." .. member .. " is missing")
          assert.equal(shape.required == true, kind:sub(-1) == "!", name .. "." .. member)
          local rule, modelled = rules.types[(kind:gsub("!", ""))], model.shapes[shape.shape]
          if modelled.max and rule.max then assert.equal(modelled.max, rule.max, name .. "." .. member) end
        end
        for member in pairs(rules.inputs[name]) do
        assert.truthy(wanted[member], name .. "." .. member .. " is unknown")
      end
      end
    end
    assert.equal(32, count)
  end)
end)
