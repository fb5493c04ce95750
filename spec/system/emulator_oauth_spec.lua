-- The OAuth 2.0 endpoints and the login pages, over real HTTP.

require("cognito.emulator.paths").extend()

local cjson = require "cjson.safe"
local digest = require "openssl.digest"

local emulator = require "spec.support.emulator"
local srp = require "spec.support.srp_client"

local SECRET = "s3cretS3cretS3cretS3cret0001"
local TOTP = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
local BACK = "http://localhost:8765/callback"

local CONFIG = {
  mfa = "OPTIONAL", required_attributes = { "email" },
  users = {
    alice = { password = "Correct-horse1", attributes = { email = "alice@example.com", email_verified = true,
      given_name = "Alice" } },
    totp = { password = "Correct-horse1", mfa = { "SOFTWARE_TOKEN_MFA" }, totp_secret = TOTP },
    fresh = { password = "Temporary-1", status = "FORCE_CHANGE_PASSWORD" },
  },
  clients = {
    { id = "web", redirect_uris = { BACK, "myapp://done" }, logout_uris = { "http://localhost:8765/bye" } },
    { id = "server", secrets = { SECRET }, redirect_uris = { BACK }, rotation = { grace = 0 } },
    { id = "machine", secrets = { SECRET }, oauth_flows = { "client_credentials" },
      scopes = { "api/read", "api/write", "openid" } },
    { id = "implicit", redirect_uris = { BACK }, oauth_flows = { "implicit" } },
  },
}

local VERIFIER = ("v"):rep(64)

local function base64url(bytes)
  return (srp.base64(bytes):gsub("[+/]", { ["+"] = "-", ["/"] = "_" }):gsub("=", ""))
end

local CHALLENGE = base64url(digest.new("sha256"):final(VERIFIER))

local function escape(text)
  return (text:gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function form(t)
  local parts = {}
  for key, value in pairs(t) do parts[#parts + 1] = escape(key) .. "=" .. escape(value) end
  return table.concat(parts, "&")
end

describe("the emulator's hosted login", function()
  local e

  setup(function() e = emulator.start { config = CONFIG } end)
  teardown(function() e.stop() end)
  before_each(function() e.reset() end)

  local function location(head) return head:match "\r\nLocation: ([^\r]*)" end

  -- Follows the redirect to the next page of the login, but not the one to the application.
  local function post(path, fields, headers)
    headers = headers or {}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    local status, text, head = e.http("POST", path, form(fields), headers)
    local target = status == 302 and location(head)
    if target and target:find "^/" then return e.http("GET", target) end
    return status, text, head
  end

  local function authorize(given, headers)
    local query = { response_type = "code", client_id = "web", redirect_uri = BACK, state = "st", nonce = "no",
      code_challenge = CHALLENGE, code_challenge_method = "S256" }
    for key, value in pairs(given or {}) do query[key] = value or nil end
    return e.http("GET", "/oauth2/authorize?" .. form(query), nil, headers)
  end

  local function open(given)
    local status, _, head = authorize(given)
    assert.equal(302, status)
    local id = location(head):match "^/login%?id=(.+)$"
    assert.truthy(id)
    return id
  end

  local function sign_in(id, username, password)
    return post("/login", { id = id, username = username or "alice", password = password or "Correct-horse1" })
  end

  local function code_of(status, text, head)
    assert.equal(302, status, text)
    local target = location(head)
    assert.equal("st", target:match "[?&]state=([^&]*)")
    return target:match "[?&]code=([^&]*)"
  end

  local function exchange(code, given, headers)
    local fields = { grant_type = "authorization_code", client_id = "web", code = code, redirect_uri = BACK,
      code_verifier = VERIFIER }
    for key, value in pairs(given or {}) do fields[key] = value or nil end
    local status, text, head = post("/oauth2/token", fields, headers)
    return status, cjson.decode(text), head
  end

  local function tokens(given) return select(2, exchange(code_of(sign_in(open(given))))) end

  local function claims(token)
    local text = token:match "%.([^.]+)%.":gsub("[-_]", { ["-"] = "+", ["_"] = "/" })
    return cjson.decode(srp.unbase64(text .. ("="):rep(-#text % 4)))
  end

  local function refused(code, status, text)
    assert.equal(400, status)
    assert.equal(code, (type(text) == "table" and text or cjson.decode(text)).error)
  end

  it("goes from the page to tokens", function()
    local _, page = e.http("GET", "/login?id=" .. open())
    assert.truthy(page:find('<input id="password" name="password" type="password" required', 1, true))
    local result = tokens()
    assert.equal("Bearer", result.token_type)
    assert.equal(3600, result.expires_in)
    local id, access = claims(result.id_token), claims(result.access_token)
    assert.equal("no", id.nonce)
    assert.equal("web", id.aud)
    assert.equal(base64url(digest.new("sha256"):final(result.access_token):sub(1, 16)), id.at_hash)
    assert.equal("openid email phone profile aws.cognito.signin.user.admin", access.scope)
    assert.equal(2, access.version)
  end)

  it("shows a wrong password on the page, and lets the person try again", function()
    local id = open()
    local status, text = sign_in(id, "alice", "<wrong>")
    assert.equal(200, status)
    assert.truthy(text:find("Incorrect username or password.", 1, true))
    assert.is_nil(text:find("<wrong>", 1, true))
    code_of(sign_in(id))
  end)

  it("asks for the second factor and for a new password", function()
    local id = open()
    local _, text = sign_in(id, "totp")
    assert.truthy(text:find("authenticator app", 1, true))
    _, text = post("/login", { id = id, code = "000000" })
    assert.truthy(text:find("Invalid code received for user", 1, true))
    code_of(post("/login", { id = id, code = io.popen("oathtool --totp -b " .. TOTP):read "*l" }))
    id = open()
    _, text = sign_in(id, "fresh", "Temporary-1")
    assert.truthy(text:find("userAttributes.email", 1, true))
    code_of(post("/login", { id = id, new_password = "Better-horse1", ["userAttributes.email"] = "f@example.com" }))
  end)

  it("signs people up", function()
    local id = open()
    local _, text = e.http("GET", "/signup?id=" .. id)
    assert.truthy(text:find('name="email"', 1, true))
    _, text = post("/signup", { id = id, username = "newcomer", email = "n@example.com", password = "weak" })
    assert.truthy(text:find("Password not long enough", 1, true))
    post("/signup", { id = id, username = "newcomer", email = "n@example.com", password = "Correct-horse1" })
    _, text = sign_in(id, "newcomer")
    assert.truthy(text:find("User is not confirmed.", 1, true))
    assert.truthy(text:find('href="/confirm?id=', 1, true))
    _, text = post("/confirm", { id = id, code = "000" })
    assert.truthy(text:find("Invalid verification code", 1, true))
    _, text = post("/confirm", { id = id, code = e.code() })
    assert.truthy(text:find("Your account is confirmed", 1, true))
    code_of(sign_in(id, "newcomer"))
  end)

  it("helps who forgot a password", function()
    local id = open()
    local _, text = post("/forgotPassword", { id = id, username = "alice" })
    assert.truthy(text:find("We sent a code to a***@e***.", 1, true))
    post("/confirmForgotPassword", { id = id, code = e.code(), password = "Better-horse9" })
    code_of(sign_in(id, "alice", "Better-horse9"))
    e.user("alice", { password = "Correct-horse1" })
  end)

  it("can be cancelled, and keeps two tabs apart", function()
    local one, two = open { state = "st" }, open { state = "st" }
    local _, _, head = post("/login", { id = one, cancel = "1" })
    assert.truthy(location(head):find("error=access_denied", 1, true))
    sign_in(two, "totp")
    code_of(sign_in(one))
    code_of(post("/login", { id = two, code = io.popen("oathtool --totp -b " .. TOTP):read "*l" }))
    local status, text = sign_in(two, "alice")
    assert.equal(200, status)
    assert.truthy(text:find("already used", 1, true))
  end)

  it("remembers the browser for an hour, until logout", function()
    local _, _, head = sign_in(open())
    local cookie = head:match "Set%-Cookie: ([^;]+)"
    code_of(authorize({}, { Cookie = cookie }))
    local _, _, again = authorize({ prompt = "login" }, { Cookie = cookie })
    assert.truthy(location(again):find("^/login"))
    _, _, again = authorize { prompt = "none" }
    assert.truthy(location(again):find("error=login_required", 1, true))
    local bye = form { client_id = "web", logout_uri = "http://localhost:8765/bye" }
    local status, _, out = e.http("GET", "/logout?" .. bye, nil, { Cookie = cookie })
    assert.equal(302, status)
    assert.equal("http://localhost:8765/bye", location(out))
    _, _, again = authorize({}, { Cookie = cookie })
    assert.truthy(location(again):find("^/login"))
    assert.equal(400, (e.http("GET", "/logout?client_id=web&logout_uri=https%3A%2F%2Fevil.example")))
  end)

  it("never redirects to an address that is not the client's", function()
    for _, given in ipairs { { redirect_uri = BACK .. "/" }, { redirect_uri = "https://evil.example" },
      { client_id = "nobody" }, { redirect_uri = false } } do
      local status, _, head = authorize(given)
      assert.equal(400, status)
      assert.is_nil(location(head))
    end
  end)

  it("tells the application what else is wrong", function()
    local cases = {
      { { response_type = "magic" }, "invalid_request" }, { { client_id = "machine" }, nil },
      { { scope = "openid nonsense" }, "invalid_scope" }, { { scope = "email" }, "invalid_scope" },
      { { code_challenge_method = "plain" }, "invalid_request" },
      { { code_challenge_method = false }, "invalid_request" }, { { client_id = "implicit" }, "unauthorized_client" },
    }
    for _, case in ipairs(cases) do
      local status, _, head = authorize(case[1])
      if case[2] then
        assert.equal(case[2], location(head):match "error=([^&]*)")
        assert.equal("st", location(head):match "state=([^&]*)")
      else assert.equal(400, status) end
    end
  end)

  it("gives tokens in the fragment where the client allows it", function()
    local _, _, head = sign_in(open { client_id = "implicit", response_type = "token", code_challenge = false,
      code_challenge_method = false })
    assert.truthy(location(head):find "#access_token=")
    assert.is_nil(location(head):find "refresh_token")
  end)

  describe("its token endpoint", function()
    it("takes a code once, from its client, with its address and verifier", function()
      local code = code_of(sign_in(open()))
      refused("invalid_grant", exchange(code, { client_id = "implicit" }))
      local _, first = exchange(code)
      refused("invalid_grant", exchange(code))
      refused("invalid_grant", post("/oauth2/token", { grant_type = "refresh_token", client_id = "web",
        refresh_token = first.refresh_token }))
      refused("invalid_grant", exchange(code_of(sign_in(open())), { code_verifier = ("w"):rep(64) }))
      refused("invalid_grant", exchange(code_of(sign_in(open())), { code_verifier = false }))
      refused("invalid_grant", exchange(code_of(sign_in(open())), { redirect_uri = "myapp://done" }))
      code = code_of(sign_in(open()))
      e.clock { advance = 301 }
      refused("invalid_grant", exchange(code))
    end)

    it("knows confidential clients by Basic or by the form", function()
      local basic = { Authorization = "Basic " .. srp.base64("server:" .. SECRET) }
      local given = { client_id = "server" }
      assert.equal(200, (exchange(code_of(sign_in(open(given))), { client_id = false }, basic)))
      assert.equal(200, (exchange(code_of(sign_in(open(given))), { client_id = "server", client_secret = SECRET })))
      refused("invalid_client", exchange("x", { client_id = "server", client_secret = "wrong" }))
      refused("invalid_client", exchange("x", { client_id = "server" }))
      refused("invalid_client", exchange("x", { client_id = "web", client_secret = "any" }))
      refused("invalid_request", exchange("x", { client_id = "server", client_secret = SECRET }, basic))
    end)

    it("refreshes, and rotates where the client does", function()
      local result = tokens()
      local function refresh(token, given)
        given = given or { client_id = "web" }
        given.grant_type, given.refresh_token = "refresh_token", token
        local status, text = post("/oauth2/token", given)
        return status, cjson.decode(text)
      end
      local status, renewed = refresh(result.refresh_token)
      assert.equal(200, status)
      assert.is_nil(renewed.refresh_token)
      assert.truthy(renewed.id_token)
      local code = code_of(sign_in(open { client_id = "server" }))
      local server = { client_id = "server", client_secret = SECRET }
      local _, first = exchange(code, server)
      status, renewed = refresh(first.refresh_token, { client_id = "server", client_secret = SECRET })
      assert.equal(200, status)
      assert.truthy(renewed.refresh_token)
      refused("invalid_grant", refresh(first.refresh_token, { client_id = "server", client_secret = SECRET }))
    end)

    it("gives machines tokens for their own scopes", function()
      local function get(given)
        given.grant_type, given.client_secret = "client_credentials", SECRET
        given.client_id = given.client_id or "machine"
        local status, text = post("/oauth2/token", given)
        return status, cjson.decode(text)
      end
      local status, result = get { scope = "api/read" }
      assert.equal(200, status)
      assert.same({ "api/read", "machine", nil }, { claims(result.access_token).scope, claims(result.access_token).sub,
        result.refresh_token })
      assert.equal("api/read api/write", claims(select(2, get {}).access_token).scope)
      refused("invalid_scope", get { scope = "openid" })
      refused("unauthorized_client", get { client_id = "server" })
    end)

    it("refuses what is no request of OAuth", function()
      refused("invalid_request", post("/oauth2/token", { client_id = "web" }))
      refused("unsupported_grant_type", post("/oauth2/token", { client_id = "web", grant_type = "password" }))
      refused("invalid_request", e.http("POST", "/oauth2/token", "{}", { ["Content-Type"] = "application/json" }))
    end)
  end)

  it("tells who holds a token", function()
    local result = tokens { scope = "openid email" }
    local status, text = e.http("GET", "/oauth2/userInfo", nil, { Authorization = "Bearer " .. result.access_token })
    assert.equal(200, status)
    local who = cjson.decode(text)
    assert.same({ "alice", "alice@example.com", "true", nil },
      { who.username, who.email, who.email_verified, who.given_name })
    local bad, _, head = e.http("GET", "/oauth2/userInfo", nil, { Authorization = "Bearer a.b.c" })
    assert.equal(401, bad)
    assert.truthy(head:find('WWW-Authenticate: Bearer error="invalid_token"', 1, true))
    assert.equal(400, (e.http("GET", "/oauth2/userInfo")))
    local _, api = e.call("GetUser", { AccessToken = result.access_token })
    assert.equal("Access Token does not have required scopes", api.message)
  end)

  it("revokes", function()
    local result = tokens()
    assert.equal(200, (post("/oauth2/revoke", { client_id = "web", token = result.refresh_token })))
    assert.equal(200, (post("/oauth2/revoke", { client_id = "web", token = "unknown" })))
    refused("invalid_grant", post("/oauth2/token", { grant_type = "refresh_token", client_id = "web",
      refresh_token = result.refresh_token }))
    refused("unsupported_token_type", post("/oauth2/revoke", { client_id = "web", token = result.access_token }))
    local status = post("/oauth2/revoke", { client_id = "server", token = "x", client_secret = "wrong" })
    assert.equal(401, status)
  end)
end)
