-- TOTP: the RFC's own values, oathtool as a second opinion, and the URI.
local totp = require "cognito.totp"

local SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" -- "12345678901234567890"

local function oathtool(secret, time)
  local utc = os.date("!%Y-%m-%d %H:%M:%S UTC", time)
  local pipe = assert(io.popen(("oathtool --totp -b --now '%s' %s 2>&1"):format(utc, secret)))
  local text = pipe:read "*l"
  pipe:close()
  return text
end

describe("totp.code", function()
  it("gives the values of RFC 6238, appendix B (SHA-1, the last six digits)", function()
    for time, code in pairs {
      [59] = "287082", [1111111109] = "081804", [1111111111] = "050471", [1234567890] = "005924",
      [2000000000] = "279037", [20000000000] = "353130",
    } do
      assert.equal(code, totp.code(SECRET, time))
    end
  end)

  it("changes every 30 seconds, and not between", function()
    assert.equal(totp.code(SECRET, 60), totp.code(SECRET, 89.99))
    assert.are_not.equal(totp.code(SECRET, 60), totp.code(SECRET, 90))
  end)

  it("agrees with oathtool on secrets of many lengths", function()
    if os.execute "command -v oathtool >/dev/null" ~= 0 and os.execute "command -v oathtool >/dev/null" ~= true then
      pending "skipped: oathtool is not installed"
      return
    end
    local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    for i, length in ipairs { 8, 16, 24, 32, 48, 56, 64, 104, 160 } do
      local digits = {}
      for j = 1, length do
        local at = (i * 7919 + j * j * 31) % 32 + 1
        digits[j] = alphabet:sub(at, at)
      end
      local secret, time = table.concat(digits), 1700000000 + i * 86413
      assert.equal(oathtool(secret, time), totp.code(secret, time))
    end
  end)

  it("reads a secret as people write it", function()
    local code = totp.code(SECRET, 1234567890)
    assert.equal(code, totp.code(SECRET:lower(), 1234567890))
    assert.equal(code, totp.code((SECRET:gsub("....", "%0 ")), 1234567890))
    assert.equal(code, totp.code((SECRET:gsub("....", "%0-")), 1234567890))
    assert.equal(totp.code("MFRGG", 59), totp.code("MFRGG===", 59))
  end)

  it("refuses a secret that is not base32 without repeating it", function()
    for _, secret in ipairs { "", "A", "GEZDGNB1", "GEZD!", "GEZD=GEZD", "\0" } do
      local code, err = totp.code(secret, 0)
      assert.is_nil(code)
      assert.equal("invalid", err.kind)
      assert.equal("secret", err.field)
      if #secret > 1 then assert.falsy(tostring(err):find(secret, 1, true)) end
    end
  end)

  it("raises on the wrong type", function()
    assert.has_error(function() totp.code(nil, 0) end)
    assert.has_error(function() totp.code(SECRET, "now") end)
    assert.has_error(function() totp.code(SECRET, -1) end)
  end)
end)

describe("totp.uri", function()
  it("names issuer, account and secret", function()
    assert.equal("otpauth://totp/Example%20Corp:alice%40example.com?secret=" .. SECRET .. "&issuer=Example%20Corp",
      totp.uri { secret = SECRET, account = "alice@example.com", issuer = "Example Corp" })
    assert.equal("otpauth://totp/s%C3%B8ren?secret=" .. SECRET,
      totp.uri { secret = SECRET:lower() .. "==", account = "s\195\184ren" })
  end)

  it("refuses a bad secret and raises on a bad option", function()
    local uri, err = totp.uri { secret = "0", account = "alice" }
    assert.is_nil(uri)
    assert.equal("invalid", err.kind)
    assert.has_error(function() totp.uri { secret = SECRET } end)
    assert.has_error(function() totp.uri { secret = SECRET, account = "a", isuer = "b" } end)
  end)
end)
