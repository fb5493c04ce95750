-- Every case of the shared set of hostile and sound tokens, with the verdict and the reason that it asks for.
local cjson = require("cjson").new()
local core = require "cognito.core"
local jws = require "cognito.jws"
local tokens = require "spec.support.tokens"
local verifier = require "cognito.verifier"

local data, missing = tokens.cases()

local function token_of(case)
  if case.token then return case.token end
  if case.token_b64 then return core.b64_decode(case.token_b64) end
  local parts = {}
  for i, part in ipairs(case.token_parts) do
    local text, times = part.s or part[1], part.n or part[2]
    parts[i] = text:rep(type(times) == "number" and times or 1)
  end
  return table.concat(parts)
end

local function options_of(case)
  local o = {}
  for _, from in ipairs { data.defaults, case.options or {} } do
    for name, value in pairs(from) do o[name] = value end
  end
  return o
end

local function judge(case)
  local text = cjson.encode(data.jwks[case.jwks])
  if case.level == "jws" then return jws.verify(token_of(case), text) end
  local o = options_of(case)
  return assert(verifier.new { user_pool_id = "eu-west-1_TestPool1", issuer = o.issuer, client_id = o.client_id,
    token_use = o.token_use, leeway = o.leeway, jwks = text, now = function() return o.now end }):verify(token_of(case))
end

local function reasons(case)
  local wanted = {}
  for _, list in ipairs { case.reason or {}, case.also or {} } do
    for _, reason in ipairs(type(list) == "table" and list or { list }) do wanted[reason] = true end
  end
  return wanted
end

describe("the shared token cases:", function()
  if not data then
    it("all", function() pending(missing) end)
    return
  end
  for _, case in ipairs(data.cases) do
    it(case.id .. ": " .. case.note, function()
      local value, err = judge(case)
      if case.expect == "valid" then
        assert.is_nil(value == nil and tostring(err) or nil)
      elseif case.expect == "invalid" then
        assert.is_nil(value)
        assert.equal("token", err.kind)
        if case.reason then assert.is_true(reasons(case)[err.code], "reason: " .. err.code) end
      end
    end)
  end
end)
