--- Loads on nginx, in any size: spec/system/ngx_load_spec.lua runs them small, `make load-nginx` in full.
-- Each raises when something is not as it must be, and answers a line of figures.
local socket = require "socket"
local emulator = require "spec.support.emulator"
local nginx = require "spec.support.nginx"
local proc = require "spec.support.proc"
local redis = require "spec.support.redis"
local stage = require "spec.support.ngx_stage"
local tmp = require "spec.support.tmp"

local M = {}

local HTTP = [[
    lua_shared_dict sessions %dm;
    init_by_lua_block { require("spec.support.ngx.load_app").init { pool_id = %q, client_id = %q, url = %q,
        timeout = 10, deadline = 30 } }
]]

local SERVER = [[
    location = /sessions { content_by_lua_block { require("spec.support.ngx.load_app").sessions() } }
    location = /enter { content_by_lua_block { require("spec.support.ngx.load_app").enter() } }
    location = /token { content_by_lua_block { require("spec.support.ngx.pool").token() } }
    location = /who { access_by_lua_block { require("spec.support.ngx.load_app").guard:login() }
        content_by_lua_block { require("spec.support.ngx.load_app").who() } }
]]

-- One of several machines: the sessions are in Redis.
local FLEET_HTTP = [[
    init_by_lua_block { require("spec.support.ngx.load_app").init { pool_id = %q, client_id = %q, url = %q,
        timeout = 10, deadline = 30, storage = require("spec.support.ngx.redis_cases").storage(%d) } }
]]

local function users(count)
  local out = {}
  for i = 1, count do out["user" .. i] = { password = "Correct-horse1" } end
  return out
end

-- Runs the load over the service and one server; what else it starts it gives to `keep`.
local function with(options, fn)
  return stage.run(function(keep)
    local service = keep(emulator.start { config = { users = users(options.users or 1),
      clients = { { access_token_ttl = options.ttl or 3600, id_token_ttl = options.ttl or 3600,
        rotation = options.rotation } } } })
    local server = keep(nginx.start { workers = options.workers, level = "warn", server = SERVER,
      http = HTTP:format(options.megabytes or 16, service.pool_id, service.client_id, service.url) })
    return fn(service, server, keep)
  end)
end

local function count_lines(text)
  local counts = {}
  for line in text:gmatch "[^\n]+" do
    local kind = line:find "^ey" and "token" or line
    counts[kind] = (counts[kind] or 0) + 1
  end
  return counts
end

local function curl_all(urls)
  local lines = {}
  for i, url in ipairs(urls) do lines[i] = ('url = "%s"'):format(url) end
  local path = tmp.write(tmp.dir() .. "/urls", table.concat(lines, "\n"))
  local _, out = proc.run { timeout = 580, argv = { "curl", "-s", "-Z", "--parallel-max", "64", "-K", path } }
  return out
end

-- Sessions of which only the refresh token is known; `requests` requests to each server for each of them.
local function urls_of(servers, given)
  local urls = {}
  for n = given.sessions, 1, -500 do
    local status, ids = servers[1]:request("/sessions?n=" .. math.min(n, 500))
    assert(status == 200, ids)
    for id in ids:gmatch "%S+" do
      for _ = 1, given.requests do
        for _, server in ipairs(servers) do urls[#urls + 1] = server.url .. "/token?id=" .. id end
      end
    end
  end
  assert(#urls == given.sessions * given.requests * #servers, #urls .. " urls")
  return urls
end

local function refresh_all(service, servers, given)
  local urls = urls_of(servers, given)
  local start_time = socket.gettime()
  local counts = count_lines(curl_all(urls))
  local took = socket.gettime() - start_time
  assert(counts.token == #urls, ("%s of %d requests got a token"):format(tostring(counts.token), #urls))
  local done = service.counts().GetTokensFromRefreshToken
  assert(done.requests == given.sessions,
    ("%d refreshes for %d sessions"):format(done.requests, given.sessions))
  return ("%d sessions, %d servers of %d workers, %d requests: %d refreshes, %.0f s"):format(given.sessions, #servers,
    given.workers, #urls, done.requests, took)
end

--- Many sessions, all expired, each asked for by several requests at once: exactly one refresh each.
-- @tparam table given `sessions`, `workers`, `requests` (per session)
function M.refreshes(given)
  return with({ workers = given.workers, megabytes = 128 }, function(service, server)
    return refresh_all(service, { server }, given)
  end)
end

--- The same for several nginx servers with one Redis.
-- @tparam table given `servers`, `workers` (of each), `sessions`, `requests` (per session and server)
function M.fleet(given)
  return stage.run(function(keep)
    local store, service, servers = keep(redis.start()), keep(emulator.start { config = { users = users(1) } }), {}
    for i = 1, given.servers do
      servers[i] = keep(nginx.start { workers = given.workers, level = "warn", server = SERVER,
        http = FLEET_HTTP:format(service.pool_id, service.client_id, service.url, store.port) })
    end
    return refresh_all(service, servers, given)
  end)
end

-- Each request names the user it belongs to; wrk compares with who answered.
local WRK = [[
    local cookies = { %s }
    bad, counter = 0, 0 -- globals, which `done` reads
    local threads = {}
    function setup(thread) threads[#threads + 1] = thread end
    function init() math.randomseed(os.time()) end
    function request()
        counter = counter + 1
        local i = math.random(#cookies)
        return wrk.format("GET", "/who?expect=user" .. i, { Cookie = cookies[i] })
    end
    function response(status, _, body)
        local claim, name, expected = body:match "^(%%S+) (%%S+) (%%S+)$"
        if status ~= 200 or claim ~= expected or name ~= expected then
            bad = bad + 1
            last = status .. " " .. body:sub(1, 120)
        end
    end
    function done(summary)
        local wrong, text = 0, ""
        for _, thread in ipairs(threads) do
            wrong = wrong + thread:get "bad"
            text = thread:get "last" or text
        end
        local broken = summary.errors
        print("BAD=" .. wrong .. " OF=" .. summary.requests .. " SOCKET=" .. broken.read + broken.connect + broken.write
            + broken.timeout .. " LAST=" .. text)
    end
]]

local function start_load(server, cookies, seconds)
  return stage.wrk(server, WRK:format(stage.quoted(cookies)), seconds)
end

-- Waits for the end of a load: how many answers were wrong, of how many, how many broken, and the last wrong one.
local function finish(load, seconds)
  load:wait(seconds + 60)
  load:stop()
  local out = load:output()
  local bad, of, broken, last = out:match "BAD=(%d+) OF=(%d+) SOCKET=(%d+) LAST=([^\n]*)"
  assert(bad, out)
  return tonumber(bad), tonumber(of), tonumber(broken), last
end

local function memory(server)
  local sum = 0
  for _, size in ipairs(server:memory()) do sum = sum + size end
  return sum
end

local function refreshes_of(service)
  local counts = service.counts().GetTokensFromRefreshToken
  return counts and counts.ok or 0
end

--- Interleaved requests of many users whose tokens are renewed all the time: never one answer for another user.
-- @tparam table given `users`, `seconds`, `workers`, `least` (requests), `ttl` (seconds that a token lives, 3)
function M.users(given)
  return with({ workers = given.workers, users = given.users, ttl = given.ttl or 3, rotation = { grace = 10 } },
    function(service, server)
      local cookies = stage.cookies(server, given.users)
      finish(start_load(server, cookies, 2), 2)
      local before = memory(server)
      local bad, of, broken, last = finish(start_load(server, cookies, given.seconds), given.seconds)
      assert(bad == 0 and broken == 0, ("%d wrong and %d broken of %d: %s"):format(bad, broken, of, last))
      assert(of >= given.least, of .. " requests only")
      local refreshes = refreshes_of(service)
      return ("%d users, %d requests, %d refreshes: none wrong; memory of workers %d -> %d KiB"):format(
        given.users, of, refreshes, before, memory(server))
    end)
end

--- Reloads under load: no request fails and no session is lost.
-- @tparam table given `reloads`, `users`, `workers`
function M.reloads(given)
  return with({ workers = given.workers, users = given.users, ttl = 3, rotation = { grace = 10 } },
    function(service, server, keep)
      local cookies = stage.cookies(server, given.users)
      local seconds = math.max(4, math.ceil(given.reloads * 0.6))
      local load = keep(start_load(server, cookies, seconds))
      for _ = 1, given.reloads do
        local former = server:workers()[1]
        server:signal "HUP"
        nginx.wait_until(10, function() return server:workers()[1] ~= former or nil end)
        socket.sleep(0.3)
      end
      local bad, of, _, last = finish(load, seconds)
      assert(bad == 0, ("%d wrong of %d: %s"):format(bad, of, last))
      for i, cookie in ipairs(cookies) do
        local status, body = server:request("/who?expect=user" .. i, { headers = { cookie = cookie } })
        assert(status == 200 and body == ("user%d user%d user%d"):format(i, i, i), tostring(status))
      end
      return ("%d reloads under %d requests and %d refreshes: no session of %d lost"):format(given.reloads, of,
        refreshes_of(service), given.users)
    end)
end

return M
