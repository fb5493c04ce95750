--- What the guard costs a worker: CPU a request, measured with wrk on one worker, beside a bare access_by_lua that
-- reads the header, and the C core's verdict alone. The cases take turns, so that what else the machine does falls on
-- all of them; the least of the turns counts. usage: lua5.4 bench/nginx.lua [turns] [seconds a turn]
local emulator = require "spec.support.emulator"
local jar = require "spec.support.jar"
local nginx = require "spec.support.nginx"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local TURNS, SECONDS = tonumber(arg and arg[1]) or 5, tonumber(arg and arg[2]) or 2
local HZ = 100

local HTTP = [[
    lua_shared_dict sessions 16m;
    keepalive_requests 100000000;
    init_by_lua_block {
        local cognito, new = require "cognito", require("resty.cognito").new
        local key = ("k"):rep(32)
        local function must(value, err) if not value then error(tostring(err)) end return value end
        pool = must(cognito.pool { user_pool_id = %q, client_id = %q, endpoint = %q, issuer = %q, timeout = 10,
            flow = "USER_PASSWORD_AUTH", storage = must(cognito.storage.shared_dict { name = "sessions", key = key }) })
        local headers = { ["X-User"] = "username", ["X-Groups"] = "cognito:groups" }
        guard = must(new { pool = pool, key = key, home = "/page" })
        mapped = must(new { pool = pool, key = key, headers = headers })
        local uncached = { cache = false }
        plain = must(new { pool = pool, key = key, verifier = uncached })
        full = must(new { pool = pool, key = key, verifier = uncached, headers = headers })
        staff = { groups = { "admin", "staff" } }
        local core, keys = require "cognito.core", nil
        local issuers, clients = { pool:issuers()[1] }, { pool.client_id }
        local policy = core.policy { issuers = issuers, clients = clients, token_use = "access" }
        function verdict(token)
            keys = keys or plain.verifier.entries[1].source:ready()
            assert(core.jwt_check(token, keys, policy, ngx.now()))
        end
    }
]]

local SERVER = [[
    location = /bare { access_by_lua_block { local t = ngx.var.http_authorization }
        content_by_lua_block { ngx.print "ok" } }
    location = /bare-cookie { access_by_lua_block { local t = ngx.var.http_cookie }
        content_by_lua_block { ngx.print "ok" } }
    location = /verdict { access_by_lua_block { verdict(ngx.var.http_authorization:sub(8)) }
        content_by_lua_block { ngx.print "ok" } }
    location = /plain { access_by_lua_block { plain:bearer() } content_by_lua_block { ngx.print "ok" } }
    location = /groups { access_by_lua_block { plain:bearer(staff) } content_by_lua_block { ngx.print "ok" } }
    location = /headers { access_by_lua_block { full:bearer() } content_by_lua_block { ngx.print "ok" } }
    location = /both { access_by_lua_block { full:bearer(staff) } content_by_lua_block { ngx.print "ok" } }
    location = /claims { access_by_lua_block { plain:bearer() local c = ngx.ctx.cognito.claims }
        content_by_lua_block { ngx.print "ok" } }
    location = /cached { access_by_lua_block { guard:bearer() } content_by_lua_block { ngx.print "ok" } }
    location = /cached-both { access_by_lua_block { mapped:bearer(staff) } content_by_lua_block { ngx.print "ok" } }
    location = /page { access_by_lua_block { guard:login() } content_by_lua_block { ngx.print "ok" } }
    location = /slow { content_by_lua_block {
        local step = assert(pool:sign_in { username = "alice", password = "Correct-horse1" })
        local session = assert(pool:adopt { username = "alice", refresh_token = step.session:export().refresh_token })
        ngx.print(session:access_token() and "ok")
    } }
    location = /login { content_by_lua_block {
        local view = guard:form() if view then ngx.print(view.csrf) end } }
]]

-- path, what it is, what it is compared with, the goal as a multiple of C
local CASES = {
  { "/plain", "bearer, no cache", "/bare", 1.5 },
  { "/verdict", "the core's verdict in that place", "/bare" },
  { "/groups", "bearer, no cache, groups", "/bare", 1.5 },
  { "/headers", "bearer, no cache, two headers", "/bare", 1.5 },
  { "/both", "bearer, no cache, groups and headers", "/bare", 1.5 },
  { "/claims", "bearer, no cache, all claims read", "/bare" },
  { "/cached", "bearer, cached", "/bare", 1 / 3 },
  { "/cached-both", "bearer, cached, groups and headers", "/bare", 1 / 3 },
  { "/page", "logged-in page (goal 30 us)", "/bare-cookie" },
}

local function cpu(pid)
  local stat = tmp.read(("/proc/%d/stat"):format(pid)):match "%) (.*)$"
  local fields = {}
  for word in stat:gmatch "%S+" do fields[#fields + 1] = word end
  return (tonumber(fields[12]) + tonumber(fields[13])) / HZ
end

local function measure(server, path, header)
  local pid = server:workers()[1]
  local before = cpu(pid)
  local code, out, err = proc.run { timeout = SECONDS + 20,
    argv = { "wrk", "-t1", "-c8", "-d" .. SECONDS .. "s", "-H", header, server.url .. path } }
  local requests = tonumber(out:match "(%d+) requests in")
  assert(code == 0 and requests and not out:find "Non%-2xx", out .. err)
  return (cpu(pid) - before) / requests * 1e6
end

local UNITS = { us = 0.001, ms = 1, s = 1000 }

-- Milliseconds below which 99 of 100 requests were answered.
local function p99(server, seconds)
  local _, out = proc.run { timeout = seconds + 20,
    argv = { "wrk", "-t1", "-c4", "--latency", "-d" .. seconds .. "s", server.url .. "/bare" } }
  local number, unit = out:match "99%%%s+([%d.]+)(%a+)"
  return tonumber(number) * UNITS[unit]
end

-- One worker; the service takes five seconds for a refresh meanwhile.
local function p99_beside_a_slow_service(service, server)
  local usual = p99(server, 4)
  service.faults { { fault = "delay:5", operation = "GetTokensFromRefreshToken", times = 1 } }
  local waiting = proc.start { argv = { "curl", "-s", server.url .. "/slow" } }
  assert(nginx.wait_until(10, function() return service.counts().GetTokensFromRefreshToken and true or nil end))
  local beside = p99(server, 4)
  assert(not waiting:status(), "the slow request has ended too early")
  waiting:wait(20)
  assert(waiting:output() == "ok")
  waiting:stop()
  return usual, beside
end

local VERDICT = [[
    local core = require "cognito.core"
    local token, jwks, issuer, client = ...
    local keys = assert(core.jwks(jwks))
    local policy = assert(core.policy { issuers = { issuer }, clients = { client }, token_use = "access" })
    local now, n = os.time(), 20000
    assert(core.jwt_check(token, keys, policy, now))
    local start = os.clock()
    for _ = 1, n do core.jwt_check(token, keys, policy, now) end
    print((os.clock() - start) / n * 1e6)
]]

local function new_verdict(service, token)
  local jwks = select(2, service.http("GET", "/" .. service.pool_id .. "/.well-known/jwks.json"))
  local path = tmp.write(tmp.dir() .. "/verdict.lua", VERDICT)
  return function()
    local _, out, err = proc.run { argv = { "luajit", path, token, jwks, service.issuer, service.client_id },
      env = { LUA_CPATH = "build/5.1/?.so;;" } }
    return tonumber(out) or error(err)
  end
end

local function sign_in(server)
  local b = jar.new(server)
  local _, csrf = b.request "/login"
  local status = b.post("/login", { csrf = csrf, action = "sign_in", username = "alice",
    password = "Correct-horse1" })
  assert(status == 303)
  return "Cookie: __Host-session=" .. b.jar["__Host-session"]
end

local function tokens(service)
  local _, answer = service.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = service.client_id,
    AuthParameters = { USERNAME = "alice", PASSWORD = "Correct-horse1" } })
  return answer.AuthenticationResult.AccessToken
end

local function measure_all(server, verdict, header_of)
  local least = {}
  local function note(name, value) least[name] = math.min(least[name] or math.huge, value) end
  for _ = 1, TURNS do
    note("C", verdict())
    for _, path in ipairs { "/bare", "/bare-cookie" } do note(path, measure(server, path, header_of(path))) end
    for _, case in ipairs(CASES) do note(case[1], measure(server, case[1], header_of(case[1]))) end
  end
  return least
end

local function report(least)
  print(("%-38s %6.1f us"):format("C core's verdict alone", least.C))
  print(("%-38s %6.1f us CPU a request"):format("bare access_by_lua", least["/bare"]))
  for _, case in ipairs(CASES) do
    local beyond = least[case[1]] - least[case[3]]
    local goal = case[4] and ("(goal %.2f)"):format(case[4]) or ""
    print(("%-38s %6.1f us beyond = %.2f x C   %s"):format(case[2], beyond, beyond / least.C, goal))
  end
end

local function main()
  local service = emulator.start { config = { users = { alice = { password = "Correct-horse1",
    groups = { "readers", "staff" } } } } }
  local server = nginx.start { http = HTTP:format(service.pool_id, service.client_id, service.url, service.issuer),
    server = SERVER, level = "error" }
  local token = tokens(service)
  local authorization, cookie = "Authorization: Bearer " .. token, sign_in(server)
  local function header_of(path) return (path == "/page" or path == "/bare-cookie") and cookie or authorization end
  for _, case in ipairs(CASES) do
    if header_of(case[1]) == authorization then
      assert(server:request(case[1], { headers = { authorization = "Bearer " .. token } }) == 200, case[1])
    end
  end
  report(measure_all(server, new_verdict(service, token), header_of))
  print(("p99 of other requests: %.2f ms, and %.2f ms while the service takes 5 s   (goal 20)"):format(
    p99_beside_a_slow_service(service, server)))
  server:stop()
  service.stop()
  tmp.cleanup()
end

main()
