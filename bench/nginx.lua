--- What the guard costs a worker: CPU a request, measured with wrk on one worker, beside a bare access_by_lua that
-- reads the header, and the C core's verdict alone. usage: lua5.4 bench/nginx.lua [seconds a case]
local emulator = require "spec.support.emulator"
local jar = require "spec.support.jar"
local nginx = require "spec.support.nginx"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local SECONDS = tonumber(arg and arg[1]) or 4
local HZ = 100

local HTTP = [[
    lua_shared_dict sessions 16m;
    lua_shared_dict jwks 1m;
    keepalive_requests 100000000;
    init_by_lua_block {
        local cognito, new = require "cognito", require("resty.cognito").new
        local key = ("k"):rep(32)
        local function must(value, err) if not value then error(tostring(err)) end return value end
        pool = must(cognito.pool { user_pool_id = %q, client_id = %q, endpoint = %q, issuer = %q, timeout = 10,
            flow = "USER_PASSWORD_AUTH", storage = must(cognito.storage.shared_dict { name = "sessions", key = key }) })
        guard = must(new { pool = pool, key = key, home = "/page" })
        uncached = must(new { pool = pool, key = key, verifier = { cache = false } })
    }
]]

local SERVER = [[
    location = /bare { access_by_lua_block { local t = ngx.var.http_authorization }
        content_by_lua_block { ngx.print "ok" } }
    location = /bare-cookie { access_by_lua_block { local t = ngx.var.http_cookie }
        content_by_lua_block { ngx.print "ok" } }
    location = /bearer { access_by_lua_block { uncached:bearer() } content_by_lua_block { ngx.print "ok" } }
    location = /cached { access_by_lua_block { guard:bearer() } content_by_lua_block { ngx.print "ok" } }
    location = /page { access_by_lua_block { guard:login() } content_by_lua_block { ngx.print "ok" } }
    location = /slow { content_by_lua_block {
        local step = assert(pool:sign_in { username = "alice", password = "Correct-horse1" })
        local session = assert(pool:adopt { username = "alice", refresh_token = step.session:export().refresh_token })
        ngx.print(session:access_token() and "ok")
    } }
    location = /login { content_by_lua_block {
        local view = guard:form() if view then ngx.print(view.csrf) end } }
]]

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

local function verdict(service, token)
  local jwks = select(2, service.http("GET", "/" .. service.pool_id .. "/.well-known/jwks.json"))
  local path = tmp.write(tmp.dir() .. "/verdict.lua", VERDICT)
  local _, out, err = proc.run { argv = { "luajit", path, token, jwks, service.issuer, service.client_id },
    env = { LUA_CPATH = "build/5.1/?.so;;" } }
  return tonumber(out) or error(err)
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

local function main()
  local service = emulator.start { config = { users = { alice = { password = "Correct-horse1" } } } }
  local server = nginx.start { http = HTTP:format(service.pool_id, service.client_id, service.url, service.issuer),
    server = SERVER, level = "error" }
  local token = tokens(service)
  local authorization, cookie = "Authorization: Bearer " .. token, sign_in(server)
  for _, path in ipairs { "/bearer", "/cached" } do
    assert(server:request(path, { headers = { authorization = "Bearer " .. token } }) == 200)
  end
  local c = verdict(service, token)
  local bare, bare_cookie = measure(server, "/bare", authorization), measure(server, "/bare-cookie", cookie)
  local uncached = measure(server, "/bearer", authorization) - bare
  local cached = measure(server, "/cached", authorization) - bare
  local page = measure(server, "/page", cookie) - bare_cookie
  print(("C core's verdict alone        %7.1f us"):format(c))
  print(("bare access_by_lua            %7.1f us CPU a request"):format(bare))
  print(("bearer, no cache: beyond bare %7.1f us = %.2f x C    (goal 1.5)"):format(uncached, uncached / c))
  print(("bearer, cached:   beyond bare %7.1f us = %.2f x C    (goal 0.33)"):format(cached, cached / c))
  print(("logged-in page:   beyond bare %7.1f us            (goal 30)"):format(page))
  local usual, beside = p99_beside_a_slow_service(service, server)
  print(("p99 of other requests: %.2f ms, and %.2f ms while the service takes 5 s   (goal 20)"):format(usual, beside))
  server:stop()
  service.stop()
  tmp.cleanup()
end

main()
