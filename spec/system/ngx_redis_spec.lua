-- Redis over cosockets in nginx: the storage contract, and a fleet of nginx servers that refreshes each session once.
-- EXPIRIES=n changes the size of the largest one.
local emulator = require "spec.support.emulator"
local fleets = require "spec.support.redis_fleet"
local nginx = require "spec.support.nginx"
local proc = require "spec.support.proc"
local redis = require "spec.support.redis"
local tmp = require "spec.support.tmp"

local INIT = [[
    init_by_lua_block {
        local storage = require("spec.support.ngx.redis_cases").storage(%d)
        require("spec.support.ngx.pool").init { pool_id = %q, client_id = %q, url = %q, storage = storage }
        require("spec.support.ngx.sealed")()
    }
]]

local SERVER = [[
    location /contract { content_by_lua_block {
        require("spec.support.ngx.redis_cases").contract(tonumber(ngx.var.arg_port))
    } }
    location /ending { content_by_lua_block {
        require("spec.support.ngx.redis_cases").ending(tonumber(ngx.var.arg_port))
    } }
    location /expired { content_by_lua_block { require("spec.support.ngx.pool").expired() } }
    location /token { content_by_lua_block { require("spec.support.ngx.pool").token() } }
]]

describe("Redis in nginx", function()
  local available, why = nginx.available()
  if available and not pcall(require, "spec.support.redis") then available, why = false, "no redis" end
  if not available then
    pending("needs nginx and Redis: " .. tostring(why))
    return
  end

  local store, service, fleet

  setup(function()
    store = redis.start()
    service = emulator.start { config = { users = { alice = { password = "Correct-horse1" } } } }
    fleet = {}
    for i = 1, 3 do
      fleet[i] = nginx.start { workers = 2, server = SERVER,
        http = INIT:format(store.port, service.pool_id, service.client_id, service.url) }
    end
  end)

  teardown(function()
    for _, server in ipairs(fleet or {}) do server:stop() end
    if service then service.stop() end
    if store then store:stop() end
    tmp.cleanup()
  end)

  it("keeps the storage contract", function()
    assert.equal("ok", select(2, fleet[1]:request("/contract?port=" .. store.port)))
  end)

  it("forgets a record at the time that the record names", function()
    assert.equal("ok", select(2, fleet[1]:request("/ending?port=" .. store.port)))
    local left = store:command("PTTL", "ending:{" .. ("a"):rep(64) .. "}")
    assert.is_true(left > 50000 and left <= 100000, tostring(left))
  end)

  it("refreshes once for a fleet of three servers", function()
    service.reset()
    local _, id = fleet[1]:request "/expired"
    local argv = { "curl", "-s", "-Z", "--parallel-immediate", "--parallel-max", "60" }
    for _, server in ipairs(fleet) do argv[#argv + 1] = ("%s/token?id=%s&i=[1-20]"):format(server.url, id) end
    local _, out = proc.run { argv = argv, timeout = 60 }
    local first = out:match "^[^\n]+"
    assert.equal(2, select(2, first:gsub("%.", "")), first)
    assert.equal((first .. "\n"):rep(60), out)
    assert.equal(1, service.counts().GetTokensFromRefreshToken.requests)
  end)

  it("refreshes once at each expiry for 200 requests to eight workers", function()
    print(fleets.run(8, 200, tonumber(os.getenv "EXPIRIES") or 3))
  end)

  it("answers with a store error while Redis is away, and goes on when it is back", function()
    local _, id = fleet[1]:request "/expired"
    assert.equal(200, (fleet[2]:request("/token?id=" .. id)))
    store:signal "STOP"
    local status, said = fleet[2]:request("/token?id=" .. id)
    store:signal "CONT"
    assert.equal(503, status)
    assert.truthy(said:find "^store:")
    assert.equal(200, (fleet[2]:request("/token?id=" .. id)))
  end)
end)
