--- The library's side of the SRP benchmark.
-- usage: lua bench/srp.lua srp N BITS | hash N
-- Prints microseconds of CPU and of wall time for one sign-in's computation (A, proof, timestamp), or for one
-- SECRET_HASH, after a warm-up.
local core = require "cognito.core"
local posix = require "cognito.posix"
local srp = require "cognito.protocol.srp"

local mode, count, bits = arg[1], tonumber(arg[2]), tonumber(arg[3])

local challenge = { SALT = "792ec146f4726797719027c266e79aec", SECRET_BLOCK = core.b64_encode(("b"):rep(1260)),
  SRP_B = core.srp(1024):public() }
local who = { domain = "AbCdEf123", user = "alice", password = "correct horse battery" }

local run = {}

function run.srp()
  local exchange = core.srp(bits)
  exchange:public()
  assert(srp.proof(exchange, who, challenge, posix.now()))
  exchange:close()
end

local usernames = {}
for i = 0, 63 do usernames[i] = "user" .. i end
local secret = "secretsecretsecretsecretsecretsecretsecretsecret123"

function run.hash(i)
  return core.secret_hash(secret, usernames[i % 64], "1h57kf5cpq17m0eml12EXAMPLE")
end

local work = run[mode]
work(0)
local cpu, wall = os.clock(), posix.monotime()
for i = 1, count do work(i) end
cpu, wall = os.clock() - cpu, posix.monotime() - wall
print(("%.3f %.3f"):format(cpu * 1e6 / count, wall * 1e6 / count))
