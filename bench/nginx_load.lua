--- The loads on nginx in full, or scaled: lua5.4 bench/nginx_load.lua [scale, 1 = full] [name of one]
local load = require "spec.support.ngx_load"
local mixed = require "spec.support.ngx_mixed"

local scale, only = tonumber(arg[1]) or 1, arg[2]
local function scaled(n) return math.max(1, math.floor(n * scale)) end

local LOADS = {
  { "refreshes", function() return load.refreshes { sessions = scaled(10000), workers = 8, requests = 3 } end },
  { "fleet", function() return load.fleet { sessions = scaled(10000), servers = 3, workers = 2, requests = 1 } end },
  { "users", function()
    return load.users { users = 50, seconds = math.max(5, scaled(120)), ttl = 20, workers = 2, least = scaled(100000) }
  end },
  { "reloads", function() return load.reloads { reloads = scaled(100), users = 50, workers = 2 } end },
  { "memory", function()
    return mixed.run { samples = 10, period = 60 * scale, from = 2, workers = 2, users = 50, tokens = 1500,
      log = print }
  end },
}

for _, entry in ipairs(LOADS) do
  if not only or only == entry[1] then print(entry[2]()) end
end
