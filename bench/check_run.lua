--- What checking arguments and building a request cost beside sending it, on Lua 5.4 and LuaJIT: our own transport and
-- a C program on libcurl send the same request to the same static nginx in the same rounds.
-- usage: lua5.4 bench/check_run.lua [ROUNDS], after `make build` and with the environment of `make env`.
local support = require "bench.support"

local rounds = tonumber(arg[1]) or 5

local OPERATIONS = {
  { name = "sign_up", api = "SignUp", answer = '{"UserConfirmed":false,"UserSub":"a1b2c3d4"}' },
  { name = "user", api = "GetUser",
    answer = '{"Username":"alice","UserAttributes":[{"Name":"email","Value":"alice@example.com"}]}' },
  { name = "update_attributes", api = "UpdateUserAttributes", answer = '{"CodeDeliveryDetailsList":[]}' },
}

local function answers()
  local by_name = {}
  for _, operation in ipairs(OPERATIONS) do by_name[operation.api] = operation.answer end
  return by_name
end

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  pipe:close()
  return text
end

-- Medians of the columns of several rounds: checking, building, our sending (CPU, wall), libcurl's (CPU, wall).
local function measure(lua, operation, url, twin)
  local body = output(("%s bench/check.lua request %s %s"):format(lua, operation.name, url))
  local columns = { {}, {}, {}, {}, {}, {} }
  for round = 1, rounds do
    local row = support.measure(lua, "bench/check.lua", "cost", operation.name, url)
    local curl = support.measure(twin, 3000, url, "AWSCognitoIdentityProviderService." .. operation.api, body)
    row[5], row[6] = curl[1], curl[2]
    for i = 1, 6 do columns[i][round] = row[i] end
  end
  for i = 1, 6 do columns[i] = support.median(columns[i]) end
  return columns
end

local BAR = 0.1 -- of the time that sending takes

local function print_row(operation, m)
  local ratio = m[2] / m[4]
  print(("  %-18s %7.2f %7.2f | %8.1f %8.1f %8.1f %8.1f | %8.3f %8.3f %8.3f %8.3f  bar %.2f: %s"):format(operation.name,
    m[1], m[2], m[3], m[4], m[5], m[6], m[2] / m[3], ratio, m[2] / m[5], m[2] / m[6], BAR,
    ratio <= BAR and "kept" or "MISSED"))
end

local function main(nginx)
  local twin = support.compile("csrc/bench/bench_send.c", "build/bench/bench_send")
  for _, lua in ipairs { "lua5.4", "luajit" } do
    print(("\n%s, microseconds (medians of %d rounds); ratios of check and build to each way of sending")
      :format(lua, rounds))
    print(("  %-18s %7s %7s | %8s %8s %8s %8s | %8s %8s %8s %8s"):format("", "check", "+ build", "our CPU", "our wall",
      "curl CPU", "curl wall", "our CPU", "our wall", "curl CPU", "curl wall"))
    for _, operation in ipairs(OPERATIONS) do print_row(operation, measure(lua, operation, nginx.plain, twin)) end
    os.execute(("%s bench/check.lua token %s"):format(lua, nginx.plain))
  end
end

local nginx = support.nginx(answers())
local ok, err = xpcall(main, debug.traceback, nginx)
nginx:stop()
if not ok then error(err, 0) end
