-- The strict JSON reader of the C core, from Lua.
local core = require "cognito.core"

local function decode(text) return core.json_decode(text) end
local function code(text) return (select(2, core.json_decode(text))) end

describe("cognito.core.json_decode", function()
  it("gives plain Lua values", function()
    local value = decode [[ {"s":"x","t":true,"f":false,"i":12,"r":-1.5e1,"a":[1,[],{}],"o":{"p":{}}} ]]
    assert.same({ s = "x", t = true, f = false, i = 12, r = -15, a = { 1, {}, {} }, o = { p = {} } }, value)
    assert.equal("x", decode '"x"')
    assert.equal(7, decode " 7 ")
  end)

  it("leaves null out of objects and keeps its place in arrays", function()
    local value = decode '{"a":null,"b":[null,1,null]}'
    assert.is_nil(value.a)
    assert.same({ core.null, 1, core.null }, value.b)
    assert.equal(core.null, decode "null")
  end)

  it("keeps integers integers where Lua has them", function()
    if not math.type then return end
    assert.equal("integer", math.type(decode "1700000000"))
    assert.equal("integer", math.type(decode "-9223372036854775808"))
    assert.equal(math.maxinteger, decode "9223372036854775807")
    assert.equal("float", math.type(decode "9223372036854775808"))
    assert.equal("float", math.type(decode "1.0"))
    assert.equal("float", math.type(decode "1e3"))
  end)

  it("treats no name as special", function()
    local value = decode '{"__index":1,"__gc":2,"__metatable":3,"__proto__":4,"":5,"a\\u0000b":6}'
    assert.is_nil(getmetatable(value))
    assert.same({ __index = 1, __gc = 2, __metatable = 3, __proto__ = 4, [""] = 5, ["a\0b"] = 6 }, value)
  end)

  it("decodes every escape", function()
    assert.equal('"\\/\b\f\n\r\tA\195\169\226\130\172\240\159\152\128',
      decode [["\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\uD83D\uDE00"]])
  end)

  it("rounds numbers as the platform does", function()
    for _, text in ipairs { "0.1", "1e-7", "5e-324", "2.2250738585072011e-308", "1.7976931348623157e308",
      "123456789.125", "9007199254740993", "0.30000000000000004", "1e23", "-0.0", "1E+2", "1e-400" } do
      assert.equal(tonumber(text), decode(text))
    end
    assert.equal(1, decode("0." .. ("0"):rep(5000) .. "1e5001"))
    assert.equal(0.5, decode("0.5" .. ("0"):rep(5000)))
  end)

  local wrong = {
    bad_json = { "", " ", "{", "[1,]", "{,}", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}", "'a'", "01", "-", "+1", "1.",
      ".5", "1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity", "nul", "True", "1 2", "[1][", '"a', '"\\x"', '"\\u12"',
      '"\\ud800"', '"\\udc00"', '"\\ud800\\u0041"', '"\n"', '"\1"', "\239\187\191{}", "[1 2]", "// a\n1", "\0", "1\0",
      '{"a":1 "b":2}', "]", "}", "[}", "{]" },
    bad_utf8 = { '"\128"', '"\192\128"', '"\224\128\128"', '"\237\160\128"', '"\244\144\128\128"', '"\245\128\128\128"',
      '"\195"', '"\226\130"', '"\240\159\152"', '"\255"', '{"\128":1}' },
    duplicate_key = { '{"a":1,"a":1}', '{"a":1,"\\u0061":1}', '{"x":{"a":1,"b":2,"a":3}}', '[{"":1,"":2}]' },
    number_range = { "1e309", "-1e400", '{"a":[1e999999999999999999999]}', ("9"):rep(400) },
    too_deep = { ("["):rep(65) .. ("]"):rep(65), ('{"a":'):rep(65) .. "1" .. ("}"):rep(65), ("["):rep(100000) },
  }
  for wanted, texts in pairs(wrong) do
    it("refuses with " .. wanted, function()
      for _, text in ipairs(texts) do assert.equal(wanted, code(text), text:sub(1, 60)) end
    end)
  end

  it("reads 64 levels", function()
    assert.is_table(decode(("["):rep(64) .. ("]"):rep(64)))
  end)

  it("finds a name's second coming among many, at any depth", function()
    for _, n in ipairs { 15, 16, 17, 18, 100, 3000 } do
      local members = {}
      for i = 1, n do members[i] = ('"name%d":{"name%d":%d}'):format(i, i, i) end
      assert.equal(n, decode("{" .. table.concat(members, ",") .. "}")["name" .. n]["name" .. n])
      for _, again in ipairs { 1, n } do
        members[n + 1] = ('"n\\u0061me%d":0'):format(again)
        assert.equal("duplicate_key", code("{" .. table.concat(members, ",") .. "}"))
      end
    end
  end)

  it("agrees with lua-cjson on valid documents", function()
    local cjson = require "cjson"
    for _, text in ipairs { '{"a":[1,2,{"b":"c"}],"d":"\\u00fc\\n"}', "[]", '["",0,-1,1.5,true,false]',
      '{"a":{"a":{"a":["\226\130\172"]}}}', '[1e10,1E-2,12345678901]' } do
      assert.same(cjson.decode(text), decode(text))
    end
  end)

  it("has a deep copy of what it gives", function()
    local value = decode '{"a":{"b":[1,{"c":[]}]},"d":[[true]],"e":"x"}'
    local copy = core.copy(value)
    assert.same(value, copy)
    copy.a.b[2].c[1], copy.d[1][1], copy.e = 1, 2, 3
    assert.same(decode '{"a":{"b":[1,{"c":[]}]},"d":[[true]],"e":"x"}', value)
    local deep = decode(("["):rep(64) .. ("]"):rep(64))
    assert.same(deep, core.copy(deep))
    assert.has_error(function() core.copy { deep } end)
    assert.has_error(function() core.copy "x" end)
  end)

  it("takes strings only", function()
    assert.has_error(function() decode(12) end)
    assert.has_error(function() decode(nil) end)
  end)

  describe("an answer with tokens", function()
    local USUAL = [[ {"AuthenticationResult":{"AccessToken":"a.b.c","ExpiresIn":3600,"IdToken":"d.e.f",
      "RefreshToken":"r","TokenType":"Bearer"},"ChallengeParameters":{"a":["\u0041",null]}} ]]

    it("is read as the general reader reads it, its lifetime under a key of its own", function()
      local wanted = core.json_decode(USUAL).AuthenticationResult
      wanted[core.lifetime], wanted.ExpiresIn, wanted.TokenType = wanted.ExpiresIn, nil, nil
      assert.are.same(wanted, core.json_tokens(USUAL))
      assert.are.same({ AccessToken = "a", [core.lifetime] = 2 ^ 31 },
        core.json_tokens '{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":2147483648}}')
      local long = ("x"):rep(10000)
      assert.are.equal(long, core.json_tokens(USUAL:gsub("a%.b%.c", long), nil).AccessToken)
    end)

    it("is left to the general reader when anything in it is unusual", function()
      local function with(from, to)
        local text, count = USUAL:gsub(from, (to:gsub("%%", "%%%%")))
        assert.are.equal(1, count)
        assert.is_nil(core.json_tokens(text), text)
      end
      with('"ExpiresIn":3600,', "")
      with("3600", "3600.5")
      with("3600", "-1")
      with("3600", "2147483649")
      with("a%.b%.c", "a.\\u0041.c")
      with("a%.b%.c", "")
      with("a%.b%.c", "a.\195\169.c")
      with('"AccessToken":"a%.b%.c",', "")
      with("3600", '"3600"')
      with("3600", "null")
      with('"a%.b%.c"', "1")
      with('"d%.e%.f"', "null")
      with('"TokenType"', '"TokenKind"')
      with('"TokenType":"Bearer"', '"NewDeviceMetadata":{"DeviceKey":"k"}')
      with('"TokenType":"Bearer"', '"TokenType":false')
      with('"RefreshToken"', '"IdToken"')
      with('"ChallengeParameters"', '"AuthenticationResult"')
      with('"AuthenticationResult"', '"Other"')
      with("} $", "")
      with("} $", "} 1")
      with("Bearer", "Bear\1er")
      for _, text in ipairs { "", "null", "[]", '{"AuthenticationResult":null}', '{"AuthenticationResult":[]}',
        '{"AuthenticationResult":{}}', '{"AuthenticationResult":"x"}' } do
        assert.is_nil(core.json_tokens(text), text)
      end
    end)

    it("is read the same way for every way in which it can be cut", function()
      for length = 0, #USUAL - 3 do assert.is_nil(core.json_tokens(USUAL:sub(1, length))) end
    end)
  end)
end)
