-- The seam over JSON: what is written, what is read, and what only lua-cjson reads.
local json = require "cognito.json"

describe("json", function()
  it("writes flat and nested values", function()
    assert.are.equal('{"a":1}', json.encode { a = 1 })
    assert.are.equal('{"a":{"b":[1,"x",true]}}', json.encode { a = { b = { 1, "x", true } } })
    assert.are.equal('{"a":"\\"\\n\\u0000"}', json.encode { a = '"\n\0' })
    assert.are.equal("{}", json.encode {})
  end)

  it("writes a marked empty list as a list", function()
    assert.are.equal("[]", json.encode(json.list {}))
    assert.are.equal('{"UserAttributes":[]}', json.encode { UserAttributes = json.list {} })
    assert.are.equal('{"a":{}}', json.encode { a = {} })
  end)

  it("writes JSON text untouched", function()
    assert.are.equal('{"Credential":{"id":"x","transports":[]}}',
      json.encode { Credential = json.raw '{"id":"x","transports":[]}' })
    assert.is_nil(json.raw '{"broken"')
  end)

  it("refuses what JSON cannot say", function()
    assert.is_nil((json.encode { a = 0 / 0 }))
    assert.is_nil((json.encode { a = print }))
    assert.is_nil((json.encode { a = { [true] = 1 } }))
    local deep = {}
    local at = deep
    for _ = 1, 100 do at.x = {}; at = at.x end
    assert.is_nil((json.encode(deep)))
    deep.x = deep
    assert.is_nil((json.encode(deep)))
  end)

  it("escapes what must be escaped, and refuses what is no UTF-8", function()
    local all = {}
    for octet = 0, 127 do all[octet + 1] = string.char(octet) end
    for _, text in ipairs { table.concat(all), "\195\169\226\152\131\240\159\152\128", ("x"):rep(5000) .. "\n",
      ("\1"):rep(5000) } do
      local written = json.encode { [text] = text }
      assert.is_nil(written:find "[\1-\31]" or written:find("\0", 1, true))
      assert.are.same({ [text] = text }, json.decode(written))
      assert.are.same({ [text] = text }, require("cjson").decode(written))
    end
    for _, text in ipairs { "\255", "a\195", "\192\128", "\237\160\128" } do
      for _, value in ipairs { text, { text }, { a = text }, { [text] = 1 } } do
        local written, message = json.encode(value)
        assert.is_nil(written)
        assert.truthy(message:find "UTF%-8")
      end
    end
  end)

  it("writes numbers so that the same number is read", function()
    for _, value in ipairs { 0, -1, 60, 1.5, 0.1, -0.25, 1 / 3, 1e300, -1e-300, 2 ^ 53, 2 ^ 53 - 1, 2 ^ 60, 1e15, 1e16,
      123456789.123456789, 1700000000.25 } do
      local text = json.encode { value }
      assert.are.equal(value, tonumber(text:match "%[(.*)%]"))
      assert.are.equal(value, json.decode(text)[1])
    end
    assert.are.equal("[60,-7,0]", json.encode { 60.0, -7.0, 0.0 })
  end)

  it("writes no list that would lose something, and calls no metamethod", function()
    assert.is_nil((json.encode { 1, nil, 3 }))
    assert.is_nil((json.encode { 1, 2, name = "x" }))
    assert.is_nil((json.encode(json.list { name = "x" })))
    local function raise() error "called" end
    local trap = setmetatable({ a = 1 }, { __index = raise, __pairs = raise, __len = raise, __tostring = raise })
    assert.are.equal('{"a":1}', json.encode(trap))
  end)

  it("takes 64 levels", function()
    local function nested(n)
      local value = {}
      for _ = 2, n do value = { a = value } end
      return json.encode(value)
    end
    assert.are.equal(("{\"a\":"):rep(63) .. "{}" .. ("}"):rep(63), nested(64))
    local text, message = nested(65)
    assert.is_nil(text)
    assert.truthy(message:find "64")
  end)

  it("reads numbers in exponent form, keeps fractions and integers", function()
    local t = json.decode '{"date":1.659377625E9,"half":1.5,"n":60,"list":[1,2]}'
    assert.are.equal("1659377625", ("%.0f"):format(t.date))
    assert.are.equal(1.5, t.half)
    assert.are.equal("60", tostring(t.n))
    assert.are.equal("2", tostring(t.list[2]))
  end)

  it("leaves nulls out", function()
    local t = json.decode '{"a":null,"b":{"c":null,"d":1},"e":[null,1,null,2]}'
    assert.are.same({ b = { d = 1 }, e = { 1, 2 } }, t)
    assert.is_nil((json.decode "null"))
  end)

  it("refuses what is not JSON", function()
    for _, text in ipairs { "", "<html>", "{", '{"a":NaN}', '{"a":0x10}', '{"a":1}x', ("["):rep(1000) } do
      local value, err = json.decode(text)
      assert.is_nil(value)
      assert.are.equal("string", type(err))
    end
  end)

  it("leaves the program's own cjson settings alone", function()
    local cjson = require "cjson"
    assert.are.equal(14, (cjson.encode_number_precision()))
  end)
end)

describe("json_plain", function()
  local is_plain = require("cognito.core").json_plain

  it("says of every octet, at every place of a text, whether it needs an escape", function()
    for octet = 0, 255 do
      local plain = octet >= 32 and octet < 128 and octet ~= 34 and octet ~= 92
      for _, place in ipairs { 0, 1, 7, 15, 16, 17, 31, 40 } do
        local text = ("a"):rep(place) .. string.char(octet) .. ("b"):rep(40 - place)
        assert.are.equal(plain, is_plain(text))
      end
      assert.are.equal(plain, is_plain(string.char(octet)))
    end
    assert.is_true(is_plain "")
  end)

  it("says no of what is no string", function()
    for _, value in ipairs { 1, true, {}, print } do assert.is_false(is_plain(value)) end
    assert.is_false(is_plain(nil))
  end)
end)
