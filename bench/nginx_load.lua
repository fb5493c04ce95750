--- The loads on nginx in full, or scaled: lua5.4 bench/nginx_load.lua [scale, 1 = full]
local load = require "spec.support.ngx_load"

local scale = tonumber(arg[1]) or 1
local function scaled(n) return math.max(1, math.floor(n * scale)) end

print(load.refreshes { sessions = scaled(10000), workers = 8, requests = 3 })
print(load.users { users = 50, seconds = math.max(5, scaled(120)), ttl = 20, workers = 2,
  least = scaled(100000) })
print(load.reloads { reloads = scaled(100), users = 50, workers = 2 })
