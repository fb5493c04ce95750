--- Process start to the first refreshed token; see cold_run.lua. The C program beside it is bench_refresh with count 1.
-- usage: lua bench/cold.lua URL CA
package.path = package.path:gsub("^%./%?%.lua;", "") -- the benchmarks' own, which an installed library has not
local cognito = require "cognito"

local ca = arg[2]
local is_folder = ca and ca:sub(-1) == "/"
local pool = assert(cognito.pool {
  user_pool_id = "eu-west-1_AbCdEf123", client_id = "1h57kf5cpq17m0eml12EXAMPLE", endpoint = arg[1],
  ca_file = ca and ca ~= "" and not is_folder and ca or nil, ca_path = is_folder and ca or nil,
})
local session = assert(pool:adopt { refresh_token = ("r"):rep(1686), username = "alice" })
assert(session:access_token())
os.exit(0)
