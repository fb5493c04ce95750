-- The table of operations against the service's model.
local ops = require "cognito.protocol.ops"
local data = require "spec.support.data"

describe("the operations", function()
  local api, reason = data.load("cognito-idp-api.json")
  if not api then
    it("agree with the service's model", function() pending(reason) end)
    return
  end

  local function members(name)
    local op = api.operations[name]
    return api.shapes[op.input].members, op.output ~= require("cjson").null and api.shapes[op.output].members
  end

  it("are exactly those without AWS credentials", function()
    local count = 0
    for name, op in pairs(api.operations) do
      assert.are.equal(op.auth == "none", ops.by_name[name] ~= nil, name)
      if op.auth == "none" then count = count + 1 end
    end
    assert.are.equal(32, count)
    assert.are.equal(32, #ops.list)
  end)

  it("place the client id, the secret and the access token where the model has them", function()
    for _, op in ipairs(ops.list) do
      local input = members(op.name)
      assert.are.equal(input.ClientId ~= nil, op.client == true, op.name)
      assert.are.equal(input.AccessToken ~= nil, op.auth ~= nil, op.name)
      assert.are.equal(input.SecretHash ~= nil, op.secret == "hash", op.name)
      assert.are.equal(input.ClientSecret ~= nil, op.secret == "raw", op.name)
      assert.are.equal(input.AuthParameters ~= nil, op.secret == "auth", op.name)
      assert.are.equal(input.ChallengeResponses ~= nil, op.secret == "challenge", op.name)
    end
  end)

  it("know every list that a request can hold", function()
    for _, op in ipairs(ops.list) do
      for name, member in pairs((members(op.name))) do
        local is_list = api.shapes[member.shape].type == "list"
        assert.are.equal(is_list, op.lists ~= nil and op.lists[name] == true, op.name .. "." .. name)
      end
    end
  end)

  it("know which answers hand out tokens, and which may be empty", function()
    for _, op in ipairs(ops.list) do
      local _, output = members(op.name)
      assert.are.equal(output and output.AuthenticationResult ~= nil or false, op.minting == true, op.name)
      for name in pairs(op.result or {}) do assert.is_truthy(output[name], op.name .. "." .. name) end
      for name, member in pairs(output or {}) do
        if member.required and api.shapes[member.shape].type ~= "boolean" then
          assert.is_truthy(op.result and op.result[name], op.name .. "." .. name)
        end
      end
      if not output or next(output) == nil then assert.is_true(op.empty, op.name) end
      if op.result then assert.is_nil(op.empty, op.name) end
    end
  end)

  it("call every member sensitive that the model does", function()
    for _, op in ipairs(ops.list) do
      for name, member in pairs((members(op.name))) do
        if api.shapes[member.shape].sensitive then
          assert.is_true(ops.sensitive[name], op.name .. "." .. name)
        end
      end
    end
  end)
end)
