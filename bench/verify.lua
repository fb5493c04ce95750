--- The library's side of the verification benchmark.
-- usage: lua bench/verify.lua check|verify|cached|times|decode N TOKENFILE JWKSFILE
-- Prints microseconds of CPU and of wall time for one, after a warm-up.
local core = require "cognito.core"
local posix = require "cognito.posix"
local verifier = require "cognito.verifier"

local mode, count = arg[1], tonumber(arg[2])

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*l"
  file:close()
  return text
end

local token, jwks = read(arg[3]), read(arg[4])

local function new(cache)
  return assert(verifier.new { user_pool_id = "eu-west-1_AbCdEf123", client_id = "1h57kf5cpq17m0eml12EXAMPLE",
    token_use = "access", jwks = jwks, now = posix.now, cache = cache })
end

-- Each is called as `f(self, token)` or `f(token)`, as a program does.
local v = new(mode == "cached" and 1000)
local method = { check = v.check, verify = v.verify, cached = v.verify }
local plain = { times = core.jwt_times, decode = core.jwt_decode }

local function run(times)
  local f, g = method[mode], plain[mode]
  for _ = 1, f and times or 0 do f(v, token) end
  for _ = 1, g and times or 0 do g(token) end
end

assert((method[mode] and method[mode](v, token)) or plain[mode](token))
run(100)
collectgarbage()
local cpu, wall = os.clock(), posix.monotime()
run(count)
cpu, wall = os.clock() - cpu, posix.monotime() - wall
print(("%.4f %.4f"):format(cpu * 1e6 / count, wall * 1e6 / count))
