-- Sign-in at the pool's own pages through the guard: code and PKCE, several tabs, hostile callbacks.
local emulator = require "spec.support.emulator"
local jar = require "spec.support.jar"
local nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
local tmp = require "spec.support.tmp"

local HTTP = [[
    lua_shared_dict sessions 4m;
    init_by_lua_block {
        local cognito = require "cognito"
        local key = ("k"):rep(32)
        local pool = assert(cognito.pool { user_pool_id = %q, client_id = "web", endpoint = %q, domain = %q,
            issuer = %q, storage = assert(cognito.storage.shared_dict { name = "sessions", key = key }) })
        local options = { pool = pool, key = key, home = "/home", return_urls = { "/app/*" }, hosted = {
            redirect_uri = "http://localhost:$PORT/callback", logout_uri = "http://localhost:$PORT/bye",
            scopes = { "openid", "email" } } }
        local err
        guard, err = require("resty.cognito").new(options)
        if not guard then error(tostring(err)) end
        refused = {}
        for _, wrong in ipairs { { pool = pool, hosted = { redirect_uri = "https://x/", scopes = { "email" } } },
            { verifier = { user_pool_id = pool.user_pool_id, client_id = "web" }, hosted = {} } } do
            wrong.key = key
            refused[#refused + 1] = tostring(select(2, require("resty.cognito").new(wrong)))
        end
        require("spec.support.ngx.sealed")()
    }
]]

local SERVER = [[
    location /app/ { access_by_lua_block { guard:login() }
        content_by_lua_block { ngx.print(ngx.ctx.cognito.claims["cognito:username"]) } }
    location = /csrf { access_by_lua_block { guard:login() } content_by_lua_block { ngx.print(guard:csrf()) } }
    location = /refresh { access_by_lua_block { guard:login() }
        content_by_lua_block { ngx.print(tostring(ngx.ctx.cognito.session:refresh())) } }
    location = /login { content_by_lua_block { guard:form() } }
    location = /callback { content_by_lua_block { guard:callback() } }
    location = /logout { content_by_lua_block { guard:logout() } }
    location = /refused { content_by_lua_block { ngx.print(table.concat(refused, "\n")) } }
]]

describe("hosted login through the guard", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local service, server

  setup(function()
    local port = ports.free()
    service = emulator.start { config = {
      users = { alice = { password = "Correct-horse1", attributes = { email = "alice@example.com" } } },
      clients = { { id = "web", redirect_uris = { ("http://localhost:%d/callback"):format(port) },
        logout_uris = { ("http://localhost:%d/bye"):format(port) } } },
    } }
    server = nginx.start { port = port, workers = 2, server = SERVER, http = HTTP:format(service.pool_id,
      service.url, service.url, service.issuer) }
  end)

  teardown(function()
    if server then server:stop() end
    if service then service.stop() end
    tmp.cleanup()
  end)

  local function location(head) return head:match "\r\nLocation: ([^\r]*)" end

  -- What the person does at the pool's pages; gives the path and query of the callback.
  local function at_the_pool(url)
    local _, _, head = service.http("GET", url:match "^http://[^/]+(.*)$")
    local page = location(head)
    _, _, head = service.http("POST", "/login", jar.encode { id = page:match "id=(.+)$", username = "alice",
      password = "Correct-horse1" }, { ["Content-Type"] = "application/x-www-form-urlencoded" })
    return assert(location(head):match "^http://localhost:%d+(/callback%?.*)$", location(head))
  end

  local function begin(b, return_to)
    local status, _, headers = b.request("/login?return=" .. (return_to or "/app/x"))
    assert.equal(302, status)
    return headers.location
  end

  local function sign_in(b, return_to) return b.request(at_the_pool(begin(b, return_to))) end

  local function place(headers) return (headers.location:gsub("^http://[^/]+", "")) end

  it("says at the start what cannot work: no scope openid, no pool", function()
    local _, body = jar.new(server).request "/refused"
    assert.matches("hosted.scopes does not name openid.*\n.*hosted needs the option pool", body)
  end)

  it("asks for a code with PKCE, state and nonce", function()
    local url = begin(jar.new(server))
    for _, part in ipairs { "response_type=code", "code_challenge_method=S256", "code_challenge=", "state=",
      "nonce=", "client_id=web" } do
      assert.truthy(url:find(part, 1, true), part)
    end
  end)

  it("brings the person back to the page that was asked for", function()
    local b = jar.new(server)
    local status, _, headers = sign_in(b, "/app/orders%3Fn%3D1")
    assert.equal(303, status)
    assert.equal("/app/orders?n=1", place(headers))
    assert.equal("no-store", headers["cache-control"])
    assert.equal("alice", (select(2, b.request "/app/x")))
    assert.equal("true", (select(2, b.request "/refresh")))
    for name in pairs(b.jar) do assert.is_nil(name:find("login", 1, true), "the pending login is still there") end
  end)

  it("goes to no place that is not allowed", function()
    local _, _, headers = sign_in(jar.new(server), "https://evil.example/")
    assert.equal("/home", place(headers))
  end)

  it("lets several tabs sign in, in any order", function()
    local b = jar.new(server)
    local one, two = begin(b, "/app/1"), begin(b, "/app/2")
    local _, _, second = b.request(at_the_pool(two))
    assert.equal("/app/2", place(second))
    local status, _, first = b.request(at_the_pool(one))
    assert.equal(303, status)
    assert.equal("/app/1", place(first))
  end)

  it("keeps a handful of pending logins for a browser and nothing on the server", function()
    local b = jar.new(server)
    for _ = 1, 20 do begin(b) end
    local pending_logins = 0
    for name in pairs(b.jar) do pending_logins = pending_logins + (name:find("login", 1, true) and 1 or 0) end
    assert.is_true(pending_logins <= 6, pending_logins .. " cookies")
  end)

  it("refuses a callback of another browser, a used one, and forged ones", function()
    local b, thief = jar.new(server), jar.new(server)
    local back = at_the_pool(begin(b))
    begin(thief)
    assert.equal(400, (thief.request(back)))
    assert.equal(303, (b.request(back)))
    assert.equal(400, (b.request(back)))
    local state = back:match "state=([^&]+)"
    for _, query in ipairs { "", "?code=x", "?state=" .. state, "?code=x&state=" .. ("A"):rep(43),
      "?error=access_denied&state=" .. state, "?code=x&code=y&state=" .. state, "?code=%00&state=%ff",
      "?" .. ("x"):rep(9000) } do
      local status, body = jar.new(server).request("/callback" .. query)
      assert.is_true(status == 400 or status == 414, tostring(status))
      assert.is_nil(body:find("<script", 1, true))
    end
  end)

  it("says so when the person cancelled, and names no input", function()
    local b = jar.new(server)
    local state = begin(b):match "[?&]state=([^&]+)"
    local status, body = b.request("/callback?error=access_denied&error_description=%3Cscript%3E&state=" .. state)
    assert.equal(400, status)
    assert.truthy(body:find("cancelled", 1, true))
    assert.is_nil(body:find("script", 1, true))
  end)

  it("survives a code that the service refuses", function()
    local b = jar.new(server)
    local back = at_the_pool(begin(b)):gsub("code=[^&]+", "code=00000000-0000-4000-8000-000000000000")
    assert.equal(400, (b.request(back)))
    assert.equal(302, (b.request "/app/x"))
  end)

  it("signs out here, at the token endpoint and at the pool's pages", function()
    local b = jar.new(server)
    sign_in(b)
    local _, word = b.request "/csrf"
    local status, _, headers = b.post("/logout", { csrf = word })
    assert.equal(303, status)
    assert.truthy(headers.location:find(service.url .. "/logout?", 1, true))
    assert.truthy(headers.location:find("logout_uri=", 1, true))
    assert.equal(302, (b.request "/app/x"))
  end)
end)
