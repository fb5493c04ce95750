--- What checking arguments and building a request cost, beside sending it over a kept loopback connection; and the
-- cached token beside a table read and a clock.
-- usage: lua bench/check.lua cost OPERATION URL    microseconds of CPU: checking; checking and building; sending; and
--                                                  the wall time of sending
--        lua bench/check.lua request OPERATION URL   the request's body
--        lua bench/check.lua token URL             prints lines
local cognito = require "cognito"
local posix = require "cognito.posix"
local user = require "cognito.user"

local monotime = posix.monotime
local ROUNDS = 5

local function new_pool(url)
  return assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "1h57kf5cpq17m0eml12EXAMPLE",
    endpoint = url })
end

local function signed_in(pool)
  return assert(pool:adopt { refresh_token = ("r"):rep(1686), access_token = ("a"):rep(1133), username = "alice",
    expires_at = os.time() + 3600 })
end

local OPERATIONS = {
  sign_up = { side = "pool", given = { username = "alice", password = "Correct-horse1",
    attributes = { email = "alice@example.com" } } },
  user = { side = "session" },
  update_attributes = { side = "session", given = { attributes = { given_name = "Alice", family_name = "Liddell" } } },
}

local function median(fn)
  local list = {}
  for i = 1, ROUNDS do list[i] = fn() end
  table.sort(list)
  return list[(ROUNDS + 1) / 2]
end

-- Microseconds of each of n calls.
local function once(n, fn, clock)
  clock = clock or os.clock
  local start = clock()
  for _ = 1, n do fn() end
  return (clock() - start) / n * 1e6
end

local function cost(n, fn, clock)
  once(n / 10, fn, clock)
  return median(function() return once(n, fn, clock) end)
end

-- The method of an operation without what it makes of the answer, which is part of reading that.
local function bare_method(name, send)
  local row = {}
  for key, value in pairs(require("cognito.user.account")[OPERATIONS[name].side][name]) do row[key] = value end
  row.answer = nil
  return user.method(name, row, send)
end

local function send_of_pool(self, op, input, given)
  return self.client:send(op, input, self.client:context(given))
end

-- Sending and reading are replaced by nothing: what is left is checking and building.
local function builder(name, url)
  local operation, pool = OPERATIONS[name], new_pool(url)
  local object = operation.side == "pool" and pool or signed_in(pool)
  local answer, response, sent = {}, { status = 200, headers = "", body = "{}" }, nil
  function pool.host.send(request)
    sent = request
    return response
  end
  require("cognito.protocol.aws").parse = function() return answer end
  local method = bare_method(name, object == pool and send_of_pool or require("cognito.calls").send)
  local given = operation.given
  return function()
    method(object, given)
    return sent
  end
end

local function checker(name)
  local answer, given = {}, OPERATIONS[name].given
  local method = bare_method(name, function() return answer end)
  return function() method(nil, given) end
end

local function sender(name, url)
  local host, request = new_pool(url).host, builder(name, url)()
  return function()
    request.deadline = host.monotime() + 10
    assert(assert(host.send(request)).status == 200)
  end
end

local modes = {}

function modes.cost(name, url)
  local build, send = builder(name, url), sender(name, url)
  print(("%.3f %.3f %.3f %.3f"):format(cost(10000, checker(name)), cost(10000, build), cost(1000, send),
    cost(1000, send, monotime)))
end

function modes.request(name, url) io.write(builder(name, url)().body) end

-- The token of a session, beside what a program without the library would write: a plain table that is asked in the
-- same way and looks at the same clock. The bar is for that one; the same two reads without a call and without a look
-- at what the clock said are what no library can come to.
function modes.token(url)
  local session = signed_in(new_pool(url))
  local clock = posix.boottime
  local held = { token = session:access_token(), ends = clock() + 3600 }
  function held:get()
    if clock() < self.ends then return self.token end
  end
  local ways = { function() return session:access_token() end, function() return held:get() end,
    function() return clock() and held.token end }
  local best = { math.huge, math.huge, math.huge }
  for _ = 1, 25 do
    for i, way in ipairs(ways) do best[i] = math.min(best[i], once(20000, way)) end
  end
  local ratio = best[1] / best[2]
  print(("  cached token %.3f us, a plain table by hand %.3f us: %.2f, bar 1.30: %s; in line %.3f us: %.2f")
    :format(best[1], best[2], ratio, ratio <= 1.3 and "kept" or "MISSED", best[3], best[1] / best[3]))
end

modes[arg[1]](arg[2], arg[3])
