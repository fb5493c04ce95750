-- Visits in a real nginx: when one ends, and what becomes of its session.
local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local jar = require "spec.support.jar"
local nginx = require "spec.support.nginx"
local tmp = require "spec.support.tmp"

local HTTP = [[
    lua_shared_dict sessions 4m;
    lua_shared_dict tiny 64k;
    init_by_lua_block {
        app = require "spec.support.ngx.guard_app"
        app.init { pool_id = %q, client_id = %q, url = %q, issuer = %q }
        require("spec.support.ngx.sealed")()
    }
]]

local SERVER = [[
    location = /login { content_by_lua_block { app.form(app.guard) } }
    location = /json { access_by_lua_block { app.guard:login { api = true } } content_by_lua_block { ngx.print "ok" } }
    location = /short/login { content_by_lua_block { app.form(app.short) } }
    location = /short/app { access_by_lua_block { app.short:login() } content_by_lua_block { ngx.print "ok" } }
    location = /solo/login { content_by_lua_block { app.form(app.solo) } }
    location = /solo/app { access_by_lua_block { app.solo:login() } content_by_lua_block { ngx.print "ok" } }
    location /free { content_by_lua_block { app.free() } }
]]

local ALICE = { username = "alice", password = "Correct-horse1" }
local BOB = { username = "bob", password = "Correct-horse1" }

describe("a visit in nginx", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local service, server

  local function new_server(workers)
    return nginx.start { workers = workers, server = SERVER, http = HTTP:format(service.pool_id, service.client_id,
      service.url, service.issuer) }
  end

  setup(function()
    service = emulator.start { config = { users = { alice = { password = ALICE.password },
      bob = { password = BOB.password } } } }
    server = new_server(2)
  end)

  teardown(function()
    if server then server:stop() end
    if service then service.stop() end
    tmp.cleanup()
  end)

  before_each(function() service.reset() end)

  -- Sends a form that another tab had opened before the browser was signed in.
  local function sign_in_over(b, user, path)
    local tab = jar.new(b.server)
    local csrf = tab.view(path).csrf
    for name, value in pairs(b.jar) do tab.jar[name] = tab.jar[name] or value end
    assert.equal(303, (tab.post(path or "/login", { csrf = csrf, action = "sign_in", username = user.username,
      password = user.password })))
    return tab
  end

  local function stored_keys() return cjson.decode((select(2, server:request "/free"))).keys end

  it("begins with a new cookie at each sign-in; the former one ends with its session", function()
    local b = jar.new(server)
    b.jar["__Host-session"] = ("A"):rep(43)
    b.sign_in(ALICE)
    local first = b.jar["__Host-session"]
    assert.are_not.equal(("A"):rep(43), first)
    assert.is_nil(service.counts().RevokeToken)
    local keys = stored_keys()
    local second = sign_in_over(b, BOB).jar["__Host-session"]
    assert.are_not.equal(first, second)
    assert.is_true(nginx.wait_until(15, function() return stored_keys() <= keys or nil end))
    assert.is_true(nginx.wait_until(15, function() return service.counts().RevokeToken and true or nil end))
    assert.equal(1, service.counts().RevokeToken.ok)
    assert.equal(401, (server:request("/json", { headers = { cookie = "__Host-session=" .. first } })))
    assert.equal(200, (server:request("/json", { headers = { cookie = "__Host-session=" .. second } })))
  end)

  it("leaves the session alone where a user has one only and signs in again", function()
    local alone = new_server(1)
    finally(function() alone:stop() end)
    local b = jar.new(alone)
    assert.equal(303, (b.sign_in(ALICE, "/solo/login")))
    local again = sign_in_over(b, ALICE, "/solo/login")
    assert.are_not.equal(b.jar["__Host-solo"], again.jar["__Host-solo"])
    for _ = 1, 5 do assert.equal(200, (again.request "/solo/app")) end
    assert.equal(302, (b.request "/solo/app"))
    assert.is_nil(service.counts().RevokeToken)
  end)

  it("ends after its idle and its absolute time", function()
    local b = jar.new(server)
    assert.equal(303, (b.sign_in(ALICE, "/short/login")))
    assert.equal(200, (b.request "/short/app"))
    assert.is_true(nginx.wait_until(15, function() return (b.request "/short/app") == 302 or nil end))
  end)
end)
