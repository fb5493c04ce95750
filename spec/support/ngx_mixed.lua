--- Every handler of the guard under load at the same time, good requests and bad ones, while the memory of the workers
-- is watched: `make load-nginx` for ten minutes, spec/system/ngx_load_spec.lua for some seconds.
local socket = require "socket"
local emulator = require "spec.support.emulator"
local jar = require "spec.support.jar"
local nginx = require "spec.support.nginx"
local stage = require "spec.support.ngx_stage"

local M = {}

local HTTP = [[
    lua_shared_dict sessions 16m;
    init_by_lua_block { app = require "spec.support.ngx.mixed_app"
        app.init { pool_id = %q, client_id = "brief", url = %q, timeout = 10, deadline = 30, domain = %q,
            issuer = %q, bearer_client = "program" } }
]]

local SERVER = [[
    location = /enter { content_by_lua_block { require("spec.support.ngx.load_app").enter() } }
    location = /who { access_by_lua_block { app.guard:login() }
        content_by_lua_block { require("spec.support.ngx.load_app").who() } }
    location = /cached { access_by_lua_block { app.cached:bearer() } content_by_lua_block { ngx.print "ok" } }
    location = /claims { access_by_lua_block { app.cached:bearer() }
        content_by_lua_block { ngx.print(ngx.ctx.cognito.claims.username) } }
    location = /strict { access_by_lua_block { app.strict:bearer { groups = { "staff" } } }
        content_by_lua_block { ngx.print "ok" } }
    location = /login { content_by_lua_block { app.form() } }
    location = /hosted { content_by_lua_block { app.hosted:form() } }
    location = /callback { content_by_lua_block { app.hosted:callback() } }
    location = /logout { content_by_lua_block { app.guard:logout() } }
]]

local PASSWORD = "Correct-horse1"

local function start(keep, given)
  local users = {}
  for i = 1, given.users do users["user" .. i] = { password = PASSWORD, groups = { "staff" } } end
  local service = keep(emulator.start { config = { users = users, clients = {
    { id = "brief", access_token_ttl = 20, id_token_ttl = 20, rotation = { grace = 10 },
      redirect_uris = { "http://localhost:1/callback" } },
    { id = "program" } } } })
  local server = keep(nginx.start { workers = given.workers, level = "error", server = SERVER,
    http = HTTP:format(service.pool_id, service.url, service.url, service.issuer) })
  return service, server
end

-- More tokens than the cache of verdicts holds.
local function tokens(service, count)
  local list = {}
  for i = 1, count do
    local _, answer = service.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = "program",
      AuthParameters = { USERNAME = "user" .. i % 10 + 1, PASSWORD = PASSWORD } })
    list[i] = answer.AuthenticationResult.AccessToken
  end
  return list
end

local WRK = [[
  local cookies, tokens = { %s }, { %s }
  local form_cookie, csrf = %q, %q
  local threads, statuses = {}, {}
  function setup(thread) threads[#threads + 1] = thread end
  function init() math.randomseed(os.time() + tonumber(tostring({}):match "0x(%%x+)", 16) %% 100000) end
  local function word(n)
    local out = {}
    for i = 1, n do out[i] = string.char(math.random(97, 122)) end
    return table.concat(out)
  end
  local HEAD = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im"   -- {"alg":"RS256","kid":"...
  local function any(list) return list[math.random(#list)] end
  local function bearer(path, token) return wrk.format("GET", path, { Authorization = "Bearer " .. token }) end
  local function cookie(path, value) return wrk.format("GET", path, { Cookie = value }) end
  local function form(path, body, from)
    return wrk.format("POST", path, { ["Content-Type"] = "application/x-www-form-urlencoded", Cookie = from }, body)
  end
  local kinds = {
    { 40, function() return cookie("/who?expect=x", any(cookies)) end },
    { 12, function() return bearer("/cached", any(tokens)) end },
    { 8, function() return bearer("/claims", any(tokens)) end },
    { 8, function() return bearer("/strict", any(tokens)) end },
    { 4, function() return bearer("/strict", any(tokens):sub(1, -9) .. word(8)) end },
    { 3, function() return bearer("/cached", HEAD .. word(8) .. "In0.e30." .. word(300)) end },
    { 2, function() return bearer("/cached", word(math.random(6000))) end },
    { 5, function() return cookie("/who", "__Host-session=" .. word(43)) end },
    { 2, function() return cookie("/who", "__Host-session=" .. word(math.random(7000))) end },
    { 2, function() return cookie("/who", word(9) .. "=" .. word(20) .. "; " .. any(cookies) .. "; " .. any(cookies))
      end },
    { 4, function() return wrk.format("GET", "/login?return=/" .. word(30)) end },
    { 3, function() return form("/login", "action=sign_in&username=user1&password=x&csrf=" .. word(43), form_cookie)
      end },
    { 1, function() return form("/login", "action=sign_in&username=user1&password=" .. word(9) .. "&csrf=" .. csrf,
        form_cookie) end },
    { 1, function() return form("/login", "action=answer&state=" .. word(2000) .. "&csrf=" .. csrf, form_cookie) end },
    { 1, function() return form("/login", "a=" .. word(17000), form_cookie) end },
    { 1, function() return form("/login", ("a=b&"):rep(2000), form_cookie) end },
    { 2, function() return wrk.format("GET", "/hosted?return=/" .. word(5)) end },
    { 1, function() return cookie("/callback?state=" .. word(43) .. "&code=" .. word(40),
        "__Host-hosted-login-" .. word(16) .. "=" .. word(400)) end },
    { 1, function() return form("/logout", "csrf=" .. word(43), any(cookies)) end },
  }
  local wheel = {}
  for _, kind in ipairs(kinds) do for _ = 1, kind[1] do wheel[#wheel + 1] = kind[2] end end
  function request() return wheel[math.random(#wheel)]() end
  seen = ""
  function response(status)
    statuses[status] = (statuses[status] or 0) + 1
    total = (total or 0) + 1
    if total %% 1000 == 0 then
      local parts = {}
      for code, count in pairs(statuses) do parts[#parts + 1] = code .. "=" .. count end
      seen = table.concat(parts, " ")
    end
  end
  function done(summary)
    local sum = {}
    for _, thread in ipairs(threads) do
      for code, count in thread:get("seen"):gmatch "(%%d+)=(%%d+)" do sum[code] = (sum[code] or 0) + count end
    end
    local broken, parts = summary.errors, {}
    for code, count in pairs(sum) do parts[#parts + 1] = code .. "=" .. count end
    table.sort(parts)
    print("STATUSES " .. table.concat(parts, " ") .. " REQUESTS=" .. summary.requests .. " SOCKET="
      .. broken.read + broken.connect + broken.write + broken.timeout)
  end
]]

local function start_load(service, server, given)
  local b = jar.new(server)
  local _, csrf = b.request "/login"
  local script = WRK:format(stage.quoted(stage.cookies(server, given.users)),
    stage.quoted(tokens(service, given.tokens)), "__Host-session-form=" .. b.jar["__Host-session-form"], csrf)
  return stage.wrk(server, script, math.ceil(given.samples * given.period) + 2, given.nice)
end

-- The memory of each worker in KiB, `samples` times.
local function watch(server, given)
  local workers, began, samples = server:workers(), socket.gettime(), {}
  for i = 1, given.samples do
    socket.sleep(math.max(0, began + i * given.period - socket.gettime()))
    samples[i] = server:memory(workers)
    if given.log then given.log(("%d: %s KiB"):format(i, table.concat(samples[i], "+"))) end
  end
  return samples
end

local function listed(samples)
  local list = {}
  for i, sizes in ipairs(samples) do list[i] = table.concat(sizes, "+") end
  return table.concat(list, " ")
end

local function check_answers(out)
  local said, requests, broken = out:match "STATUSES (.-) REQUESTS=(%d+) SOCKET=(%d+)"
  assert(said, out)
  assert(broken == "0" and not said:find "500=" and not said:find "502=", said .. " broken " .. broken)
  for _, status in ipairs { "200", "302", "400", "401", "403", "413" } do
    assert(said:find(status .. "=", 1, true), "no answer " .. status .. ": " .. said)
  end
  local busy = tonumber(said:match "503=(%d+)") or 0
  assert(busy <= tonumber(requests) / 100, said)
  return said, tonumber(requests)
end

local function check_memory(samples, given)
  local first, last = samples[given.from], samples[given.samples]
  for i, size in ipairs(last) do
    assert(size <= first[i] * (given.growth or 1.1),
      ("a worker grew from %d to %d KiB: %s"):format(first[i], size, listed(samples)))
  end
end

--- All kinds of requests at once; the memory of each worker is read `samples` times, `period` seconds apart, and may
-- not grow beyond `growth` times (1.1) what it was at sample `from`.
-- @tparam table given `samples`, `period` (s), `from`, `growth`, `workers`, `users`, `tokens`, `nice`, `log` (function)
-- @treturn string figures
function M.run(given)
  return stage.run(function(keep)
    local service, server = start(keep, given)
    local load = keep(start_load(service, server, given))
    local samples = watch(server, given)
    load:wait(60)
    local said, requests = check_answers(load:output())
    check_memory(samples, given)
    return ("%d requests of every kind (%s), memory of workers in KiB every %g s: %s"):format(requests, said,
      given.period, listed(samples))
  end)
end

return M
