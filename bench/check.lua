--- What checking arguments and building a request cost, beside sending it over a kept loopback connection; and the
-- cached token beside a table read and a clock. usage: lua bench/check.lua URL; prints one line a figure.
local cognito = require "cognito"
local posix = require "cognito.posix"

local pool = assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "1h57kf5cpq17m0eml12EXAMPLE",
  endpoint = arg[1] })
local null = assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "1h57kf5cpq17m0eml12EXAMPLE",
  endpoint = arg[1] })

-- The same pool without a network: what is left is checking, building and reading.
local answer
null.host.send = function() return answer end
local SMALL = { status = 200, headers = "", body = '{"UserConfirmed":false,"UserSub":"a1b2c3d4"}' }

local function cost(n, fn)
  for _ = 1, n / 10 do fn() end
  local start = os.clock()
  for _ = 1, n do fn() end
  return (os.clock() - start) / n * 1e6
end

local SIGN_UP = { username = "alice", password = "Correct-horse1", attributes = { email = "alice@example.com" } }

local monotime = posix.monotime

local function sign_up(p) return function() p:sign_up(SIGN_UP) end end

local function median(n, fn)
  local list = {}
  for i = 1, n do list[i] = fn() end
  table.sort(list)
  return list[(n + 1) / 2]
end

local whole = median(9, function() return cost(2000, sign_up(pool)) end)
answer = SMALL
local alone = median(9, function() return cost(2000, sign_up(null)) end)
local wall = median(9, function()
  local start = monotime()
  for _ = 1, 1000 do pool:sign_up(SIGN_UP) end
  return (monotime() - start) / 1000 * 1e6
end)
print(("sign_up: %.1f us CPU, %.1f us wall over loopback; of it checking, building and reading: %.1f us"):format(
  whole, wall, alone))

local rules = require "cognito.protocol.rules"
local INPUT = { ClientId = "1h57kf5cpq17m0eml12EXAMPLE", Username = "alice", Password = "Correct-horse1",
  UserAttributes = { { Name = "email", Value = "alice@example.com" } } }
local checking = median(9, function() return cost(20000, function() rules.check_input("SignUp", INPUT) end) end)
print(("checking the members of SignUp: %.2f us (%.3f of sending)"):format(checking, checking / (whole - alone)))

local session = assert(pool:adopt { refresh_token = ("r"):rep(1686), username = "alice" })
assert(session:access_token())
local held = { token = "x", ends = monotime() + 3600 }
function held:get()
  if monotime() < self.ends then return self.token end
end
local token = median(9, function() return cost(200000, function() return session:access_token() end) end)
local plain = median(9, function() return cost(200000, function() return monotime() and held.token end) end)
local by_hand = median(9, function() return cost(200000, function() return held:get() end) end)
print(("cached token: %.3f us; a table read and a clock in line: %.3f us, as a method of a plain table: %.3f us")
  :format(token, plain, by_hand))
print(("  ratios: %.2f and %.2f (bar 1.30)"):format(token / plain, token / by_hand))
