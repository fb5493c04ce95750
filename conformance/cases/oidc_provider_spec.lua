-- Our hosted login against npm's oidc-provider: another author's idea of OAuth 2.0 and OpenID Connect, set to
-- Cognito's paths.
local cognito = require "cognito"
local hosted_login = require "cognito.hosted"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local SECRET = "conformance0secret0conformance0secret0conformance00"
local BACK = "http://localhost:8765/callback"

describe("against oidc-provider", function()
  local server, base, folder

  setup(function()
    local port = ports.free()
    base, folder = "http://127.0.0.1:" .. port, tmp.dir()
    server = proc.start { argv = { "node", "conformance/oidc_provider.mjs", tostring(port) } }
    assert(ports.wait(port, 60), server:errors())
  end)

  teardown(function()
    if server then server:stop() end
    tmp.cleanup()
  end)

  local function pool_of(client_id, more)
    local options = { user_pool_id = "eu-west-1_Foreign01", client_id = client_id, endpoint = base, domain = base,
      issuer = base }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(cognito.pool(options))
  end

  local function curl(words)
    local pipe = io.popen(("curl -s -L --max-redirs 10 -b %s/jar -c %s/jar -w '\n%%{url_effective}' %s")
      :format(folder, folder, words))
    local text = pipe:read "*a"
    pipe:close()
    return text:match "^(.*)\n([^\n]*)$"
  end

  -- What the person does: oidc-provider's own development page takes any name. Nobody listens at the callback; where
  -- curl was sent last is what counts.
  local function visit(url, name)
    os.remove(folder .. "/jar")
    local page, at = curl("'" .. url .. "'")
    local action = page:match 'action="([^"]+)"'
    if not action then return at end
    local _, callback = curl(("-d prompt=login -d login=%s -d password=any '%s'"):format(name, action))
    return callback
  end

  local function login(pool, scopes)
    local hosted = assert(pool:hosted_login { redirect_uri = BACK, scopes = scopes })
    local url, pending = hosted:authorize_url()
    local callback = visit(url, "alice")
    return hosted, hosted:finish(callback, pending)
  end

  it("exchanges a code and checks the ID token", function()
    local _, session, err = login(pool_of "publicclient", { "openid", "email" })
    assert.is_nil(err)
    assert.equal("alice", session.username)
    assert.equal("alice@example.com", session:claims().email)
  end)

  it("refreshes, with rotation and without", function()
    for client_id, secret in pairs { publicclient = false, secretclient = SECRET } do
      local _, session, err = login(pool_of(client_id, { client_secret = secret or nil }), { "openid", "email" })
      assert.is_nil(err)
      local before, token = session:access_token(), session:export().refresh_token
      assert(session:refresh())
      assert.not_equal(before, session:access_token())
      assert.equal(client_id == "publicclient", session:export().refresh_token ~= token)
    end
  end)

  it("asks who holds the token", function()
    local hosted, session, err = login(pool_of "opaqueclient", { "openid", "email" })
    assert.is_nil(err)
    assert.equal("alice@example.com", assert(hosted:user_info(session)).email)
  end)

  it("revokes", function()
    local pool = pool_of "publicclient"
    local _, session, err = login(pool, { "openid", "email" })
    assert.is_nil(err)
    assert.is_true(hosted_login.revoke(pool, session:export().refresh_token, pool.client:context()))
    local renewed
    renewed, err = session:refresh()
    assert.is_nil(renewed)
    assert.equal("invalid_grant", err.code)
  end)

  it("gets tokens for machines", function()
    local credentials = assert(pool_of("secretclient", { client_secret = SECRET })
      :client_credentials { scopes = { "api/read" } })
    local token = assert(credentials:access_token())
    assert.equal(token, credentials:access_token())
    assert.equal("api/read", cognito.jws.decode_unverified(token).scope)
  end)

  it("reads its refusals", function()
    local pool = pool_of "publicclient"
    local hosted = assert(pool:hosted_login { redirect_uri = BACK, scopes = { "openid" } })
    local url, pending = hosted:authorize_url()
    pending.code_verifier = ("x"):rep(43)
    local session, err = hosted:finish(visit(url, "alice"), pending)
    assert.is_nil(session)
    assert.equal("invalid_grant", err.code)
  end)
end)
