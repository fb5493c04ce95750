-- The nginx host inside a real nginx; the examples themselves are spec/support/ngx/host_cases.lua.
local socket = require "socket"
local nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
local tls = require "spec.support.tls"
local tmp = require "spec.support.tmp"

local SERVER = [[
    lua_code_cache on;
    set $tls_port 0;
    location /raw/ { content_by_lua_block { require("spec.support.ngx.raw").serve() } }
    location /echo { content_by_lua_block { require("spec.support.ngx.raw").echo() } }
    location /delay { content_by_lua_block {
        ngx.sleep(0.5) require("spec.support.ngx.raw").echo()
    } }
    location /case/ { %s }
    location /case/holds_the_deadline_against_a_resolver { resolver 127.0.0.1:%d; resolver_timeout 5s; %s }
    location /log {
        return 204;
        log_by_lua_block {
            local response, err = require("cognito.ngx.host").new().send {
                method = "GET", url = "http://127.0.0.1/", deadline = 1e9 }
            ngx.shared.counts:set("phase-kind", err.kind)
            ngx.shared.counts:set("phase-text", tostring(err))
        }
    }
]]

local CASE = [[ %s content_by_lua_block {
    local name = ngx.var.uri:match "([%%w_]+)$"
    local ok, reason = xpcall(require("spec.support.ngx.host_cases")[name], debug.traceback)
    ngx.print(ok and "ok" or tostring(reason))
} ]]

local TLS_SERVER = [[
  server {
    listen 127.0.0.1:%d ssl;
    ssl_certificate %s.pem; ssl_certificate_key %s.key; %s
    location / { return 200 "secure"; }
  }
]]

local function tls_location(name, port, trust)
  return ("location /case/%s { set $tls_port %d; %s }"):format(name, port, CASE:format(trust))
end

describe("cognito.ngx.host in nginx", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local server, silent

  setup(function()
    silent = assert(socket.udp())
    assert(silent:setsockname("127.0.0.1", 0))
    local folder = tls.authority()
    tls.certificate(folder, "good", "localhost")
    tls.certificate(folder, "other", "elsewhere.example")
    tls.certificate(folder, "old", "localhost", -1)
    local trusted = ("lua_ssl_trusted_certificate %s/ca.pem; lua_ssl_verify_depth 3;"):format(folder)
    local kinds = {
      { "verifies_a_certificate_of_the_trusted_ca", "good", trusted },
      { "refuses_an_unknown_ca", "good", "" },
      { "refuses_another_host_name", "other", trusted },
      { "refuses_an_expired_certificate", "old", trusted },
      { "refuses_tls_1_1", "good", trusted .. " lua_ssl_protocols TLSv1.1; lua_ssl_ciphers ALL:@SECLEVEL=0;",
        "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;" },
    }
    local http, locations = { "lua_shared_dict counts 1m;" }, {}
    for i, kind in ipairs(kinds) do
      local port = ports.free()
      http[#http + 1] = TLS_SERVER:format(port, folder .. "/" .. kind[2], folder .. "/" .. kind[2],
        kind[4] or "")
      locations[i] = tls_location(kind[1], port, kind[3])
    end
    local _, resolver_port = silent:getsockname()
    server = nginx.start {
      http = table.concat(http, "\n"),
      server = SERVER:format(CASE:format "", resolver_port, CASE:format "") .. table.concat(locations, "\n"),
    }
    assert.equal(204, (server:request "/log"))
  end)

  teardown(function()
    if server then server:stop() end
    silent:close()
    tmp.cleanup()
  end)

  local text = assert(tmp.read "spec/support/ngx/host_cases.lua")
  for name in text:gmatch "\nfunction cases%.([%w_]+)" do
    it((name:gsub("_", " ")), function()
      local status, said = server:request("/case/" .. name)
      assert.equal("ok", said)
      assert.equal(200, status)
    end)
  end

  it("writes no global and nothing alarming to the log", function()
    local log = server:log()
    assert.is_nil(log:find("_G write guard", 1, true))
    assert.is_nil(log:find("%[alert%]"))
    assert.is_nil(log:find("%[crit%]"))
  end)

  -- A client that goes away has its handler killed where it waits; the task must go on.
  it("finishes a task whose caller is gone", function()
    local gone = nginx.start {
      http = "lua_shared_dict counts 1m;",
      server = [[
              lua_check_client_abort on;
              location /start { content_by_lua_block {
                local host = require "cognito.ngx.host".new()
                ngx.on_abort(function() ngx.exit(499) end)
                host.once("k", function()
                    ngx.shared.counts:set("begun", 1)
                    host.sleep(0.3)
                    ngx.shared.counts:set("stored", 1)
                end, host.monotime() + 5)
                ngx.shared.counts:set("returned", 1)
              } }
              location /counts { content_by_lua_block {
                local c = ngx.shared.counts
                ngx.print(c:get "begun" or 0, c:get "stored" or 0, c:get "returned" or 0)
              } }
            ]],
    }
    finally(function() gone:stop() end)
    local client = assert(socket.connect("127.0.0.1", gone.port))
    client:send "GET /start HTTP/1.1\r\nHost: x\r\n\r\n"
    assert.is_true(nginx.wait_until(30, function() return select(2, gone:request "/counts") == "100" or nil end))
    client:close()
    assert.is_true(nginx.wait_until(30, function() return select(2, gone:request "/counts") == "110" or nil end))
  end)

  it("says so when no timer is to be had", function()
    local starved = nginx.start {
      http = "lua_max_pending_timers 1;",
      server = [[ location / { content_by_lua_block {
                local host = require "cognito.ngx.host".new()
                ngx.timer.at(60, function() end)
                local result, err = host.once("k", function() return "ran" end, host.monotime() + 1)
                ngx.print(tostring(result), " ", tostring(err))
            } } ]],
    }
    finally(function() starved:stop() end)
    local _, said = starved:request "/"
    assert.truthy(said:find("nil limited: ", 1, true), said)
    assert.truthy(said:find("lua_max_pending_timers", 1, true), said)
  end)

  it("recovers from a timer that nginx drops", function()
    local crowded = nginx.start {
      http = "lua_max_running_timers 1;",
      server = [[ location / { content_by_lua_block {
                local host = require "cognito.ngx.host".new()
                local task = require "cognito.ngx.task"
                ngx.timer.at(0, function() ngx.sleep(0.5) end)
                ngx.sleep(0.05)
                local first, err = host.once("k", function() return "ran" end, host.monotime() + 0.2)
                ngx.sleep(0.5)
                local second = host.once("k", function() return "ran" end, host.monotime() + 2)
                ngx.print(tostring(first), " ", err.kind, " ", err.hint, " ", tostring(second), task.stats().runners)
            } } ]],
    }
    finally(function() crowded:stop() end)
    local _, said = crowded:request "/"
    assert.equal("nil timeout raise lua_max_running_timers ran0", said)
  end)
end)
