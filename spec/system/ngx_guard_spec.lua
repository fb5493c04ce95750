-- The guard in a real nginx against the emulator: login, the form, logout, and what hostile clients send.
local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local jar = require "spec.support.jar"
local nginx = require "spec.support.nginx"
local proc = require "spec.support.proc"
local socket = require "socket"
local tmp = require "spec.support.tmp"

local HTTP = [[
    lua_shared_dict sessions 4m;
    lua_shared_dict tiny 64k;
    init_by_lua_block {
        app = require "spec.support.ngx.guard_app"
        app.init { pool_id = %q, client_id = %q, url = %q, issuer = %q, secret = %q }
        require("spec.support.ngx.sealed")()
    }
]]

local SERVER = [[
    location /app/ { access_by_lua_block { app.guard:login() } proxy_pass http://127.0.0.1:$PORT/upstream; }
    location /open/ { access_by_lua_block { app.guard:login { optional = true } }
        proxy_pass http://127.0.0.1:$PORT/upstream; }
    location /staff { access_by_lua_block { app.guard:login { groups = { "staff" } } }
        content_by_lua_block { ngx.print "ok" } }
    location /own { access_by_lua_block { app.guard:login { scopes = { "aws.cognito.signin.user.admin" } } }
        content_by_lua_block { ngx.print "ok" } }
    location /orders { access_by_lua_block { app.guard:login { scopes = { "orders/read" } } }
        content_by_lua_block { ngx.print "ok" } }
    location /json { access_by_lua_block { app.guard:login { api = true } } content_by_lua_block { ngx.print "ok" } }
    location /csrf { access_by_lua_block { app.guard:login() } content_by_lua_block { app.csrf() } }
    location /refresh { access_by_lua_block { app.guard:login() } content_by_lua_block { app.refresh() } }
    location /leave { access_by_lua_block { app.guard:login() } content_by_lua_block { app.leave() } }
    location = /login { content_by_lua_block { app.form(app.guard) } }
    location = /logout { content_by_lua_block { app.guard:logout() } }
    location = /narrow/login { content_by_lua_block { app.form(app.narrow) } }
    location = /ahead/login { content_by_lua_block { app.form(app.ahead) } }
    location = /ahead/app { access_by_lua_block { app.ahead:login() } content_by_lua_block { ngx.print "ok" } }
    location = /log { log_by_lua_block { local ok, said = pcall(app.guard.login, app.guard) ngx.log(ngx.WARN, said) }
        return 204; }
    location = /tight/login { content_by_lua_block { app.form(app.tight) } }
    location = /tight/fill { content_by_lua_block { app.fill() } }
    location /upstream { content_by_lua_block { app.upstream() } }
    location /free { content_by_lua_block { app.free() } }
]]

local SECRET = "CANARY0client0secret0CANARY0client0secret"
local PASSWORD = "CANARY-Passw0rd"

describe("the guard in nginx", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local service, server

  local function new_server(workers)
    return nginx.start { workers = workers, server = SERVER, http = HTTP:format(service.pool_id,
      service.client_id, service.url, service.issuer, SECRET) }
  end

  setup(function()
    service = emulator.start { config = {
      users = {
        alice = { password = PASSWORD, groups = { "staff" } }, bob = { password = PASSWORD },
        dora = { password = PASSWORD, totp_secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
          mfa = { "SOFTWARE_TOKEN_MFA" } },
      },
      mfa = "OPTIONAL", clients = { { secrets = { SECRET } },
        { id = "brief", secrets = { SECRET }, access_token_ttl = 12, id_token_ttl = 12 } },
    } }
    server = new_server(2)
  end)

  teardown(function()
    if server then server:stop() end
    if service then service.stop() end
    tmp.cleanup()
  end)

  before_each(function() service.reset() end)

  local function new_browser(of)
    local b = jar.new(of or server)
    local fill_in = b.sign_in
    function b.sign_in(username, more, path)
      local fields = { username = username, password = PASSWORD }
      for name, value in pairs(more or {}) do fields[name] = value end
      return fill_in(fields, path)
    end
    return b
  end

  local function signed_in(username)
    local b = new_browser()
    assert.equal(303, (b.sign_in(username or "alice")))
    return b
  end

  -- ---- login ----

  describe("login", function()
    it("sends a page to the form, an API away, and loses no POST in silence", function()
      local b = new_browser()
      local status, _, headers = b.request "/app/x?y=1"
      assert.equal(302, status)
      assert.equal("/login?return=%2Fapp%2Fx%3Fy%3D1", headers.location)
      status, _, headers = b.request("/app/x", { headers = { ["sec-fetch-mode"] = "cors" } })
      assert.equal(401, status)
      assert.is_nil(headers.location)
      assert.equal(401, (b.request "/json"))
      local said
      status, said, headers = b.post("/app/x", { a = "b" })
      assert.equal(401, status)
      assert.is_nil(headers.location)
      assert.truthy(said:find("was not processed", 1, true))
    end)

    it("lets who is signed in pass, with fresh headers and without its own cookies", function()
      local b = signed_in()
      b.jar.theme = "dark"
      local status, body = b.request("/app/x", { headers = { ["x-user"] = "root", ["x-groups"] = "admin" } })
      assert.equal(200, status)
      local seen = cjson.decode(body)
      assert.equal("alice", seen["x-user"])
      assert.equal("staff", seen["x-groups"])
      assert.equal("theme=dark", seen.cookie)
      assert.truthy(seen.authorization:find "^Bearer ey")
    end)

    it("lets anybody pass where it is optional, without planted headers", function()
      local b = new_browser()
      local status, body = b.request("/open/x", { headers = { ["x-user"] = "root" } })
      assert.equal(200, status)
      assert.is_nil(cjson.decode(body)["x-user"])
      b.jar.theme = "dark"
      b.jar["__Host-session-form"] = ("A"):rep(43)
      b.jar["__Host-session"] = ("B"):rep(43)
      assert.equal("theme=dark", cjson.decode((select(2, b.request "/open/x"))).cookie)
      b = signed_in()
      assert.equal("alice", cjson.decode((select(2, b.request "/open/x")))["x-user"])
    end)

    it("keeps other groups out", function()
      assert.equal(200, (signed_in("alice").request "/staff"))
      assert.equal(403, (signed_in("bob").request "/staff"))
    end)

    it("asks the access token for scopes, which the ID token has none of", function()
      local b = signed_in("bob")
      for _ = 1, 2 do
        assert.equal(200, (b.request "/own"))
        assert.equal(403, (b.request "/orders"))
      end
    end)

    it("takes hostile cookies for none", function()
      local real = signed_in().jar["__Host-session"]
      local cases = { "", "x", ("A"):rep(43), real .. "A", real:sub(1, 42), ("x"):rep(5000), "../../etc",
        real .. "; __Host-session=" .. ("A"):rep(43), "%00", real:lower() }
      for _, value in ipairs(cases) do
        local status = server:request("/json", { headers = { cookie = "__Host-session=" .. value } })
        assert.equal(401, status, value)
      end
      assert.equal(200, (server:request("/json", { headers = { cookie = "__Host-session=" .. real } })))
    end)

    it("sends to sign in whose session the service has ended", function()
      local b = signed_in "bob"
      service.revoke "bob"
      assert.equal("sign_in_required", (select(2, b.request "/refresh")))
      for _ = 1, 8 do assert.equal(401, (b.request("/json", { headers = { connection = "close" } }))) end
    end)

    it("sees on every worker that the session was signed out by another way", function()
      local b = signed_in "bob"
      for _ = 1, 8 do assert.equal(200, (b.request "/json")) end
      assert.equal(200, (b.request "/leave"))
      for _ = 1, 8 do assert.equal(401, (b.request "/json")) end
    end)

    it("renews a token ahead, in a timer, so that no request waits", function()
      local b = new_browser()
      assert.equal(303, (b.sign_in("alice", nil, "/ahead/login")))
      service.reset()
      service.faults { { fault = "delay:4", operation = "GetTokensFromRefreshToken", times = 1 } }
      assert.is_true(nginx.wait_until(20, function()
        local start = socket.gettime()
        assert.equal(200, (b.request "/ahead/app"))
        assert.is_true(socket.gettime() - start < 3)
        return service.counts().GetTokensFromRefreshToken and true or nil
      end))
      for _ = 1, 10 do assert.equal(200, (b.request "/ahead/app")) end
      assert.equal(1, service.counts().GetTokensFromRefreshToken.requests)
    end)

    it("says that it cannot know while the service is away, and forgets nobody", function()
      local b = signed_in "bob"
      service.faults { { fault = "status:503", operation = "GetTokensFromRefreshToken", times = 9 } }
      assert.equal("server", (select(2, b.request "/refresh")))
      service.faults {}
      assert.equal(200, (b.request "/json"))
      assert.equal("renewed", (select(2, b.request "/refresh")))
    end)
  end)

  -- ---- the form ----

  describe("the form", function()
    it("tells the service whose browser it is, as a confidential client should", function()
      new_browser().sign_in "alice"
      local sent = service.requests "InitiateAuth"
      assert.equal("127.0.0.1", sent[#sent].input.UserContextData.IpAddress)
    end)

    it("goes back to where it came from, to allowed places only", function()
      local _, _, headers = new_browser().sign_in("alice", { ["return"] = "/app/x?y=1" })
      assert.equal("/app/x?y=1", headers.location:gsub("^http://[^/]+", ""))
      for _, place in ipairs { "https://evil.example/", "//evil.example", "/elsewhere", "/app/\\..\\x" } do
        _, _, headers = new_browser().sign_in("alice", { ["return"] = place })
        assert.equal("/home", (headers.location:gsub("^http://[^/]+", "")))
      end
    end)

    it("refuses forms that this browser was not given", function()
      local mine, other = new_browser(), new_browser()
      local csrf, theirs = mine.view().csrf, other.view().csrf
      local fields = { action = "sign_in", username = "alice", password = PASSWORD }
      for _, word in ipairs { "", theirs, csrf:sub(2), ("A"):rep(43) } do
        fields.csrf = word
        local status, body = mine.post("/login", fields)
        assert.equal(403, status)
        assert.equal("form_expired", cjson.decode(body).problem)
      end
      fields.csrf = csrf
      assert.equal(403, (mine.post("/login", fields, { ["sec-fetch-site"] = "cross-site" })))
      mine.jar = {}
      assert.equal(403, (mine.post("/login", fields)))
      assert.is_nil(service.counts().InitiateAuth)
    end)

    it("refuses what is no form, too much of it, or unknown", function()
      local b = new_browser()
      local csrf = b.view().csrf
      assert.equal(413, (b.post("/login", { csrf = csrf, action = "sign_in", username = ("x"):rep(20000) })))
      local json = { ["content-type"] = "application/json" }
      assert.equal(415, (b.request("/login", { body = "{}", headers = json })))
      assert.equal(400, (b.post("/login", { csrf = csrf, action = "destroy" })))
      assert.equal(400, (b.post("/login", { csrf = csrf, action = "passkey", username = "alice" })))
      assert.equal(405, (b.request("/login", { method = "DELETE" })))
      local many = {}
      for i = 1, 100 do many["f" .. i] = "x" end
      assert.is_true((b.post("/login", many)) >= 400)
    end)

    it("tells no difference between a wrong password and an unknown user", function()
      local b = new_browser()
      local one = { b.sign_in("alice", { password = "wrong" }) }
      local two = { b.sign_in("nobody", { password = "wrong" }) }
      assert.equal(one[1], two[1])
      local first, second = cjson.decode(one[2]), cjson.decode(two[2])
      assert.equal("wrong_credentials", first.problem)
      assert.equal(first.problem, second.problem)
    end)

    it("carries a half-done sign-in in this browser's form only", function()
      local b = new_browser()
      local _, body = b.sign_in "dora"
      local view = cjson.decode(body)
      assert.equal("SOFTWARE_TOKEN_MFA", view.challenge.name)
      assert.is_nil(view.state:find("CANARY", 1, true))
      local thief = new_browser()
      local stolen = { csrf = thief.view().csrf, action = "answer", state = view.state, code = "123456" }
      assert.equal("expired", cjson.decode((select(2, thief.post("/login", stolen)))).problem)
      local fields = { csrf = view.csrf, action = "answer", state = view.state, code = "000000" }
      view = cjson.decode((select(2, b.post("/login", fields))))
      assert.equal("wrong_code", view.problem)
      local _, totp = proc.run { argv = { "oathtool", "-b", "--totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" } }
      fields.state, fields.code = view.state, totp:gsub("%s", "")
      assert.equal(303, (b.post("/login", fields)))
      assert.equal(200, (b.request "/json"))
    end)

    it("keeps nothing for a thousand sign-ins that are never finished", function()
      local function state() return cjson.decode((select(2, server:request "/free"))) end
      local before = state()
      proc.run { timeout = 60, argv = { "curl", "-s", "-o", "/dev/null", server.url .. "/login?i=[1-1000]" } }
      for _ = 1, 20 do new_browser().sign_in "dora" end
      -- what was there before may have ended meanwhile
      local after = state()
      assert.is_true(after.keys <= before.keys and after.free >= before.free,
        ("%d keys, then %d"):format(before.keys, after.keys))
    end)

    it("signs nobody in when the storage is full, and says so", function()
      assert.equal(200, (server:request "/tight/fill"))
      local b = new_browser()
      local status, _, headers = b.sign_in("alice", nil, "/tight/login")
      assert.equal(503, status)
      assert.truthy(headers["retry-after"])
      assert.is_nil(b.jar["__Host-tight"])
    end)

    -- The bound is a worker's, so there must be one worker only.
    it("lets only so many sign-ins run at a time", function()
      local alone = new_server(1)
      finally(function() alone:stop() end)
      local path, first, second = "/narrow/login", new_browser(alone), new_browser(alone)
      local form = jar.encode { csrf = first.view(path).csrf, action = "sign_in", username = "alice",
        password = PASSWORD }
      service.faults { { fault = "delay:1", operation = "InitiateAuth", times = 1 } }
      local waiting = proc.start { argv = { "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-d", form,
        "-H", "Cookie: __Host-narrow-form=" .. first.jar["__Host-narrow-form"], alone.url .. path } }
      assert.is_true(nginx.wait_until(30, function() return service.counts().InitiateAuth and true or nil end))
      local status, body, headers = second.sign_in("alice", nil, path)
      assert.equal(503, status)
      assert.equal("busy", cjson.decode(body).problem)
      assert.equal("1", headers["retry-after"])
      waiting:wait(10)
      assert.equal("303", waiting:output())
      waiting:stop()
      for _ = 1, 3 do assert.equal(303, (new_browser(alone).sign_in("alice", nil, path))) end
    end)
  end)

  -- ---- logout ----

  describe("logout", function()
    it("takes a POST of the site's own pages only", function()
      local b = signed_in()
      assert.equal(405, (b.request "/logout"))
      assert.equal(403, (b.post("/logout", { csrf = "x" })))
      assert.equal(403, (b.post("/logout", { csrf = new_browser().view().csrf })))
      local _, word = b.request "/csrf"
      assert.equal(403, (b.post("/logout", { csrf = word }, { ["sec-fetch-site"] = "cross-site" })))
      assert.equal(200, (b.request "/json"))
    end)

    it("answers a program in JSON, which names an error where there is one", function()
      local b = signed_in()
      local _, word = b.request "/csrf"
      local program = { ["sec-fetch-mode"] = "cors" }
      local function answer(status, body) return { status, cjson.decode(body) } end
      assert.same({ 405, { error = "method_not_allowed" } }, answer(b.request("/logout", { headers = program })))
      assert.same({ 403, { error = "csrf" } }, answer(b.post("/logout", { csrf = "x" }, program)))
      assert.same({ 200, {} }, answer(b.post("/logout", { csrf = word }, program)))
      assert.is_nil(b.jar["__Host-session"])
      assert.same({ 200, {} }, answer(b.post("/logout", {}, program)))
    end)

    it("ends the visit, revokes the token and removes the cookie", function()
      local b = signed_in()
      local cookie = b.jar["__Host-session"]
      local _, word = b.request "/csrf"
      local status, _, headers = b.post("/logout", { csrf = word })
      assert.equal(303, status)
      assert.equal("/", (headers.location:gsub("^http://[^/]+", "")))
      assert.is_nil(b.jar["__Host-session"])
      assert.equal(1, service.counts().RevokeToken.ok)
      assert.equal(401, (server:request("/json", { headers = { cookie = "__Host-session=" .. cookie } })))
    end)
  end)

  it("names the phase in which it cannot work", function()
    assert.equal(204, (server:request "/log"))
    assert.is_true(server:logs "guard:login cannot run in phase log: use access_by_lua*")
  end)

  it("has written no secret to the log", function()
    -- nginx itself shows a header that was sent twice
    local log = server:log():gsub("[^\n]*client sent duplicate header line[^\n]*", "")
    for _, secret in ipairs { "CANARY", "eyJ", "Set-Cookie" } do
      local at = log:find(secret, 1, true)
      assert.is_nil(at, at and log:sub(at - 300, at + 80))
    end
  end)
end)
