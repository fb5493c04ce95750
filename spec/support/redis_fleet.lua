--- A fleet of nginx workers over one Redis: sessions whose tokens have expired, asked for by all workers at once.
local emulator = require "spec.support.emulator"
local nginx = require "spec.support.nginx"
local proc = require "spec.support.proc"
local redis = require "spec.support.redis"

local M = {}

local INIT = [[
    init_by_lua_block {
        local storage = require("spec.support.ngx.redis_cases").storage(%d)
        require("spec.support.ngx.pool").init { pool_id = %q, client_id = %q, url = %q, storage = storage,
            timeout = 20, deadline = 60 }
    }
]]

local SERVER = [[
    location /expired { content_by_lua_block { require("spec.support.ngx.pool").expired() } }
    location /token { content_by_lua_block { require("spec.support.ngx.pool").token() } }
]]

-- Each worker is a server of its own, so that each of them gets its share of the requests.
local function start(workers)
  local self = { redis = redis.start(), fleet = {} }
  self.service = emulator.start { config = { users = { alice = { password = "Correct-horse1" } },
    clients = { { id = "fleet", rotation = { grace = 0 } } } } }
  for i = 1, workers do
    self.fleet[i] = nginx.start { workers = 1, server = SERVER,
      http = INIT:format(self.redis.port, self.service.pool_id, self.service.client_id, self.service.url) }
  end
  return self
end

local function stop(self)
  for _, server in ipairs(self.fleet) do server:stop() end
  self.service.stop()
  self.redis:stop()
end

-- One expiry: the tokens that all requests were given, each with how many got it.
local function ask_all(self, requests)
  local _, id = self.fleet[1]:request "/expired"
  local argv = { "curl", "-s", "-Z", "--parallel-immediate", "--parallel-max", tostring(requests) }
  for _, server in ipairs(self.fleet) do
    argv[#argv + 1] = ("%s/token?id=%s&i=[1-%d]"):format(server.url, id, requests / #self.fleet)
  end
  local _, out = proc.run { argv = argv, timeout = 120 }
  local given, kinds = {}, 0
  for line in out:gmatch "[^\n]+" do
    if not given[line] then kinds = kinds + 1 end
    given[line] = (given[line] or 0) + 1
  end
  return given, kinds, out
end

local function check_round(self, round, requests)
  local given, kinds, out = ask_all(self, requests)
  local token, count = next(given)
  assert(kinds == 1 and token:find "^ey", ("round %d: %d different answers: %s"):format(round, kinds, out:sub(-600)))
  assert(count == requests, ("round %d: %d of %d requests were answered"):format(round, count, requests))
  local counts = self.service.counts().GetTokensFromRefreshToken
  assert(counts.requests == round and counts.ok == round,
    ("round %d: %d refreshes, %d of them accepted"):format(round, counts.requests, counts.ok or 0))
end

--- Rotation has no grace period: a second refresh would be refused and end the session.
-- @tparam number workers
-- @tparam number requests at each expiry, over all workers
-- @tparam number rounds expiries
-- @treturn string a line of figures; raises when something is not as it must be
function M.run(workers, requests, rounds)
  local began = os.time()
  local self = start(workers)
  local ok, problem = xpcall(function()
    for round = 1, rounds do check_round(self, round, requests) end
  end, debug.traceback)
  stop(self)
  if not ok then error(problem, 0) end
  local text = "%d nginx workers, one Redis, %d expiries x %d requests: %d refreshes, no reuse error, the same tokens "
    .. "for all, %d s"
  return text:format(workers, rounds, requests, rounds, os.time() - began)
end

return M
