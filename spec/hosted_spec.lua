-- Hosted login by code and PKCE against the emulator's pages, and what hostile callbacks get.
local browser = require "spec.support.page_visitor"
local cognito = require "cognito"
local emulator = require "spec.support.emulator"

local PASSWORD, SECRET = "Correct-horse1", ("S"):rep(32)
local BACK = "https://app.example.com/callback"

local CONFIG = {
  users = { alice = { password = PASSWORD, attributes = { email = "alice@example.com" } } },
  clients = {
    { id = "public", redirect_uris = { BACK }, logout_uris = { "https://app.example.com/bye" },
      rotation = { grace = 5 } },
    { id = "secret", secrets = { SECRET }, redirect_uris = { BACK } },
    { id = "machine", secrets = { SECRET }, oauth_flows = { "client_credentials" },
      scopes = { "api/read", "api/write" }, access_token_ttl = 300 },
  },
}

local SCOPES = { "openid", "email", "aws.cognito.signin.user.admin" }

describe("hosted login", function()
  local emu

  setup(function() emu = emulator.start { config = CONFIG } end)
  teardown(function() emu.stop() end)
  before_each(function() emu.reset() end)

  local function pool_of(client_id, more)
    local options = { user_pool_id = emu.pool_id, client_id = client_id or "public", endpoint = emu.url,
      domain = emu.url, issuer = emu.url .. "/" .. emu.pool_id }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(cognito.pool(options))
  end

  local function login_of(pool)
    return assert(pool:hosted_login { redirect_uri = BACK, scopes = SCOPES,
      logout_uri = "https://app.example.com/bye" })
  end

  it("goes from the page to a session that refreshes, calls and ends", function()
    for client_id, secret in pairs { public = false, secret = SECRET } do
      local pool = pool_of(client_id, { client_secret = secret or nil })
      local login = login_of(pool)
      local url, pending = login:authorize_url { login_hint = "alice" }
      local callback = assert(browser.sign_in(url, "alice", PASSWORD))
      local session, err = login:finish(callback, pending)
      assert.is_nil(err)
      assert.equal("alice", session.username)
      assert.equal("alice@example.com", session:claims().email)
      assert.equal("alice@example.com", assert(login:user_info(session)).email)
      assert.equal("alice", assert(session:user()).username)
      local before = assert(session:access_token())
      local refresh_token = session:export().refresh_token
      assert(session:refresh())
      assert.not_equal(before, session:access_token())
      assert.equal(client_id == "public", session:export().refresh_token ~= refresh_token)
      assert.is_nil(emu.counts().GetTokensFromRefreshToken)
      assert.is_true(session:sign_out().revoked)
      assert.is_nil(emu.counts().RevokeToken)
      assert.equal("sign_in_required", select(2, session:access_token()).kind)
    end
  end)

  it("finds the session again in another pool object over the same storage", function()
    local pool = pool_of()
    local login = login_of(pool)
    local url, pending = login:authorize_url()
    assert(login:finish(assert(browser.sign_in(url, "alice", PASSWORD)), pending))
    local again = assert(pool_of("public", { storage = pool.storage }):session "alice")
    assert(again:refresh())
    assert.is_nil(emu.counts().GetTokensFromRefreshToken)
  end)

  it("keeps several logins apart, each good for one callback", function()
    local login = login_of(pool_of())
    local url1, pending1 = login:authorize_url()
    local url2, pending2 = login:authorize_url()
    local callback1 = assert(browser.sign_in(url1, "alice", PASSWORD))
    local callback2 = assert(browser.sign_in(url2, "alice", PASSWORD))
    local _, crossed = login:finish(callback1, pending2)
    assert.equal("state_mismatch", crossed.code)
    assert(login:finish(callback2, pending2))
    assert(login:finish(callback1, pending1))
    local _, again = login:finish(callback1, pending1)
    assert.equal("state_used", again.code)
  end)

  it("exchanges a code at most once, also when the answer is lost", function()
    local login = login_of(pool_of())
    local url, pending = login:authorize_url()
    local callback = assert(browser.sign_in(url, "alice", PASSWORD))
    emu.faults { { fault = "reset!", operation = "/oauth2/token" } }
    local session, err = login:finish(callback, pending)
    assert.is_nil(session)
    assert.equal("network", err.kind)
    assert.is_true(err.maybe_processed)
    local posts = 0
    for _, request in ipairs(emu.requests()) do
      if request.path == "/oauth2/token" or request.operation == "/oauth2/token" then posts = posts + 1 end
    end
    assert.equal(1, posts)
  end)

  it("refuses an ID token of another login, and one that nobody signed", function()
    local login = login_of(pool_of())
    local url, pending = login:authorize_url()
    local callback = assert(browser.sign_in(url, "alice", PASSWORD))
    pending.nonce = "another"
    local _, err = login:finish(callback, pending)
    assert.equal("nonce_mismatch", err.code)
    local foreign = login_of(pool_of("public", { issuer = emu.url .. "/eu-west-1_Other1" }))
    local url2, pending2 = foreign:authorize_url()
    local _, why = foreign:finish(assert(browser.sign_in(url2, "alice", PASSWORD)), pending2)
    assert.equal("token", why.kind)
  end)

  it("says which setting is wrong", function()
    local bare = assert(cognito.pool { user_pool_id = emu.pool_id, client_id = "public", endpoint = emu.url })
    assert.equal("domain", select(2, bare:hosted_login { redirect_uri = BACK }).field)
    for _, domain in ipairs { "", "a b", "http://login.example", "https://user@login.example", "login.example?x" } do
      bare.domain = domain
      local login, err = bare:hosted_login { redirect_uri = BACK }
      assert.is_nil(login, domain)
      assert.equal("domain", err.field)
    end
    for _, uri in ipairs { "http://app.example.com/cb", "https://app.example.com/cb#x", "/cb",
      "http://localhost.example/", "http://localhost:80@app.example.com/", "https://me@app.example.com/" } do
      assert.equal("redirect_uri", select(2, pool_of():hosted_login { redirect_uri = uri }).field)
    end
    for _, uri in ipairs { "http://127.0.0.1:80/cb", "http://[::1]:80/cb", "app.example:/cb" } do
      assert.truthy(pool_of():hosted_login { redirect_uri = uri })
    end
    assert.has_error(function() pool_of():hosted_login { redirect_url = BACK } end)
    local wrong = pool_of("secret", { client_secret = ("x"):rep(32) })
    local login = login_of(wrong)
    local url, pending = login:authorize_url()
    local _, err = login:finish(assert(browser.sign_in(url, "alice", PASSWORD)), pending)
    assert.equal("config", err.kind)
    assert.equal("invalid_client", err.code)
  end)

  it("uses the second client secret while they rotate", function()
    local pool = pool_of("secret", { client_secret = { ("x"):rep(32), SECRET } })
    local login = login_of(pool)
    local url, pending = login:authorize_url()
    assert(login:finish(assert(browser.sign_in(url, "alice", PASSWORD)), pending))
  end)

  it("names the page that ends the browser's own session", function()
    local url = assert(login_of(pool_of()):logout_url())
    assert.equal(emu.url .. "/logout?client_id=public&logout_uri=https%3A%2F%2Fapp.example.com%2Fbye", url)
    local status, _, target = browser.get(url)
    assert.equal(302, status)
    assert.equal("https://app.example.com/bye", target)
  end)

  describe("client credentials", function()
    it("are fetched once, for many callers, and kept", function()
      local loop = require("cognito.host.loop").new {}
      local pool = pool_of("machine", { client_secret = SECRET, host = loop })
      local source = assert(pool:client_credentials { scopes = { "api/read" } })
      local seen, count = {}, 0
      for _ = 1, 20 do
        loop:spawn(function() seen[assert(source:access_token())] = true end)
      end
      loop:run()
      for _ in pairs(seen) do count = count + 1 end
      assert.equal(1, count)
      local posts = 0
      for _, request in ipairs(emu.requests()) do
        if (request.path or request.operation) == "/oauth2/token" then posts = posts + 1 end
      end
      assert.equal(1, posts)
    end)

    it("say what the client may not have", function()
      local pool = pool_of("machine", { client_secret = SECRET })
      local _, err = assert(pool:client_credentials { scopes = { "api/delete" } }):access_token()
      assert.equal("config", err.kind)
      assert.equal("invalid_scope", err.code)
      local _, no_secret = pool_of("public"):client_credentials()
      assert.equal("client_secret", no_secret.field)
    end)
  end)
end)
