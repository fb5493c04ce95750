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
