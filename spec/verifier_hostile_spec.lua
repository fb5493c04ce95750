-- A generator of hostile tokens, built from the rules of the profile and not from examples: each token has one thing
-- wrong, of which the generator knows the name. Beside them their harmless neighbours, which must pass.
local core = require "cognito.core"
local openssl_hmac = require "openssl.hmac"
local tokens = require "spec.support.tokens"
local verifier = require "cognito.verifier"

local key = tokens.key "k1"
local b64 = tokens.b64
local set = tokens.jwks(key)
local HEADER = '{"alg":"RS256","kid":"k1"}'
local ISS = '"iss":"' .. tokens.issuer .. '"'
local REST = '"token_use":"access","client_id":"' .. tokens.client_id .. '"'
local PAYLOAD = "{" .. ISS .. ',"exp":1750003600,' .. REST .. "}"

local function new(o)
  o.user_pool_id, o.client_id, o.jwks = tokens.pool_id, tokens.client_id, o.jwks or set
  o.token_use = o.token_use or "access"
  o.now = function() return tokens.now end
  return assert(verifier.new(o))
end

local plain, cached = new {}, new { cache = 100 }

-- Every way to ask gives the same verdict, twice.
local function verdict(token)
  local seen
  for _ = 1, 2 do
    for _, v in ipairs { plain, cached } do
      local claims, err = v:verify(token)
      local code = claims and "valid" or err.code
      assert.equal(seen or code, code)
      seen = code
    end
    local ok, err = plain:check(token)
    assert.equal(seen, ok and "valid" or err.code)
  end
  return seen
end

local function is(wanted, token, what)
  local got = verdict(token)
  if type(wanted) == "table" then wanted = wanted[got] and got or next(wanted) end
  assert.equal(wanted, got, what)
end

local function sign(header, payload) return tokens.sign(key, header, payload) end

-- JSON texts that are wrong wherever they stand, by reason. `@` stands for a sound member list.
local broken = {
  bad_json = { "", " ", "@", "{@", "@}", "{@,}", "{,@}", "{@}{", "{@}x", "{@}\0", "\0{@}", "\239\187\191{@}",
    "{@ /**/}",
    "{@} //", "{'a':1,@}", "{a:1,@}", '{"a":NaN,@}', '{"a":Infinity,@}', '{"a":-Infinity,@}', '{"a":0x10,@}',
    '{"a":01,@}', '{"a":1.,@}', '{"a":.5,@}', '{"a":+1,@}', '{"a":1e,@}', '{"a":-,@}', '{"a":tru,@}', '{"a":True,@}',
    '{"a":nil,@}', '{"a":undefined,@}', '{"a":"\t",@}', '{"a":"\n",@}', '{"a":"\0",@}', '{"a":"\127\31",@}',
    '{"a":"\\x41",@}', '{"a":"\\u00",@}', '{"a":"\\ud800",@}', '{"a":"\\udc00\\ud800",@}', '{"a":"\\U00000041",@}',
    '{"a" 1,@}', '{"a":1 @}', '{"a"::1,@}', '{"a":1;@}', '{"a":[1,],@}', '{"a":[,1],@}', '{"a":[1 2],@}',
    '{"a":[1},@}', '{"a":{]},@}', "{\\u0022a\":1,@}", "{\0@}", "{\160@}", "{\226\128\168@}" },
  bad_utf8 = { '{"a":"\128",@}', '{"a":"\192\175",@}', '{"a":"\193\129",@}', '{"a":"\224\159\191",@}',
    '{"a":"\237\160\128",@}', '{"a":"\240\143\191\191",@}', '{"a":"\244\144\128\128",@}', '{"a":"\248\136\128\128",@}',
    '{"a":"\254",@}', '{"a":"\255\254",@}', '{"a":"\226\130",@}', '{"\255":1,@}' },
  duplicate_key = { '{@,"a":1,"a":1}', '{"a":1,@,"\\u0061":2}', '{"a":{"b":1,"c":2,"b":1},@}',
    '{"a":[[{"b":1,"b":2}]],@}',
    '{"":1,"":1,@}', '{"\\/":1,"/":2,@}', '{"a\\u0000":1,"a\\u0000":1,@}',
    '{"\\ud83d\\ude00":1,"\240\159\152\128":2,@}' },
  too_deep = { '{"a":' .. ("["):rep(64) .. ("]"):rep(64) .. ",@}", '{"a":' .. ('{"a":'):rep(64) .. "1" .. ("}"):rep(64)
    .. ",@}", '{"a":' .. ("["):rep(30000) },
}

local harmless = { "{@}", " \t\r\n{ @ } ", '{@,"a":null}', '{"a":[],"b":{},@}', '{"a":"\\u0000\\ud83d\\ude00",@}',
  '{"a":' .. ("["):rep(63) .. ("]"):rep(63) .. ",@}", '{"__index":1,"__gc":{},"__proto__":[],@}', '{"a":1e-999,@}',
  '{"a":-0,"b":123456789012345678901234567890,@}', '{"a":"\239\187\191","\239\191\191":1,@}', '{@,"A":1,"a":{"a":1}}' }

local function fill(text, members)
  local at = text:find("@", 1, true)
  return at and text:sub(1, at - 1) .. members .. text:sub(at + 1) or text
end

local HEADER_MEMBERS, PAYLOAD_MEMBERS = HEADER:sub(2, -2), PAYLOAD:sub(2, -2)

describe("hostile tokens:", function()
  it("the sound one passes", function() is("valid", sign(HEADER, PAYLOAD)) end)

  for reason, texts in pairs(broken) do
    it("JSON with " .. reason .. ", in header and payload", function()
      for _, text in ipairs(texts) do
        local wanted = text == "" and "malformed" or reason
        is(wanted, sign(fill(text, HEADER_MEMBERS), PAYLOAD), "header " .. text:sub(1, 50))
        is(wanted, sign(HEADER, fill(text, PAYLOAD_MEMBERS)), "payload " .. text:sub(1, 50))
      end
    end)
  end

  it("JSON that is no object", function()
    for _, text in ipairs { "[]", "1", '"x"', "true", "null", "[" .. PAYLOAD .. "]", '"' .. b64(PAYLOAD) .. '"' } do
      is("header_not_object", sign(text, PAYLOAD))
      is("payload_not_object", sign(HEADER, text))
    end
    is("bad_json", sign(HEADER, b64(PAYLOAD)))
    is("bad_json", sign(HEADER, (PAYLOAD:gsub(".", "%0\0"))))
  end)

  it("JSON that only looks odd passes", function()
    for _, text in ipairs(harmless) do
      is("valid", sign(fill(text, HEADER_MEMBERS), PAYLOAD), text:sub(1, 50))
      is("valid", sign(HEADER, fill(text, PAYLOAD_MEMBERS)), text:sub(1, 50))
    end
  end)

  it("header members that must not matter do not", function()
    local other = tokens.key "k1"
    for _, member in ipairs { '"typ":"JWE"', '"typ":7', '"cty":"x"', '"enc":"A128GCM"', '"zip":"DEF"', '"b64":false',
      '"jku":"https://evil.example/"', '"x5u":"https://evil.example/"', '"x5c":["AA"]', '"x5t":"AA"', '"Alg":"none"',
      '"jwk":{"kty":"RSA","kid":"k1","n":"' .. other.jwk.n .. '","e":"AQAB"}', '"alg\\u0000":"none"', '"p2c":1e9' } do
      is("valid", sign("{" .. HEADER_MEMBERS .. "," .. member .. "}", PAYLOAD))
      is("bad_signature", tokens.sign(other, "{" .. HEADER_MEMBERS .. "," .. member .. "}", PAYLOAD))
    end
  end)

  it("other algorithms, however they are signed", function()
    local p = key.pkey:getParameters()
    local secrets = { "", "\0", key.pkey:toPEM "public", (key.pkey:toPEM "public"):gsub("%s+$", ""), key.jwk.n,
      key.jwk.e,
      p.n:toBinary(), set, tokens.client_id }
    for _, alg in ipairs { "HS256", "none", "None", "NONE", "RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256",
      "Rs256",
      "RS256 ", " RS256", "RS256\\u0000", "RS256\\u0000x", "RS25", "RS2566", "SHA256withRSA", "" } do
      local header = ('{"alg":"%s","kid":"k1"}'):format(alg)
      is("alg_not_allowed", sign(header, PAYLOAD), alg)
      local input = b64(header) .. "." .. b64(PAYLOAD)
      is("malformed", input .. ".")
      for _, secret in ipairs(secrets) do
        is("alg_not_allowed", input .. "." .. b64(openssl_hmac.new(secret, "sha256"):final(input)))
      end
    end
    for _, value in ipairs { "null", "0", "true", "[]", '["RS256"]', '{"RS256":"RS256"}' } do
      is("alg_not_allowed", sign(('{"alg":%s,"kid":"k1"}'):format(value), PAYLOAD))
    end
    is("valid", sign('{"\\u0061lg":"R\\u0053256","kid":"k\\u0031"}', PAYLOAD))
  end)

  it("a signature by the right key with another hash or over another text", function()
    for _, hash in ipairs { "sha1", "sha224", "sha384", "sha512" } do
      is("bad_signature", tokens.sign(key, HEADER, PAYLOAD, hash))
    end
    local a, b = sign(HEADER, PAYLOAD), sign(HEADER, PAYLOAD .. " ")
    is("bad_signature", a:match "^(.*%.)" .. b:match "[^.]*$")
    is("bad_signature", b:match "^(.*%.)" .. a:match "[^.]*$")
    local input = a:match "^(.*)%."
    for _, size in ipairs { 1, 20, 32, 64, 255, 256, 257, 512, 1024 } do
      for _, octet in ipairs { "\0", "\1", "\255" } do is("bad_signature", input .. "." .. b64(octet:rep(size))) end
    end
    local signature = core.b64url_decode(a:match "[^.]*$")
    for _, wrong in ipairs { "\0" .. signature, signature .. "\0", signature:sub(2), signature:sub(1, -2),
      signature:reverse(), signature:rep(2), core.hex_encode(signature) } do
      is("bad_signature", input .. "." .. b64(wrong))
    end
  end)

  it("every spelling of a part but one", function()
    for _, payload in ipairs { PAYLOAD, PAYLOAD .. " ", PAYLOAD .. "  " } do
      local token = sign(HEADER, payload)
      local parts = { token:match "^([^.]*)%.([^.]*)%.([^.]*)$" }
      for i = 1, 3 do
        local part = parts[i]
        local variants = { part .. "=", part .. "==", part .. "\n", part .. "\r\n", " " .. part, part .. " ",
          part .. "%3D",
          part:sub(1, 4) .. "\n" .. part:sub(5), part:sub(1, 4) .. " " .. part:sub(5), part .. "\0", part .. "A",
          part:sub(1, -2), part .. "AA", part .. "AAA", part .. "+", part .. "/", part .. "*", part .. "\195\169", "" }
        -- the last character's unused bits
        local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        local last = digits:find(part:sub(-1), 1, true)
        for bit = 0, (#part % 4 == 2 and 3 or #part % 4 == 3 and 1 or -1) do
          variants[#variants + 1] = part:sub(1, -2) .. digits:sub(last + 2 ^ bit, last + 2 ^ bit)
        end
        for _, variant in ipairs(variants) do
          local changed = { parts[1], parts[2], parts[3] }
          changed[i] = variant
          local got = verdict(table.concat(changed, "."))
          assert.is_true(got ~= "valid", variant)
        end
      end
    end
  end)

  it("other forms than three parts", function()
    local token = sign(HEADER, PAYLOAD)
    local a, b, c = token:match "^([^.]*)%.([^.]*)%.([^.]*)$"
    for _, text in ipairs { "", ".", "..", "...", "....", a, a .. "." .. b, a .. "." .. b .. ".", "." .. token,
      token .. ".",
      token .. "." .. c, token .. ".." .. c, a .. ".." .. c, "." .. b .. "." .. c, a .. ".." .. b .. "." .. c,
      "Bearer " .. token, token .. " ", "\n" .. token, token .. "\r\n", '"' .. token .. '"', token .. "\0",
      "\0" .. token,
      token:gsub("%.", "%%2E"), token:gsub("%.", ","), (token:gsub("%.", "..")), a .. "." .. b .. "." .. c .. ".a.b",
      '{"payload":"' .. b .. '","protected":"' .. a .. '","signature":"' .. c .. '"}' } do
      is("malformed", text, text:sub(1, 30))
    end
  end)

  it("any one octet changed, lost or added", function()
    local token = sign(HEADER, PAYLOAD)
    for i = 1, #token do
      local head, tail = token:sub(1, i - 1), token:sub(i + 1)
      local octet = token:sub(i, i)
      for _, other in ipairs { octet == "A" and "B" or "A", octet == "." and "-" or ".", "=",
        string.char(octet:byte() + 128) } do
        assert.is_true(not plain:verify(head .. other .. tail))
        assert.is_true(not plain:verify(head .. other .. octet .. tail))
      end
      assert.is_true(not plain:verify(head .. tail))
    end
  end)

  it("claims of every wrong type, and text that only begins right", function()
    local members = { iss = tokens.issuer, token_use = "access", client_id = tokens.client_id }
    local mismatch = { iss = "iss_mismatch", token_use = "token_use_mismatch", client_id = "client_id_mismatch" }
    for name, good in pairs(members) do
      local function with(json)
        local parts = { '"exp":1750003600' }
        for other, value in pairs(members) do
          local text = other == name and json or '"' .. other .. '":"' .. value .. '"'
          if text ~= "" then parts[#parts + 1] = text end
        end
        return sign(HEADER, "{" .. table.concat(parts, ",") .. "}")
      end
      is("claim_missing", with "", name)
      is("claim_missing", with('"' .. name .. '\\u0000":"' .. good .. '"'))
      is("claim_missing", with('"' .. name:upper() .. '":"' .. good .. '"'))
      for _, value in ipairs { "null", "true", "0", "1.5", "[]", "{}", '["' .. good .. '"]', '{"' .. good .. '":1}' } do
        is("claim_type", with('"' .. name .. '":' .. value), name .. value)
      end
      for _, value in ipairs { "", good .. "\\u0000", good .. " ", " " .. good, good .. "x", good:sub(1, -2),
        good:upper(),
        good .. "/", good:gsub("c", "\208\161"), "*" } do
        is(mismatch[name], with('"' .. name .. '":"' .. value .. '"'), name .. value)
      end
    end
  end)

  it("keys that are weak, foreign or for something else", function()
    local p = key.pkey:getParameters()
    local n = p.n:toBinary()
    local token = sign(HEADER, PAYLOAD)
    local function with(changes)
      local jwk = {}
      for name, value in pairs(key.jwk) do jwk[name] = value end
      for name, value in pairs(changes) do jwk[name] = value end
      local claims, err = new { jwks = tokens.jwks(jwk) }:verify(token)
      return claims and "valid" or err.code
    end
    for _, changes in ipairs { { e = "AQ" }, { e = "AA" }, { e = "" }, { e = "Ag" }, { e = "AQAA" }, { e = b64(n) },
      { n = "" },
      { e = "AQAAAAAB" }, { e = 65537 }, { n = b64(n:sub(1, 128)) }, { n = b64(n:sub(1, -2) .. "\0") },
      { n = b64(n .. n) },
      { n = b64(n:rep(5)) }, { n = key.jwk.n .. "=" }, { n = { key.jwk.n } }, { kty = "rsa" }, { kty = "oct" },
      { kty = "EC" },
      { kty = 1 }, { use = "enc" }, { use = "" }, { use = 1 }, { key_ops = { "encrypt" } }, { key_ops = "verify" },
      { alg = "RS512" }, { alg = "HS256" }, { alg = "PS256" }, { alg = "RSA-OAEP" }, { alg = 1 } } do
      local got, what = with(changes), next(changes)
      -- twice the length is a modulus of another size, which only the signature tells
      assert.is_true(got == "key_unusable" or what == "n" and got == "bad_signature", what .. ": " .. got)
    end
    assert.equal("kid_unknown", with { kid = "K1" })
    assert.equal("kid_unknown", with { kid = 1 })
    assert.equal("valid", with { key_ops = { "verify" } })
    assert.equal("valid", with { x5c = { "x" }, x = 1 })
  end)

  -- Processor time, the best of some runs: a quadratic step anywhere takes thousands of times as long.
  it("the largest tokens cost little", function()
    local function cost(token)
      local best = math.huge
      for _ = 1, 7 do
        local start = os.clock()
        assert.is_true(not plain:verify(token))
        best = math.min(best, os.clock() - start)
      end
      return best
    end
    local names = {}
    for i = 1, 6000 do names[i] = ('"%x":0'):format(i) end
    local big = { "{" .. table.concat(names, ",") .. "}", ("["):rep(45000), '{"a":"' .. ("\\u0061"):rep(7500) .. '"}',
      '{"a":0.' .. ("0"):rep(44000) .. "1}", '{"a":[' .. ("{},"):rep(15000) .. "0]}",
        '"' .. ("\195\169"):rep(22000) .. '"',
      (" "):rep(45000) .. "{}", '{"a":[' .. ('"",'):rep(15000) .. "0]}" }
    for i, text in ipairs(big) do
      assert.is_true(cost(b64(text) .. ".e30.AAAA") < 0.02, "header " .. i)
      assert.is_true(cost(b64(HEADER) .. "." .. b64(text) .. ".AAAA") < 0.02, "payload " .. i)
    end
    assert.is_true(cost(("A"):rep(8 * 1024 * 1024)) < 0.005)
    assert.is_true(cost(("."):rep(65536)) < 0.005)
  end)
end)
