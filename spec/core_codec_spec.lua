-- Codecs and header fields of the C core, from Lua.
local core = require "cognito.core"

describe("cognito.core codecs", function()
  it("encode and decode", function()
    assert.equal("Zm9vYg==", core.b64_encode("foob"))
    assert.equal("Zm9vYg", core.b64url_encode("foob"))
    assert.equal("666f6f62", core.hex_encode("foob"))
    assert.equal("foob", core.b64_decode("Zm9vYg=="))
    assert.equal("foob", core.b64url_decode("Zm9vYg"))
    assert.equal("foob", core.hex_decode("666F6f62"))
    assert.equal("", core.b64_decode(""))
  end)

  it("keep every octet, at lengths around the inner buffer's", function()
    for n = 370, 520 do
      local text = core.random(n)
      assert.equal(text, core.b64_decode(core.b64_encode(text)))
      assert.equal(text, core.b64url_decode(core.b64url_encode(text)))
      assert.equal(text, core.hex_decode(core.hex_encode(text)))
    end
  end)

  it("refuse with a code and a sentence", function()
    local value, code, message = core.b64url_decode("Zg==")
    assert.is_nil(value)
    assert.equal("bad_base64", code)
    assert.is_string(message)
    assert.equal("bad_base64", select(2, core.b64_decode("Zg")))
    assert.equal("bad_hex", select(2, core.hex_decode("0")))
  end)

  it("take strings and nothing that only looks like one", function()
    for _, wrong in ipairs { 12, true, {} } do
      assert.has_error(function() core.b64_encode(wrong) end)
      assert.has_error(function() core.b64_decode(wrong) end)
      assert.has_error(function() core.sha256(wrong) end)
    end
    assert.has_error(function() core.hex_encode() end)
  end)

  it("read one header field", function()
    local block = "Content-Type: text/html\r\nx-amzn-RequestId: 1 2\r\n"
    assert.equal("1 2", core.header(block, "X-AMZN-REQUESTID"))
    assert.is_nil(core.header(block, "date"))
  end)

  it("count up the number at the end of a text", function()
    for text, wanted in pairs { ["a.1"] = "a.2", ["a.9"] = "a.10", ["a.1099"] = "a.1100", ["9"] = "10", [""] = "1",
      ["a."] = "a.1", ["0"] = "1", ["a/"] = "a/1", ["a:"] = "a:1", ["12x"] = "12x1" } do
      assert.equal(wanted, core.count_up(text))
    end
    for _, length in ipairs { 511, 512, 513, 5000 } do
      assert.equal(("x"):rep(length) .. "10", core.count_up(("x"):rep(length) .. "9"))
      assert.equal("1" .. ("0"):rep(length), core.count_up(("9"):rep(length)))
    end
  end)
end)
