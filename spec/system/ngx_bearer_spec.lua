-- guard:bearer in a real nginx: tokens that programs bring, good and bad, and what reaches the upstream.
local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local nginx = require "spec.support.nginx"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local HTTP = [[
    lua_shared_dict sessions 4m;
    lua_shared_dict tiny 64k;
    init_by_lua_block {
        app = require "spec.support.ngx.guard_app"
        app.init { pool_id = %q, client_id = %q, url = %q, issuer = %q, secret = %q }
        app.init_bearer { pool_id = %q, issuer = %q, client_id = %q }
        require("spec.support.ngx.sealed")()
    }
]]

local SERVER = [[
    underscores_in_headers on;
    location /api/ { access_by_lua_block { app.api:bearer() } proxy_pass http://127.0.0.1:$PORT/upstream; }
    location /scoped { access_by_lua_block { app.api:bearer { scopes = { "orders/read" } } }
        content_by_lua_block { ngx.print "ok" } }
    location /grouped { access_by_lua_block { app.api:bearer { groups = { "staff" } } }
        content_by_lua_block { ngx.print "ok" } }
    location /strict/any { access_by_lua_block { app.strict:bearer() } proxy_pass http://127.0.0.1:$PORT/upstream; }
    location /strict/staff { access_by_lua_block { app.strict:bearer { groups = { "admin", "staff" } } }
        proxy_pass http://127.0.0.1:$PORT/upstream; }
    location /strict/scoped { access_by_lua_block { app.strict:bearer { scopes = { "aws.cognito.signin.user.admin" },
        groups = { "staff" } } } content_by_lua_block { app.claims() } }
    location /api-claims { access_by_lua_block { app.api:bearer() } content_by_lua_block { app.claims() } }
    location /maybe-upstream { access_by_lua_block { app.api:bearer { optional = true } }
        proxy_pass http://127.0.0.1:$PORT/upstream; }
    location /maybe { access_by_lua_block { app.api:bearer { optional = true } }
        content_by_lua_block { ngx.print "ok" } }
    location /upstream { content_by_lua_block { app.upstream() } }
    location /online { access_by_lua_block { app.online:bearer() } content_by_lua_block { ngx.print "ok" } }
    location /both { access_by_lua_block { app.online:bearer() } proxy_pass http://127.0.0.1:$PORT/upstream; }
    location /far { access_by_lua_block { app.far:bearer() } content_by_lua_block { ngx.print "ok" } }
    location /wrong { access_by_lua_block { app.api:bearer { group = { "staff" } } }
        content_by_lua_block { ngx.print "ok" } }
    location /two { access_by_lua_block { app.two:bearer() } content_by_lua_block { app.claims() } }
]]

local SECRET = "CANARY0client0secret0CANARY0client0secret"
local PASSWORD = "CANARY-Passw0rd"

describe("guard:bearer in nginx", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local service, foreign, server, good

  local function tokens(username)
    local command = "printf %%s '%s%s' | openssl dgst -sha256 -hmac '%s' -binary | base64"
    local _, digest = proc.run { argv = { "sh", "-c", command:format(username, service.client_id, SECRET) } }
    local _, answer = service.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = service.client_id,
      AuthParameters = { USERNAME = username, PASSWORD = PASSWORD, SECRET_HASH = digest:gsub("%s", "") } })
    return answer.AuthenticationResult
  end

  local function bearer(path, token, more)
    local headers = { authorization = token and "Bearer " .. token }
    for name, value in pairs(more or {}) do headers[name] = value end
    return server:request(path, { headers = headers })
  end

  local function foreign_token(client)
    local _, answer = foreign.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = client,
      AuthParameters = { USERNAME = "alice", PASSWORD = PASSWORD } })
    return answer.AuthenticationResult.AccessToken
  end

  setup(function()
    service = emulator.start { config = {
      users = { alice = { password = PASSWORD, groups = { "staff" } }, bob = { password = PASSWORD } },
      clients = { { secrets = { SECRET } } },
    } }
    foreign = emulator.start { config = { id = "eu-west-1_Foreign01", users = { alice = { password = PASSWORD } },
      clients = { { id = "foreign" }, { id = "stranger" } } } }
    server = nginx.start { workers = 2, server = SERVER, http = HTTP:format(service.pool_id, service.client_id,
      service.url, service.issuer, SECRET, foreign.pool_id, foreign.issuer, "foreign") }
    good = tokens "alice"
  end)

  teardown(function()
    if server then server:stop() end
    if foreign then foreign.stop() end
    if service then service.stop() end
    tmp.cleanup()
  end)

  it("lets a good token pass, with its claims and without planted headers", function()
    local status, body = bearer("/api/x", good.AccessToken, { ["x-user"] = "root" })
    assert.equal(200, status)
    assert.equal("alice", cjson.decode(body)["x-user"])
  end)

  it("asks for a token without naming an error", function()
    local status, body, headers = bearer "/api/x"
    assert.equal(401, status)
    assert.equal('Bearer realm="spec"', headers["www-authenticate"])
    assert.equal("token_required", cjson.decode(body).error)
  end)

  it("removes planted headers also where no token is needed", function()
    assert.equal(200, (bearer("/maybe", nil, { ["x-user"] = "root" })))
  end)

  it("removes every spelling that an upstream may take for one of its headers", function()
    local planted = { ["x_user"] = "root", ["X-uSeR"] = "root", ["x-real_user-name"] = "root",
      ["X_Real_User_Name"] = "root", ["x-real-user-name"] = "root", ["x-other"] = "kept" }
    local argv = { "curl", "-s" }
    for name, value in pairs(planted) do
      argv[#argv + 1] = "-H"
      argv[#argv + 1] = name .. ": " .. value
    end
    for _, case in ipairs { { "/api/x", good.AccessToken, "alice" }, { "/maybe-upstream" } } do
      local whole = { (table.unpack or unpack)(argv) }
      whole[#whole + 1] = server.url .. case[1]
      if case[2] then whole[#whole + 1] = "-HAuthorization: Bearer " .. case[2] end
      local _, body = proc.run { argv = whole }
      local seen = cjson.decode(body)
      assert.equal(case[3], seen["x-user"])
      assert.equal(case[3], seen["x-real-user-name"])
      assert.equal("kept", seen["x-other"])
      assert.is_nil(body:find("root", 1, true), body)
    end
  end)

  it("gives the claims when a handler looks at them, cached or not", function()
    for _, path in ipairs { "/api-claims", "/api-claims", "/strict/scoped", "/strict/scoped" } do
      local status, body = bearer(path, good.AccessToken)
      assert.equal(200, status)
      local seen = cjson.decode(body)
      assert.is_true(seen.same and seen.plain and seen.nothing_else)
      assert.equal("alice", seen.claims.username)
      assert.equal("access", seen.claims.token_use)
      assert.same({ "staff" }, seen.claims["cognito:groups"])
    end
  end)

  it("reads the few claims that it needs itself without a cache", function()
    local status, body = bearer("/strict/any", good.AccessToken, { ["x-groups"] = "root" })
    assert.equal(200, status)
    local seen = cjson.decode(body)
    assert.equal("alice", seen["x-user"])
    assert.equal("staff", seen["x-groups"])
    local bob = tokens("bob").AccessToken
    seen = cjson.decode((select(2, bearer("/strict/any", bob, { ["x-groups"] = "root" }))))
    assert.equal("bob", seen["x-user"])
    assert.is_nil(seen["x-groups"])
    assert.equal(200, (bearer("/strict/staff", good.AccessToken)))
    assert.equal(403, (bearer("/strict/staff", bob)))
    assert.equal(403, (bearer("/strict/scoped", bob)))
    assert.equal(401, (bearer("/strict/staff", good.IdToken)))
  end)

  it("refuses what is not a token of this pool for this use", function()
    local cases = { good.IdToken, foreign_token "foreign",
      good.AccessToken:sub(1, -5) .. "AAAA", "a.b.c", ("A"):rep(4000) }
    for _, token in ipairs(cases) do
      local status, _, headers = bearer("/api/x", token)
      assert.equal(401, status)
      assert.truthy(headers["www-authenticate"]:find('error="invalid_token"', 1, true))
    end
  end)

  it("refuses malformed and doubled headers", function()
    local cases = { Bearer = 400, ["Basic YTpi"] = 400, ["Bearer a b"] = 401,
      ["Bearer " .. good.AccessToken .. ";x"] = 401, ["bearer   " .. good.AccessToken] = 200 }
    for value, wanted in pairs(cases) do
      assert.equal(wanted, (server:request("/api/x", { headers = { authorization = value } })))
    end
    local code = select(2, proc.run { argv = { "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H",
      "Authorization: Bearer " .. good.AccessToken, "-H", "Authorization: Bearer x",
      server.url .. "/api/x" } })
    assert.equal("400", code)
  end)

  it("names the scope that is missing, and forbids other groups", function()
    local status, _, headers = bearer("/scoped", good.AccessToken)
    assert.equal(403, status)
    assert.truthy(headers["www-authenticate"]:find('error="insufficient_scope", scope="orders/read"', 1, true))
    assert.equal(200, (bearer("/grouped", good.AccessToken)))
    assert.equal(403, (bearer("/grouped", tokens("bob").AccessToken)))
  end)

  it("keeps the cookies of a browser's session from the upstream", function()
    local _, said = bearer("/both", good.AccessToken, { cookie = "a=1; __Host-session=" .. ("A"):rep(43) .. "; b=2" })
    assert.equal("a=1; b=2", cjson.decode(said).cookie)
  end)

  it("says in the log why it has no keys, and which directive is missing", function()
    assert.equal(503, (bearer("/far", good.AccessToken)))
    assert.is_true(server:logs "add `resolver <address of a name server>;` to nginx.conf")
  end)

  it("names the line of a policy that is wrong", function()
    assert.equal(500, (bearer("/wrong", good.AccessToken)))
    assert.is_true(server:logs 'unknown option "group"; did you mean groups?')
    assert.truthy(server:log():find("access_by_lua%b(): *%d*:? *guard:bearer") or
      server:log():find("nginx.conf:%d+%):%d+: guard:bearer"))
  end)

  it("takes tokens of the pools and clients that it was told, and of no other", function()
    for token, name in pairs { [good.AccessToken] = "alice", [foreign_token "foreign"] = "alice" } do
      local status, said = bearer("/two", token)
      assert.equal(200, status)
      assert.equal(name, cjson.decode(said).claims.username)
    end
    assert.equal(401, (bearer("/two", foreign_token "stranger")))
    assert.equal(401, (bearer("/api/x", foreign_token "foreign")))
  end)

  it("asks the service whether a token was revoked, where that is wanted", function()
    local bob = tokens("bob").AccessToken
    assert.equal(200, (bearer("/online", bob)))
    service.faults { { fault = "status:503", operation = "GetUser", times = 9 } }
    local status, _, headers = bearer("/online", bob)
    assert.equal(503, status)
    assert.truthy(headers["retry-after"])
    service.faults {}
    assert.equal(200, (bearer("/online", bob)))
    service.revoke "bob"
    status, _, headers = bearer("/online", bob)
    assert.equal(401, status)
    assert.truthy(headers["www-authenticate"]:find('error_description="revoked"', 1, true))
  end)

  it("has written no secret to the log", function()
    -- nginx itself shows a header that was sent twice
    local log = server:log():gsub("[^\n]*client sent duplicate header line[^\n]*", "")
    for _, secret in ipairs { "CANARY", "eyJ" } do
      local at = log:find(secret, 1, true)
      assert.is_nil(at, at and log:sub(at - 300, at + 80))
    end
  end)
end)
