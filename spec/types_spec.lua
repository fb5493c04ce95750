-- types/cognito.lua (LuaCATS) names what there is: no more, no less.
local source = require "spec.support.source"
local cognito = require "cognito"

local text = source.read "types/cognito.lua"

-- What is on the objects for other modules of the library, not for users.
local INTERNAL = {
  Pool = { "read_secrets", "short_name", "issuers" },
  Verifier = { "accept", "ask_online", "ends", "entry_of", "judge", "judge_cached", "judge_named", "recall",
    "verify_cached", "warn" },
  Session = { "device" },   -- a method of this name is what the field `device` is made of
}

local function declared(name)
  local set = {}
  for member in text:gmatch("\nfunction " .. name .. "[.:]([%w_]+)") do set[member] = true end
  return set
end

local function fields(class)
  local block = text:match("%-%-%-@class " .. class:gsub("%.", "%%.") .. "%f[^%w_][^\n]*\n(.-)\n[^%-]")
  local set = {}
  for member in ("\n" .. assert(block, class)):gmatch "\n%-%-%-@field ([%w_]+)" do set[member] = true end
  return set
end

local function functions(object, name)
  local hidden, set = {}, {}
  for _, member in ipairs(INTERNAL[name] or {}) do hidden[member] = true end
  for member, value in pairs(object) do
    local public = type(member) == "string" and not member:find "^_" and not hidden[member]
    if public and type(value) == "function" then set[member] = true end
  end
  return set
end

local function index_of(object) return getmetatable(object).__index end

local function pool()
  return assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc", domain = "https://localhost" })
end

pool() -- the methods of pools and sessions are attached with the first one

local OBJECTS = {
  cognito = function() return cognito end,
  jws = function() return cognito.jws end,
  totp = function() return cognito.totp end,
  storage = function() return cognito.storage end,
  Pool = function() return require("cognito.pool").class end,
  Session = function()
    local session = require "cognito.session"
    return session.class(pool()).__index
  end,
  Cancel = function() return index_of(cognito.cancel()) end,
  Loop = function() return index_of(require("cognito.host.loop").new()) end,
  Login = function() return index_of(assert(pool():hosted_login { redirect_uri = "http://localhost:1/" })) end,
  Verifier = function()
    return index_of(assert(cognito.verifier { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc",
      token_use = "access" }))
  end,
}

describe("the types file", function()
  for name, object in pairs(OBJECTS) do
    it("declares the functions of " .. name, function()
      assert.same(functions(object(), name), declared(name))
    end)
  end

  it("declares the options of a pool, a verifier and a sign-in", function()
    local function keys(set)
      local out = {}
      for key in pairs(set) do out[key] = true end
      return out
    end
    assert.same(keys(require("cognito.pool").schema), fields "cognito.pool_options")
    assert.same(keys(require("cognito.verifier").schema), fields "cognito.verifier_options")
  end)

  it("declares every kind of error", function()
    for kind in pairs(require("cognito.errors").kinds) do
      assert.truthy(text:find('"' .. kind .. '"', 1, true), kind)
    end
  end)
end)
