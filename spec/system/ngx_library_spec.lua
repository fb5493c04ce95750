-- The library in nginx workers against the emulator: sign-in, one refresh per session, slow and dead services.
local emulator = require "spec.support.emulator"
local socket = require "socket"
local nginx = require "spec.support.nginx"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local SERVER = [[
    location /in { content_by_lua_block { require("spec.support.ngx.pool").sign_in() } }
    location /expired { content_by_lua_block { require("spec.support.ngx.pool").expired() } }
    location /token { content_by_lua_block { require("spec.support.ngx.pool").token() } }
    location /out { content_by_lua_block { require("spec.support.ngx.pool").sign_out() } }
    location /plain { content_by_lua_block { ngx.print "plain" } }
]]

local INIT = [[
    lua_shared_dict sessions 8m;
    init_by_lua_block {
        require("spec.support.ngx.pool").init(%s)
        require("spec.support.ngx.sealed")()
    }
]]

local function settings(service, more)
  local fields = { ("pool_id=%q, client_id=%q, url=%q"):format(service.pool_id, service.client_id, service.url) }
  for name, value in pairs(more or {}) do fields[#fields + 1] = ("%s=%s"):format(name, value) end
  return "{" .. table.concat(fields, ",") .. "}"
end

local function parallel(url)
  local _, out = proc.run { timeout = 60,
    argv = { "curl", "-s", "-Z", "--parallel-immediate", "--parallel-max", "100", url } }
  return out
end

describe("the library in nginx", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local service, server

  setup(function()
    service = emulator.start { config = {
      users = { alice = { password = "Correct-horse1" }, bob = { password = "Correct-horse1" } },
      clients = { { access_token_ttl = 60, id_token_ttl = 60, rotation = { grace = 10 } } },
    } }
    server = nginx.start { workers = 4, level = "debug", http = INIT:format(settings(service, { timeout = 2 })),
      server = SERVER }
  end)

  teardown(function()
    if server then server:stop() end
    if service then service.stop() end
    tmp.cleanup()
  end)

  before_each(function() service.reset() end)

  local function sign_in()
    local status, id = server:request "/in"
    assert.equal(200, status, id)
    return (id:gsub("%s", ""))
  end

  -- A session that must be renewed before its first token is given out.
  local function expired()
    local status, id = server:request "/expired"
    assert.equal(200, status, id)
    return (id:gsub("%s", ""))
  end

  local function refreshes() return (service.counts().GetTokensFromRefreshToken or { requests = 0 }).requests end

  it("signs in, and every worker finds the session", function()
    local id = sign_in()
    local seen = {}
    for token in parallel(server.url .. "/token?id=" .. id .. "&i=[1-20]"):gmatch "[^\n]+" do seen[token] = true end
    local token = next(seen)
    assert.equal(2, select(2, token:gsub("%.", "")))
    assert.is_nil(next(seen, token))
  end)

  it("ends the session for every worker at sign-out", function()
    local id = sign_in()
    assert.equal(200, (server:request("/out?id=" .. id)))
    for _ = 1, 8 do assert.equal(401, (server:request("/token?id=" .. id))) end
  end)

  it("refreshes once for a hundred requests on four workers", function()
    local id = expired()
    local out = parallel(server.url .. "/token?id=" .. id .. "&i=[1-100]")
    local first = out:match "^[^\n]+"
    assert.equal(2, select(2, first:gsub("%.", "")))
    assert.equal((first .. "\n"):rep(100), out)
    assert.equal(1, refreshes())
  end)

  -- Seconds that plain requests take until `done`; sorted.
  local function latencies(done)
    local times = {}
    while not done() do
      local start = socket.gettime()
      assert.equal(200, (server:request "/plain"))
      times[#times + 1] = socket.gettime() - start
    end
    table.sort(times)
    return times
  end

  it("keeps other requests fast while the service is slow", function()
    local id = expired()
    service.faults { { fault = "delay:1.8", operation = "GetTokensFromRefreshToken", times = 1 } }
    local waiting = proc.start { argv = { "curl", "-s", server.url .. "/token?id=" .. id } }
    local times = latencies(function() return waiting:status() end)
    waiting:stop()
    assert.is_true(#times > 50, #times .. " requests")
    -- the machine may be busy with other work, but one that waited for the service took nearly all of its delay
    assert.is_true(times[#times] < 1.2, ("the slowest took %.1f ms"):format(times[#times] * 1000))
  end)

  it("stores what it refreshed for a client that went away", function()
    local id = expired()
    service.faults { { fault = "delay:0.3", operation = "GetTokensFromRefreshToken", times = 1 } }
    local client = assert(socket.connect("127.0.0.1", server.port))
    client:send(("GET /token?id=%s HTTP/1.1\r\nHost: x\r\n\r\n"):format(id))
    assert.is_true(nginx.wait_until(30, function() return refreshes() == 1 or nil end))
    client:close()
    assert.equal(200, (server:request("/token?id=" .. id)))
    assert.equal(1, refreshes())
  end)

  -- The application of this spec is sealed: a module that is loaded during a request is an error.
  it("reads nothing from the disk when a refresh fails, is refused, or is not known to the service", function()
    local id = expired()
    for _, case in ipairs {
      { { fault = "status:503" }, 503, "^server: " },
      { { error = "UnknownOperationException", status = 400 }, 503, "InitiateAuth" },
    } do
      case[1].operation, case[1].times = "GetTokensFromRefreshToken", 3
      service.faults { case[1] }
      local status, body = server:request("/token?id=" .. id)
      assert.equal(case[2], status)
      assert.truthy(body:find(case[3]), body)
    end
    local gone = expired()
    service.faults { { error = "NotAuthorizedException", status = 400, operation = "GetTokensFromRefreshToken" } }
    local status, body = server:request("/token?id=" .. gone)
    assert.equal(401, status)
    assert.truthy(body:find "^sign_in_required: ", body)
    assert.is_nil(server:log():find("in the middle of a request", 1, true))
  end)

  it("loses no session when a worker is killed in the middle of a refresh", function()
    local id = expired()
    service.faults { { fault = "delay:0.5", operation = "GetTokensFromRefreshToken", times = 1 } }
    local waiting = proc.start { argv = { "curl", "-s", server.url .. "/token?id=" .. id } }
    assert.is_true(nginx.wait_until(30, function() return refreshes() == 1 or nil end))
    for _, pid in ipairs(server:workers()) do os.execute("kill -KILL " .. pid) end
    waiting:stop()
    assert.is_true(nginx.wait_until(60, function()
      local status = server:request("/token?id=" .. id)
      return status == 200 or nil
    end))
  end)

  it("answers requests in flight across a reload", function()
    local id = expired()
    service.faults { { fault = "delay:0.5", operation = "GetTokensFromRefreshToken", times = 1 } }
    local waiting = proc.start { argv = { "curl", "-s", "-w", "%{http_code}", server.url .. "/token?id=" .. id } }
    assert.is_true(nginx.wait_until(30, function() return refreshes() == 1 or nil end))
    server:signal "HUP"
    assert.equal(0, waiting:wait(10))
    assert.truthy(waiting:output():find "^ey.*\n200$")
    waiting:stop()
    assert.equal(200, (server:request("/token?id=" .. id)))
    assert.equal(1, refreshes())
  end)

  it("has written no secret to the log at debug level", function()
    local log = server:log()
    assert.truthy(log:find "%[debug%]")
    assert.is_nil(log:find("Correct-horse", 1, true))
    assert.is_nil(log:find("eyJ", 1, true))
  end)
end)
