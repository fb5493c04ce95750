-- OAuth 2.0 as tables: forms, PKCE, callbacks, ID tokens.
local core = require "cognito.core"
local oauth = require "cognito.protocol.oauth"

describe("protocol.oauth", function()
  it("escapes and reads back any bytes", function()
    local all = {}
    for i = 0, 255 do all[#all + 1] = string.char(i) end
    all = table.concat(all)
    assert.equal(all, oauth.unescape(oauth.escape(all)))
    assert.equal("a%20b%2Bc", oauth.escape "a b+c")
    assert.equal("a b c", oauth.unescape "a+b%20c")
    assert.is_nil(oauth.unescape "100%")
    assert.is_nil(oauth.unescape "%zz")
  end)

  it("makes the PKCE pair of RFC 7636 appendix B", function()
    local bytes = core.b64url_decode "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    local verifier, challenge = oauth.pkce(bytes)
    assert.equal("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", verifier)
    assert.equal("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", challenge)
  end)

  it("names the host of a prefix, a custom domain and a whole URL", function()
    assert.equal("https://app.auth.eu-west-1.amazoncognito.com", oauth.base_url("app", "eu-west-1"))
    assert.equal("https://app.auth-fips.us-east-1.amazoncognito.com", oauth.base_url("app", "us-east-1", true))
    assert.equal("https://auth.example.com", oauth.base_url("auth.example.com", "eu-west-1"))
    assert.equal("http://127.0.0.1:9", oauth.base_url("http://127.0.0.1:9/", "eu-west-1"))
  end)

  it("asks for a code with S256 and leaves out what was not given", function()
    local url = oauth.authorize_url("https://x.example", {
      client_id = "c1", redirect_uri = "https://a.example/cb?x=1", scopes = { "openid", "email" }, state = "s",
      nonce = "n", code_challenge = "ch",
    })
    assert.equal("https://x.example/oauth2/authorize?response_type=code&client_id=c1"
      .. "&redirect_uri=https%3A%2F%2Fa.example%2Fcb%3Fx%3D1&scope=openid%20email&state=s&nonce=n"
      .. "&code_challenge=ch&code_challenge_method=S256", url)
  end)

  describe("a callback", function()
    local pending = { state = "st4te", expires_at = 1000 }
    local function judge(query, now) return oauth.judge_callback(query, pending, now or 500) end

    it("gives its code from a query, a URL or a table", function()
      assert.equal("abc", judge "code=abc&state=st4te")
      assert.equal("a/c", judge "https://app.example/cb?code=a%2Fc&state=st4te#x")
      assert.equal("abc", judge { code = "abc", state = "st4te" })
    end)

    it("of another login, or with no state, is refused", function()
      for _, query in ipairs { "code=abc", "code=abc&state=", "code=abc&state=other", "", "state=st4te2&code=a" } do
        local code, err = judge(query)
        assert.is_nil(code)
        assert.equal("invalid", err.kind)
        assert.equal("state_mismatch", err.code)
      end
    end)

    it("that is late, torn, doubled or huge is refused", function()
      local _, late = judge("code=abc&state=st4te", 1000)
      assert.equal("state_expired", late.code)
      for _, query in ipairs {
        "code=abc&state=st4te&code=def", "code=%4&state=st4te", "state=st4te", "code=&state=st4te",
        "state=st4te&code=" .. ("a"):rep(20000),
      } do
        local code, err = judge(query)
        assert.is_nil(code)
        assert.equal("callback_invalid", err.code)
      end
    end)

    it("is judged as a server's own reader gives it too: lists, and names without a value", function()
      for _, query in ipairs { { state = { "st4te", "st4te" }, code = "abc" }, { state = "st4te", code = { "a", "b" } },
        { state = "st4te", error = { "a", "b" } }, { state = "st4te", code = true } } do
        local code, err = judge(query)
        assert.is_nil(code)
        assert.equal("callback_invalid", err.code)
      end
      local _, bare = judge { state = "st4te", error = true, error_description = true }
      assert.equal("rejected", bare.kind)
      assert.equal("abc", (judge { state = "st4te", code = "abc" }))
    end)

    it("that says no carries the code and a harmless text", function()
      local _, err = judge "error=access_denied&error_description=%1b%5B31mno%0A&state=st4te"
      assert.equal("rejected", err.kind)
      assert.equal("access_denied", err.code)
      assert.is_nil(tostring(err):find "[%c]")
      assert.truthy(err.hint)
      local _, hostile = judge "error=%3Cscript%3E&state=st4te"
      assert.equal("invalid_request", hostile.code)
    end)
  end)

  it("ties an ID token to its login and to its access token", function()
    local at = "access-token"
    local claims = { nonce = "n1", at_hash = oauth.at_hash(at) }
    assert.is_true(oauth.check_id_token(claims, "n1", at))
    assert.is_true(oauth.check_id_token({ nonce = "n1" }, "n1", at))
    for code, args in pairs {
      nonce_mismatch = { { nonce = "n2" }, at }, at_hash_mismatch = { claims, "another" },
    } do
      local ok, err = oauth.check_id_token(args[1], "n1", args[2])
      assert.is_nil(ok)
      assert.equal(code, err.code)
      assert.equal("token", err.kind)
    end
    assert.is_nil((oauth.check_id_token({}, "n1", at)))
    assert.is_nil((oauth.check_id_token({ nonce = "n1", at_hash = 5 }, "n1", at)))
  end)
end)
