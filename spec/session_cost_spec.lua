-- What a session costs: memory, garbage of the hit path, steps of a refresh. Figures that do not depend on the machine.
local cognito = require "cognito"
local core = require "cognito.core"
local fake_tokens = require "spec.support.fake_tokens"
local script_host = require "spec.support.script_host"

local SESSIONS = 10000
local TOKENS = 4080
local LIMIT = (_VERSION == "Lua 5.4" or rawget(_G, "jit")) and 600 or 750     -- tables are larger in PUC Lua 5.1

local function settle()
  collectgarbage()
  collectgarbage()
  return collectgarbage("count") * 1024
end

-- Text of a token's length; what it says does not matter here.
local function text(length)
  return core.b64url_encode(core.random(length)):sub(1, length)
end

local function result_of()
  return { AccessToken = text(1133), IdToken = text(1261), RefreshToken = text(1686), ExpiresIn = 3600 }
end

local function make(respond)
  local host = script_host.new()
  host.send, host.random = respond or host.send, core.random
  host.once = function(_, fn) return fn() end
  return assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc", host = host }), host
end

local function answer(body)
  return { status = 200, headers = "\r\n", body = body }
end

describe("the cost of a session", function()
  it("in memory is at most 600 bytes (750 in PUC Lua 5.1) beyond its tokens, its name included", function()
    local json = require "cognito.json"
    local pool = make(function() return answer(json.encode { AuthenticationResult = result_of() }) end)
    local sessions = {}
    for i = 1, SESSIONS do sessions[i] = false end
    assert(assert(pool:adopt { refresh_token = "warm", username = "warm" }):refresh())
    local before = settle()
    for i = 1, SESSIONS do
      local s = assert(pool:adopt { refresh_token = text(1686), username = ("user-%05d"):format(i) })
      assert(s:refresh())
      sessions[i] = s
    end
    local each = (settle() - before) / SESSIONS - TOKENS
    assert.is_true(each <= LIMIT, each)
    assert.are.equal(1133, #assert(sessions[SESSIONS]:access_token()))
  end)

  it("that is fresh makes no garbage", function()
    local pool = make()
    local s = assert(pool:adopt { refresh_token = "r", username = "alice", access_token = "token",
      expires_at = 1790003600, lifetime = 3600 })
    assert.are.equal("token", s:access_token())
    settle()
    collectgarbage("stop")
    local before = collectgarbage("count")
    for _ = 1, 1000 do s:access_token() end
    local after = collectgarbage("count")
    collectgarbage("restart")
    -- an interpreter that compiles what it runs often keeps a note of that
    assert.is_true((after - before) * 1024 < (rawget(_G, "jit") and 4096 or 100), after - before)
  end)

  it("to refresh is at most 750 steps of the interpreter", function()
    if rawget(_G, "jit") then return pending "LuaJIT counts steps otherwise" end
    local host = script_host.new()
    local body = require("cognito.json").encode { AuthenticationResult = fake_tokens.result(host) }
    local pool = make(function() return answer(body) end)
    local s = assert(pool:adopt { refresh_token = ("r"):rep(1686), username = "alice" })
    assert(s:refresh())
    local steps = 0
    debug.sethook(function() steps = steps + 1 end, "", 1)
    s:refresh()
    debug.sethook()
    assert.is_true(steps <= 750, steps)
  end)
end)
