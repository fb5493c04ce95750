-- The error object: one bounded line, no control characters, no secret.
local errors = require "cognito.errors"

describe("errors", function()
  it("makes an object with its fields", function()
    local err = errors.new("rejected", "no", { code = "CodeMismatchException", status = 400, retryable = false })
    assert.are.equal("rejected", err.kind)
    assert.are.equal("CodeMismatchException", err.code)
    assert.is_true(errors.is(err))
    assert.is_false(errors.is({}))
    assert.is_false(errors.is("text"))
  end)

  it("raises on a kind that is not in the list", function()
    assert.has_error(function() errors.new("nonsense", "x") end, "unknown error kind: nonsense")
  end)

  it("gives one line with operation, code, status, request id and hint", function()
    local err = errors.new("auth", "Incorrect username or password.", { operation = "InitiateAuth", status = 400,
      code = "NotAuthorizedException", request_id = "r-1", hint = "check the password" })
    assert.are.equal("auth: Incorrect username or password. (InitiateAuth, NotAuthorizedException, HTTP 400, " ..
      "request r-1); check the password", tostring(err))
  end)

  it("concatenates on both sides", function()
    local err = errors.new("dns", "no such host")
    assert.are.equal("a dns: no such host", "a " .. err)
    assert.are.equal("dns: no such host b", err .. " b")
    assert.are.equal("dns: no such hostdns: no such host", err .. err)
  end)

  it("escapes control characters and bounds every text", function()
    local err = errors.new("bad_response", "a\nb\0c\27[31m" .. ("x"):rep(5000),
      { code = "c\r\nd", hint = ("h"):rep(999) })
    local line = tostring(err)
    assert.is_nil(line:find("%c"))
    assert.is_truthy(line:find("a\\x0ab\\x00c\\x1b[31m", 1, true))
    assert.is_true(#line < 3 * 256 + 40)
    assert.is_true(#err.message <= 256)
  end)

  it("escapes what a terminal obeys and what turns a text around, and leaves words of any script", function()
    assert.are.equal("a\\xc2\\x9b31mb", errors.visible "a\194\15531mb")
    assert.are.equal("\\xe2\\x80\\xaemoc", errors.visible "\226\128\174moc")
    assert.are.equal("\\xe2\\x81\\xa7", errors.visible "\226\129\167")
    local word = "ünï \206\177 \215\144 \230\188\162 \240\159\148\145"
    assert.are.equal(word, errors.visible(word))
  end)

  it("cuts between UTF-8 sequences", function()
    for shift = 0, 4 do
      local text = errors.clean(("a"):rep(shift) .. ("\226\130\172"):rep(200))
      assert.is_true(#text <= 256)
      assert.are.equal("\226\130\172", text:sub(-6, -4))
    end
  end)

  it("says what each kind means", function()
    for kind, meaning in pairs(errors.kinds) do
      assert.are.equal("string", type(kind))
      assert.is_true(#meaning > 5)
    end
  end)
end)
