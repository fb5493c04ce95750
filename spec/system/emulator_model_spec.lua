-- The emulator's tables against the service's model, where that is at hand.

require("cognito.emulator.paths").extend()

local cjson = require "cjson"

local emulator = require "spec.support.emulator"
local operations = require "cognito.emulator.operations"
local shapes = require "cognito.emulator.shapes"

local function model()
  local file = io.open "../shared/data/cognito-idp-api.json"
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return cjson.decode(text)
end

local api = model()

local function sorted(list)
  table.sort(list)
  return list
end

local function names(t)
  local out = {}
  for name in pairs(t) do out[#out + 1] = name end
  return sorted(out)
end

local function plain_operations()
  local out = {}
  for name, operation in pairs(api.operations) do
    if operation.auth == "none" then out[name] = operation end
  end
  return out
end

-- Compares a shape of ours with one of the model, member by member.
local function same_shape(ours, theirs, path)
  ours = type(ours) == "string" and shapes[ours] or ours
  theirs = api.shapes[theirs]
  if ours.kind == "document" then return assert.is_true(theirs.document, path) end
  if ours.kind == "structure" then
    assert.same(names(theirs.members), names(ours.members), path)
    for name, member in pairs(theirs.members) do
      assert.equal(member.required or false, ours.members[name].required, path .. "." .. name)
      same_shape(ours.members[name].type, member.shape, path .. "." .. name)
    end
  elseif ours.kind == "list" then same_shape(ours.member, theirs.member, path .. "[]")
  else
    assert.equal(ours.kind, theirs.type, path)
    assert.equal(theirs.pattern, ours.regex, path)
    if ours.kind ~= "map" then
      assert.same({ theirs.min or 0, theirs.max }, { ours.min or 0, ours.max }, path)
    end
    if theirs.enum then assert.same(sorted(theirs.enum), names(ours.enum), path) end
  end
end

describe("the emulator's operations", function()
  if not api then
    pending "compare with the model: skipped, since ../shared/data/cognito-idp-api.json is not there"
    return
  end

  it("are the ones that need no AWS credentials, all of them", function()
    assert.equal(32, #names(operations))
    assert.same(names(plain_operations()), names(operations))
  end)

  for name, operation in pairs(plain_operations()) do
    it(name .. " takes what the model says and can fail as it says", function()
      assert.same(sorted(operation.errors), operations[name].errors)
      same_shape(operations[name].input, operation.input, name)
    end)
  end
end)

describe("every modelled error of every operation", function()
  local e

  setup(function() e = emulator.start {} end)
  teardown(function() e.stop() end)

  it("reaches the caller on demand, by its code", function()
    local count = 0
    for name, operation in pairs(operations) do
      local faults = {}
      for i, code in ipairs(operation.errors) do faults[i] = { error = code, operation = name, times = 1 } end
      e.faults(faults)
      for _, code in ipairs(operation.errors) do
        local status, body, head = e.call(name, "{}")
        assert.equal(code, body.__type)
        assert.truthy(head:find("x-amzn-ErrorType: " .. code .. ":", 1, true))
        assert.equal(code:find "^InternalError" and 500 or code == "ForbiddenException" and 403 or 400, status)
        count = count + 1
      end
    end
    assert.is_true(count > 32 * 5)
  end)
end)
