-- Secrets and error.log at level debug: what the library knows must not be there, whatever goes wrong. nginx itself, at
-- that level, writes the headers of requests and responses, and only there may a cookie or a token appear.
local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local jar = require "spec.support.jar"
local nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local HTTP = [[
    lua_shared_dict sessions 4m;
    init_by_lua_block {
        app = require "spec.support.ngx.canary_app"
        app.init { user_pool_id = %q, client_id = "web", client_secret = %q, endpoint = %q, domain = %q, issuer = %q,
            key = %q, redirect_uri = "http://localhost:$PORT/callback", timeout = 2, deadline = 3, max_attempts = 2 }
        require("spec.support.ngx.sealed")()
    }
]]

local SERVER = [[
    location = /login { content_by_lua_block { app.form(app.guard) } }
    location = /who { access_by_lua_block { app.guard:login() } content_by_lua_block { app.export() } }
    location = /refresh { access_by_lua_block { app.guard:login() } content_by_lua_block { app.refresh() } }
    location = /upstream { access_by_lua_block { app.guard:login() } proxy_pass http://127.0.0.1:$PORT/end; }
    location = /logout { content_by_lua_block { app.guard:logout() } }
    location = /hosted { content_by_lua_block { app.form(app.hosted) } }
    location = /callback { content_by_lua_block { app.hosted:callback() } }
    location = /hosted-who { access_by_lua_block { app.hosted:login() } content_by_lua_block { app.export() } }
    location = /api { access_by_lua_block { app.api:bearer() } content_by_lua_block { ngx.print "ok" } }
    location = /dump { content_by_lua_block { app.dump() } }
    location = /end { return 204; }
]]

local SECRET, KEY = "CANARY0client0secret0CANARY0client0secret", "CANARY-key-CANARY-key-CANARY-key"
local PASSWORD, NEW, WRONG = "CANARY-Passw0rd", "CANARY-New-Passw0rd", "CANARY-Wrong-Passw0rd"
local TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

describe("error.log at level debug", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local service, server
  -- what may not be in the log at all, and what nginx writes itself where it stands in a header
  local hidden, carried = {}, {}

  setup(function()
    local port = ports.free()
    service = emulator.start { config = { mfa = "OPTIONAL", limits = false, users = {
      alice = { password = PASSWORD },
      tom = { password = PASSWORD, totp_secret = TOTP, mfa = { "SOFTWARE_TOKEN_MFA" } },
      nina = { password = PASSWORD, status = "FORCE_CHANGE_PASSWORD" },
      fred = { password = PASSWORD, attributes = { email = "fred@example.com", email_verified = "true" } },
    }, clients = { { id = "web", secrets = { SECRET }, rotation = { grace = 0 },
      redirect_uris = { ("http://localhost:%d/callback"):format(port) } } } } }
    server = nginx.start { port = port, level = "debug", server = SERVER,
      http = HTTP:format(service.pool_id, SECRET, service.url, service.url, service.issuer, KEY) }
  end)

  teardown(function()
    if server then server:stop() end
    if service then service.stop() end
    tmp.cleanup()
  end)

  local function hide(...) for _, text in ipairs { ... } do hidden[#hidden + 1] = text end end

  local function note(b)
    for _, value in pairs(b.jar) do carried[#carried + 1] = value end
  end

  local function view_of(b, path)
    local _, body = b.request(path or "/login")
    note(b)
    return cjson.decode(body)
  end

  local function post(b, fields)
    local status, body = b.post("/login", fields)
    note(b)
    local view = status == 200 and cjson.decode(body) or {}
    hide(view.state)
    return view, status
  end

  local function sign_in(username, password)
    local b = jar.new(server)
    local csrf = view_of(b).csrf
    hide(csrf)
    return b, post(b, { csrf = csrf, action = "sign_in", username = username, password = password })
  end

  local function export(b, path)
    local status, body = b.request(path or "/who")
    assert.equal(200, status)
    local seen = cjson.decode(body)
    hide(seen.refresh, seen.word)
    carried[#carried + 1], carried[#carried + 2] = seen.access, seen.id
    return seen
  end

  local function totp()
    local _, code = proc.run { argv = { "oathtool", "-b", "--totp", TOTP } }
    return (code:gsub("%s", ""))
  end

  local function location(head) return head:match "\r\nLocation: ([^\r]*)" end

  it("is written while people sign in, in every way and with every mistake", function()
    local b, _, status = sign_in("alice", PASSWORD)
    assert.equal(303, status)
    local seen = export(b)
    assert.equal(204, (b.request "/upstream"))
    assert.equal("renewed", (select(2, b.request "/refresh")))
    export(b)
    assert.equal(200, (server:request("/api", { headers = { authorization = "Bearer " .. seen.access } })))
    assert.equal(401, (server:request("/api", { headers = { authorization = "Bearer " .. seen.id } })))
    local _, view = sign_in("alice", WRONG)
    assert.equal("wrong_credentials", view.problem)
    b, view = sign_in("nina", PASSWORD)
    view, status = post(b, { csrf = view.csrf, state = view.state, action = "answer", new_password = NEW })
    assert.equal(303, status, view.problem)
    b, view = sign_in("tom", PASSWORD)
    view = post(b, { csrf = view.csrf, state = view.state, action = "answer", code = "000000" })
    assert.equal("wrong_code", view.problem)
    view, status = post(b, { csrf = view.csrf, state = view.state, action = "answer", code = totp() })
    assert.equal(303, status, view.problem)
    view = post(b, { csrf = view_of(jar.new(server)).csrf, action = "sign_in", username = "x", password = PASSWORD })
    assert.is_nil(view.name)
  end)

  it("is written while a password is forgotten", function()
    local b = jar.new(server)
    local csrf = view_of(b).csrf
    post(b, { csrf = csrf, action = "forgot", username = "fred" })
    local code = service.code()
    hide(code)
    post(b, { csrf = csrf, action = "reset", username = "fred", code = "000001", new_password = NEW })
    local view = post(b, { csrf = csrf, action = "reset", username = "fred", code = code, new_password = NEW })
    assert.equal("password_changed", view.notice)
  end)

  it("is written while the service fails in many ways", function()
    local b = sign_in("alice", PASSWORD)
    for _, fault in ipairs { "status:503", "status:400", "json-garbage", "json-truncated", "reset", "hang", "truncate",
      "html:200", "empty", "dup-length", "chunk-garbage", "json-types" } do
      service.faults { { fault = fault, times = 20 } }
      assert.are_not.equal("renewed", (select(2, b.request "/refresh")), fault)
      local _, view, status = sign_in("alice", PASSWORD)
      assert.is_true(status == 503 or view.problem ~= nil, fault)
      service.faults {}
      assert.equal(303, (select(3, sign_in("alice", PASSWORD))), fault)
    end
  end)

  it("is written while the pool's own pages are used", function()
    local b = jar.new(server)
    local _, _, headers = b.request "/hosted"
    note(b)
    local _, _, head = service.http("GET", headers.location:match "^http://[^/]+(.*)$")
    _, _, head = service.http("POST", "/login", jar.encode { id = location(head):match "id=(.+)$", username = "alice",
      password = PASSWORD }, { ["Content-Type"] = "application/x-www-form-urlencoded" })
    local back = location(head):match "^http://localhost:%d+(/callback%?.*)$"
    carried[#carried + 1] = back:match "code=([^&]+)"
    assert.equal(303, (b.request(back)))
    note(b)
    export(b, "/hosted-who")
    assert.equal(400, (b.request(back)))
    assert.equal(400, (b.request "/callback?error=CANARY&state=x"))
    assert.is_true(server:logs "a callback was refused: no_login_pending, client: 127.0.0.1, uri: /callback")
  end)

  it("is written at a logout", function()
    local b = sign_in("alice", PASSWORD)
    local seen = export(b)
    assert.equal(403, (b.post("/logout", { csrf = WRONG })))
    assert.equal(303, (b.post("/logout", { csrf = seen.word })))
  end)

  -- What nginx itself writes at this level: requests and responses as they come and go. What Lua code writes is tagged.
  local function is_own(line) return not line:find("[lua]", 1, true) end

  it("is one thing; the dictionary with the sessions holds no secret either", function()
    local _, all = server:request "/dump"
    assert.is_true(#all > 20000, #all .. " octets")
    for _, list in ipairs { hidden, carried, { PASSWORD, SECRET, KEY } } do
      for _, text in ipairs(list) do assert.is_nil(all:find(text, 1, true), text) end
    end
  end)

  it("holds no secret", function()
    assert.equal("", (select(2, server:request "/end")))
    local log = server:log()
    assert.truthy(log:find("said: refreshed", 1, true), "the library has said nothing")
    assert.is_true(#hidden > 30 and #carried > 60, #hidden .. " " .. #carried)
    hide(PASSWORD, NEW, WRONG, SECRET, KEY)
    for _, text in ipairs(hidden) do
      local at = log:find(text, 1, true)
      assert.is_nil(at, at and log:sub(at - 300, at + 120))
    end
    local shown = {}
    for _, text in ipairs(carried) do shown[text] = true end
    for line in log:gmatch "[^\n]+" do
      for text in line:gmatch "[%w%-_.~+/=]+" do
        for part in text:gmatch "[^=]+" do
          assert.is_true(not shown[part] or is_own(line), line)
        end
      end
    end
  end)
end)
