-- The types (LuaCATS) name what there is, functions and options: no more, no less.
local source = require "spec.support.source"
local cognito = require "cognito"

local FILES = { "types/cognito.lua", "types/account.lua", "types/verifier.lua", "types/cognito/host/loop.lua",
  "types/resty/cognito.lua" }

local text = ""
for _, path in ipairs(FILES) do text = text .. source.read(path) .. "\n" end

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

-- Name -> whether it may be missing; those of the parent class too.
local function fields(class)
  local name = class:gsub("%p", "%%%0")
  local parent = text:match("%-%-%-@class " .. name .. ":%s*([%w_.]+)")
  local block = text:match("%-%-%-@class " .. name .. "%f[^%w_.][^\n]*\n(.-)\n[^%-]")
  local set = parent and fields(parent) or {}
  for member, mark in ("\n" .. assert(block, class)):gmatch "\n%-%-%-@field ([%w_]+)(%??)" do
    set[member] = mark == "?"
  end
  return set
end

-- The names in a schema of options, which is a local of its module: `local NAME = { option = "type", ... }`.
local function schema(path, name)
  local block, set = source.read(path):match("\n[%w_%. ]-" .. name .. " = (%b{})"), {}
  for option in assert(block, name):gmatch '([%w_]+) = "' do set[option] = true end
  return set
end

local function keys(set)
  local out = {}
  for key in pairs(set) do out[key] = true end
  return out
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
  Source = function()
    local machine = assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc",
      client_secret = ("s"):rep(24), domain = "https://localhost" })
    return index_of(assert(machine:client_credentials()))
  end,
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

  it("declares the functions of a step and of a guard", function()
    for class, path in pairs { Step = "lua/cognito/signin.lua", Guard = "lua/cognito/ngx/guard.lua" } do
      local set = {}
      for name in source.read(path):gmatch("\nfunction " .. class .. ":(%l[%w_]*)") do set[name] = true end
      assert.is_true(next(set) ~= nil)
      assert.same(set, declared(class))
    end
  end)

  local SCHEMAS = {
    ["cognito.pool_options"] = { "lua/cognito/pool.lua", "schema" },
    ["cognito.verifier_options"] = { "lua/cognito/verifier.lua", "schema" },
    ["cognito.sign_in_options"] = { "lua/cognito/signin.lua", "schema" },
    ["cognito.user_context"] = { "lua/cognito/signin.lua", "context_schema" },
    ["cognito.adopt_options"] = { "lua/cognito/facade.lua", "adopt_schema" },
    ["cognito.sign_out_options"] = { "lua/cognito/signout.lua", "schema" },
    ["cognito.forget_device_options"] = { "lua/cognito/user/device.lua", "FORGET" },
    ["cognito.hosted_login_options"] = { "lua/cognito/hosted.lua", "SCHEMA" },
    ["cognito.authorize_options"] = { "lua/cognito/hosted.lua", "URL_SCHEMA" },
    ["cognito.browser_login_options"] = { "lua/cognito/host/desk.lua", "SCHEMA" },
    ["cognito.file_storage_options"] = { "lua/cognito/storage/file.lua", "OPTIONS" },
    ["cognito.redis_storage_options"] = { "lua/cognito/storage/redis.lua", "OPTIONS" },
    ["cognito.dict_storage_options"] = { "lua/cognito/ngx/storage.lua", "SCHEMA" },
    ["cognito.loop_options"] = { "lua/cognito/host/loop.lua", "OPTIONS" },
    ["cognito.guard_options"] = { "lua/cognito/ngx/guard.lua", "SCHEMA" },
    ["cognito.guard_policy"] = { "lua/cognito/ngx/guard.lua", "POLICY" },
  }

  for class, where in pairs(SCHEMAS) do
    it("declares " .. class, function() assert.same(schema(where[1], where[2]), keys(fields(class))) end)
  end

  -- The class of the parameter `options` in the comment right above a method.
  local function options_class(object, method)
    local class
    for line in text:gmatch "[^\n]+" do
      if line:find("function " .. object .. ":" .. method .. "(", 1, true) then return class end
      if not line:find "^%-%-%-" then class = nil end
      class = line:match "^%-%-%-@param options%?? ([%w_.]+)" or class
    end
  end

  local function is_required(row, option)
    for _, name in ipairs(row.required or {}) do
      if name == option then return true end
    end
    return false
  end

  it("declares the options of every account method, and which of them must be given", function()
    local count = 0
    for _, side in ipairs { "pool", "session" } do
      for _, room in ipairs { "account", "factors" } do
        for method, row in pairs(require("cognito.user." .. room)[side] or {}) do
          local object = side == "pool" and "Pool" or "Session"
          local class = method == "device" and "cognito.device_options" or assert(options_class(object, method), method)
          local wanted = { deadline = true, cancel = true, max_attempts = true }
          for option in pairs(row.args or {}) do wanted[option] = not is_required(row, option) end
          assert.same(wanted, fields(class), method)
          count = count + 1
        end
      end
    end
    assert.is_true(count >= 25)
  end)

  it("declares every kind of error", function()
    for kind in pairs(require("cognito.errors").kinds) do
      assert.truthy(text:find('"' .. kind .. '"', 1, true), kind)
    end
  end)
end)
