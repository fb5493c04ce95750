-- The pure parts of the guard: cookies, return URLs, headers, slots.
local cookies = require "cognito.ngx.guard.cookies"
local urls = require "cognito.ngx.guard.urls"

describe("cognito.ngx.guard.cookies", function()
  it("finds a cookie that occurs once", function()
    assert.equal("1", cookies.get("a=0; b=1;c=2", "b"))
    assert.equal("2", cookies.get("a=0; b=1;c=2", "c"))
    assert.equal("x=y", cookies.get("a=x=y", "a"))
    assert.equal("", cookies.get("a=", "a"))
  end)

  it("takes no cookie that occurs twice, is absent, or comes in a huge header", function()
    assert.is_nil(cookies.get("a=0; a=1", "a"))
    assert.is_nil(cookies.get("ab=0", "a"))
    assert.is_nil(cookies.get("a", "a"))
    assert.is_nil(cookies.get(nil, "a"))
    assert.is_nil(cookies.get("a=1; b=" .. ("x"):rep(20000), "a"))
  end)

  it("is not fooled by a name inside a value", function()
    assert.is_nil(cookies.get("b=1 a=2", "a"))
  end)

  it("lists names by prefix", function()
    assert.same({ "p-1", "p-2" }, cookies.names("p-1=a; q=b; p-2=c", "p-"))
  end)

  it("writes every protection", function()
    assert.equal("__Host-s=v; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60", cookies.set("__Host-s", "v", 60))
    assert.equal("__Host-s=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0", cookies.remove "__Host-s")
  end)

  it("refuses to write a value that would end the cookie", function()
    for _, value in ipairs { "a;b", "a b", "a\r\nb", 'a"b', "a,b", "a\\b", "a\0b" } do
      assert.has_error(function() cookies.set("n", value) end)
    end
  end)
end)

describe("cognito.ngx.guard.urls", function()
  local list = { "/app/*", "/home", "https://other.example/in/*" }

  it("keeps what the list allows", function()
    for _, url in ipairs { "/app/", "/app/x?y=1&z=%20", "/home", "https://other.example/in/x" } do
      assert.equal(url, urls.safe(url, list, "/"))
    end
  end)

  local hostile = { "", "//evil.example/", "/\\evil.example/", "/app/\r\nSet-Cookie: a=b",
    "http://other.example/in/x",
    "https://evil.example/", "https://other.example.evil.example/in/", "https://other.example@evil.example/in/",
    "javascript:alert(1)", "/app/<script>", "/homework", "/\t/evil.example", "https:/other.example/in/x",
    "/app/" .. ("x"):rep(2000), "/other", "app/", "/app/#fragment",
    "/app/../secret", "/app/%2E%2e/secret", "/app/.%2e" }
  for i, url in ipairs(hostile) do
    it("refuses hostile return URL " .. i, function()
      assert.equal("/", urls.safe(url, list, "/"))
    end)
  end

  it("refuses values that are no text", function()
    assert.equal("/", urls.safe(nil, list, "/"))
    assert.equal("/", urls.safe({ "/home" }, list, "/"))
    assert.equal("/", urls.safe(true, list, "/"))
  end)

  it("names an entry of the list that allows too much", function()
    assert.is_nil(urls.unsound(list))
    assert.equal("https://app.example*", urls.unsound { "/", "https://app.example*" })
    assert.equal("//x/*", urls.unsound { "//x/*" })
    assert.equal("http://x/", urls.unsound { "http://x/" })
  end)

  it("appends a member to a query", function()
    assert.equal("/login?return=%2Fa%3Fb%3Dc", urls.with("/login", "return", "/a?b=c"))
    assert.equal("/login?x=1&return=a", urls.with("/login?x=1", "return", "a"))
  end)
end)
