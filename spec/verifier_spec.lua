local cjson = require("cjson").new()
local errors = require "cognito.errors"
local jws = require "cognito.jws"
local tokens = require "spec.support.tokens"
local verifier = require "cognito.verifier"

local key, other = tokens.key "k1", tokens.key "k2"
local text = tokens.jwks(key)

local function options(changes)
  local o = { user_pool_id = tokens.pool_id, client_id = tokens.client_id, token_use = "access", jwks = text,
    now = function() return tokens.now end }
  for name, value in pairs(changes or {}) do
    if value == tokens.none then o[name] = nil else o[name] = value end
  end
  return o
end

local function new(changes) return assert(verifier.new(options(changes))) end

-- "valid", or the reason; every failure is nil and a token error.
local function verdict(v, token)
  local claims, err = v:verify(token)
  local ok, check_err = v:check(token)
  assert.equal(claims ~= nil, ok == true)
  if claims then return "valid" end
  assert.is_nil(claims)
  assert.equal("token", err.kind)
  assert.equal(err.code, check_err.code)
  return err.code
end

local function judge(changes, claims, header)
  return verdict(new(changes), tokens.make(key, claims, header))
end

describe("cognito.verifier: claims", function()
  it("come back as plain values, the caller's own", function()
    local v = new()
    local token = tokens.make(key, tokens.claims { __index = "data", nested = { a = { 1, 2 } } })
    local claims = assert(v:verify(token))
    assert.equal("alice", claims.username)
    assert.equal("data", claims.__index)
    assert.same({ a = { 1, 2 } }, claims.nested)
    assert.same({ "readers", "writers" }, claims["cognito:groups"])
    assert.is_nil(getmetatable(claims))
    if math.type then assert.equal("integer", math.type(claims.exp)) end
    claims.username = "mallory"
    assert.equal("alice", assert(v:verify(token)).username)
  end)

  it("of any size are the same", function()
    for _, size in ipairs { 1, 1800, 2500, 3500, 20000 } do
      local claims = assert(new():verify(tokens.make(key, tokens.claims { pad = ("x"):rep(size) .. "\195\169" })))
      assert.equal(("x"):rep(size) .. "\195\169", claims.pad)
      assert.equal("alice", claims.username)
      assert.equal("expired", judge(nil, tokens.claims { pad = ("x"):rep(size), exp = 1 }))
    end
  end)

  it("are asked for their issuer", function()
    assert.equal("valid", judge(nil, tokens.claims {
      iss = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_TestPool1" }))
    for _, iss in ipairs { tokens.issuer .. "/", tokens.issuer:upper(), "", tokens.issuer .. "\0",
      "eu-west-1_TestPool1",
      "http://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_TestPool1", (tokens.issuer:gsub("Pool1", "Pool2")) } do
      assert.equal("iss_mismatch", judge(nil, tokens.claims { iss = iss }))
    end
    assert.equal("claim_missing", judge(nil, tokens.claims { iss = tokens.none }))
    assert.equal("claim_type", judge(nil, tokens.claims { iss = 7 }))
    assert.equal("claim_type", judge(nil, tokens.claims { iss = { tokens.issuer } }))
  end)

  it("of the partitions have their issuers", function()
    for id, host in pairs { ["cn-north-1_A"] = "cn-north-1.amazonaws.com.cn",
      ["us-gov-west-1_A"] = "us-gov-west-1.amazonaws.com",
      ["eusc-de-east-1_A"] = "eusc-de-east-1.amazonaws.eu", ["us-iso-east-1_A"] = "us-iso-east-1.c2s.ic.gov",
      ["us-isob-east-1_A"] = "us-isob-east-1.sc2s.sgov.gov" } do
      for _, service in ipairs { "cognito-idp.", "issuer-cognito-idp." } do
        local iss = "https://" .. service .. host .. "/" .. id
        assert.equal("valid", judge({ user_pool_id = id }, tokens.claims { iss = iss }))
      end
      assert.equal("iss_mismatch", judge({ user_pool_id = id }))
    end
  end)

  it("may come from an issuer that the caller names, and from no other then", function()
    local own = "https://auth.example.com/pool"
    assert.equal("valid", judge({ issuer = own }, tokens.claims { iss = own }))
    assert.equal("valid", judge({ issuer = own, user_pool_id = tokens.none }, tokens.claims { iss = own }))
    assert.equal("iss_mismatch", judge({ issuer = own }))
    assert.equal("valid", judge { issuer = { own, tokens.issuer } })
  end)

  it("are asked for the token's use", function()
    assert.equal("token_use_mismatch", judge(nil, tokens.id_claims()))
    assert.equal("token_use_mismatch", judge { token_use = "id" })
    assert.equal("valid", judge({ token_use = "id" }, tokens.id_claims()))
    assert.equal("valid", judge({ token_use = false }, tokens.id_claims()))
    assert.equal("valid", judge { token_use = false })
    for _, use in ipairs { "", "Access", "access ", "refresh" } do
      assert.equal("token_use_mismatch", judge(nil, tokens.claims { token_use = use }))
      assert.equal("token_use_mismatch", judge({ token_use = false }, tokens.claims { token_use = use }))
    end
    assert.equal("claim_missing", judge({ token_use = false }, tokens.claims { token_use = tokens.none }))
    assert.equal("claim_type", judge(nil, tokens.claims { token_use = true }))
  end)

  it("are asked for the client", function()
    assert.equal("client_id_mismatch", judge(nil, tokens.claims { client_id = "other" }))
    assert.equal("claim_missing", judge(nil, tokens.claims { client_id = tokens.none, aud = tokens.client_id }))
    assert.equal("claim_type", judge(nil, tokens.claims { client_id = { tokens.client_id } }))
    assert.equal("valid", judge { client_id = { "first", tokens.client_id } })
    assert.equal("client_id_mismatch", judge { client_id = { "first", "second" } })
    assert.equal("valid", judge({ client_id = false }, tokens.claims { client_id = "other" }))
    local id = { token_use = "id" }
    assert.equal("aud_mismatch", judge(id, tokens.id_claims { aud = "other" }))
    assert.equal("claim_missing", judge(id, tokens.id_claims { aud = tokens.none, client_id = tokens.client_id }))
    assert.equal("valid", judge(id, tokens.id_claims { aud = { "other", tokens.client_id } }))
    assert.equal("aud_mismatch", judge(id, tokens.id_claims { aud = { "other", "another" } }))
    assert.equal("claim_type", judge(id, tokens.id_claims { aud = { tokens.client_id, 7 } }))
    assert.equal("claim_type", judge(id, tokens.id_claims { aud = { [tokens.client_id] = tokens.client_id } }))
    assert.equal("aud_mismatch", judge(id, tokens.id_claims { aud = "" }))
  end)

  it("are asked for one of the groups", function()
    assert.equal("valid", judge { groups = "readers" })
    assert.equal("valid", judge { groups = { "admins", "writers" } })
    assert.equal("groups_mismatch", judge { groups = { "admins", "Readers", "reader" } })
    assert.equal("groups_mismatch", judge({ groups = "readers" }, tokens.claims { ["cognito:groups"] = tokens.none }))
    assert.equal("claim_type", judge({ groups = "readers" }, tokens.claims { ["cognito:groups"] = "readers" }))
    assert.equal("claim_type", judge({ groups = "readers" }, tokens.claims { ["cognito:groups"] = { "readers", 1 } }))
  end)

  it("are asked for one of the scopes", function()
    assert.equal("valid", judge { scopes = "profile" })
    assert.equal("valid", judge { scopes = { "email", "openid" } })
    assert.equal("scope_mismatch", judge { scopes = { "email", "open", "openid profile" } })
    assert.equal("scope_mismatch", judge({ scopes = "openid" }, tokens.claims { scope = tokens.none }))
    assert.equal("scope_mismatch", judge({ scopes = "openid" }, tokens.claims { scope = "" }))
    assert.equal("claim_type", judge({ scopes = "openid" }, tokens.claims { scope = { "openid" } }))
    assert.equal("valid", judge({ scopes = "c" }, tokens.claims { scope = "a  b c" }))
  end)

  it("have their types", function()
    for _, name in ipairs { "sub", "jti", "scope" } do
      for _, value in ipairs { 7, true, { "x" } } do
        assert.equal("claim_type", judge(nil, tokens.claims { [name] = value }))
      end
    end
  end)
end)

describe("cognito.verifier: time", function()
  local function with(name, json, changes)
    local claims = tokens.claims { [name] = tokens.none }
    return judge(changes, (cjson.encode(claims):gsub("}$", ',"' .. name .. '":' .. json .. "}")))
  end

  it("exp, to the second, with and without leeway", function()
    local now = tokens.now
    assert.equal("expired", with("exp", now - 1))
    assert.equal("expired", with("exp", now))
    assert.equal("valid", with("exp", now + 1))
    assert.equal("valid", with("exp", now .. ".5"))
    for _, leeway in ipairs { 1, 60, 300 } do
      assert.equal("expired", with("exp", now - leeway, { leeway = leeway }))
      assert.equal("valid", with("exp", now - leeway + 1, { leeway = leeway }))
      assert.equal("valid", with("nbf", now + leeway, { leeway = leeway }))
      assert.equal("not_yet_valid", with("nbf", now + leeway + 1, { leeway = leeway }))
    end
    assert.equal("valid", with("nbf", now))
    assert.equal("not_yet_valid", with("nbf", now + 1))
  end)

  it("numbers in every spelling of JSON", function()
    assert.equal("valid", with("exp", "1.75000001e9"))
    assert.equal("valid", with("exp", "17500000.10E+2"))
    assert.equal("valid", with("exp", "175000001000e-2"))
    assert.equal("valid", with("exp", "253402300799"))
    for _, wrong in ipairs { "253402300800", "-1", "9223372036854775808", "18446744073709551617", "1e20", "1e308",
      "1e400", "-1e400", "253402300799.5" } do
      for _, name in ipairs { "exp", "nbf", "iat" } do assert.equal("claim_range", with(name, wrong), name .. wrong) end
    end
    for _, wrong in ipairs { '"1750003600"', "true", "null", "[1750003600]", "{}" } do
      for _, name in ipairs { "exp", "nbf", "iat" } do assert.equal("claim_type", with(name, wrong), name .. wrong) end
    end
    for _, wrong in ipairs { "NaN", "Infinity", "0x685d5e80", "1750003600.", "+1750003600", "01750003600" } do
      assert.equal("bad_json", with("exp", wrong))
    end
    assert.equal("claim_missing", judge(nil, tokens.claims { exp = tokens.none }))
    assert.equal("valid", judge(nil, tokens.claims { iat = tokens.none }))
  end)

  it("iat in the future, where the caller limits it", function()
    local later = tokens.claims { iat = tokens.now + 100 }
    assert.equal("valid", judge(nil, later))
    assert.equal("valid", judge({ max_future_iat = 100 }, later))
    assert.equal("not_yet_valid", judge({ max_future_iat = 99 }, later))
  end)
end)

describe("cognito.verifier: header, key, signature", function()
  it("RS256 by a key of the set", function()
    assert.equal("kid_unknown", verdict(new(), tokens.make(other)))
    assert.equal("bad_signature", verdict(new(), tokens.make({ pkey = other.pkey, kid = "k1" })))
    assert.equal("kid_missing", judge(nil, nil, { alg = "RS256" }))
    assert.equal("kid_invalid", judge(nil, nil, { alg = "RS256", kid = 7 }))
    assert.equal("kid_unknown", judge(nil, nil, { alg = "RS256", kid = "" }))
    for _, alg in ipairs { "none", "HS256", "RS384", "RS512", "PS256", "ES256", "rs256", "RS256 ", "" } do
      assert.equal("alg_not_allowed", judge(nil, nil, { alg = alg, kid = "k1" }))
    end
    assert.equal("alg_not_allowed", judge(nil, nil, { kid = "k1" }))
    for _, crit in ipairs { '["exp"]', "[]", '""', "null", "false" } do
      assert.equal("crit_unsupported", judge(nil, nil, '{"alg":"RS256","kid":"k1","crit":' .. crit .. "}"))
    end
  end)

  it("the reason is that of the first thing that is wrong", function()
    local broken = tokens.make(other, "no json", { alg = "RS256", kid = "k1" })
    assert.equal("bad_signature", verdict(new(), broken))
    assert.equal("too_large", verdict(new(), ("A"):rep(65537)))
    assert.equal("malformed", verdict(new(), ("A"):rep(65536)))
    assert.equal("alg_not_allowed", judge(nil, nil, { alg = "none", crit = { "x" } }))
    assert.equal("malformed", verdict(new(), "bm8.bm8.bm8="))
    assert.equal("bad_json", verdict(new(), "bm8.bm8.bm8"))
  end)

  it("no token, and what is none", function()
    assert.equal("malformed", verdict(new(), nil))
    assert.has_error(function() new():verify(7) end)
    assert.has_error(function() new():verify {} end)
  end)

  it("errors show nothing of the token", function()
    local header = { alg = "RS256", kid = "k1", x = "CANARY" }
    local _, err = new():verify(tokens.make(key, tokens.claims { iss = "CANARY" }, header))
    assert.is_nil(tostring(err):find("CANARY", 1, true))
    _, err = new():verify(tokens.make(key, nil, { alg = "CANARY", kid = "CANARY" }))
    assert.is_nil(tostring(err):find("CANARY", 1, true))
  end)
end)

describe("cognito.verifier: several pools", function()
  local second = "us-east-1_Second22"
  local function two(changes)
    local o = options { user_pool_id = { tokens.pool_id, second },
      jwks = { [tokens.pool_id] = text, [second] = tokens.jwks(other) } }
    for name, value in pairs(changes or {}) do o[name] = value end
    return assert(verifier.new(o))
  end
  local second_claims = tokens.claims { iss = "https://cognito-idp.us-east-1.amazonaws.com/" .. second }

  it("each with its own keys", function()
    assert.equal("valid", verdict(two(), tokens.make(key)))
    assert.equal("valid", verdict(two(), tokens.make(other, second_claims)))
    assert.equal("kid_unknown", verdict(two(), tokens.make(key, second_claims)))
    assert.equal("bad_signature", verdict(two(), tokens.make({ pkey = key.pkey, kid = "k2" }, second_claims)))
    assert.equal("iss_mismatch", verdict(two(), tokens.make(key, tokens.claims { iss = "https://evil.example" })))
    assert.equal("claim_missing", verdict(two(), tokens.make(key, tokens.claims { iss = tokens.none })))
    assert.equal("claim_type", verdict(two(), tokens.make(key, tokens.claims { iss = 1 })))
    assert.equal("alg_not_allowed", verdict(two(), tokens.make(key, nil, { alg = "none" })))
    assert.equal("iss_mismatch", verdict(two(), tokens.make(key, tokens.claims { iss = ("x"):rep(600) })))
  end)
end)

describe("cognito.verifier: the caller's own check", function()
  it("sees claims and header once all else holds", function()
    local seen
    local v = new { custom_check = function(claims, header)
      seen = { claims, header }
      return claims.username == "alice", "not alice"
    end }
    assert.equal("valid", verdict(v, tokens.make(key)))
    assert.equal("k1", seen[2].kid)
    seen = nil
    assert.equal("expired", verdict(v, tokens.make(key, tokens.claims { exp = 1 })))
    assert.is_nil(seen)
    local _, err = v:verify(tokens.make(key, tokens.claims { username = "bob" }))
    assert.equal("custom_check", err.code)
    assert.matches("not alice", tostring(err))
  end)

  it("accepts by true alone", function()
    for _, answer in ipairs { 1, "yes", {}, false } do
      assert.equal("custom_check", verdict(new { custom_check = function() return answer end }, tokens.make(key)))
    end
    assert.equal("custom_check", verdict(new { custom_check = function() end }, tokens.make(key)))
  end)
end)

describe("cognito.verifier: the online check", function()
  it("refuses what the service has revoked", function()
    local answers = {}
    local pool = { call = function(_, name, input)
      assert.equal("GetUser", name)
      assert.is_string(input.AccessToken)
      return answers[1], answers[2]
    end }
    local v = new { online = pool, cache = true }
    local token = tokens.make(key)
    answers = { { Username = "alice" } }
    assert.equal("valid", verdict(v, token))
    answers = { nil, errors.new("auth", "Access Token has been revoked", { code = "NotAuthorizedException" }) }
    assert.equal("revoked", verdict(v, token))
    answers = { nil, errors.new("network", "down") }
    local claims, err = v:verify(token)
    assert.is_nil(claims)
    assert.equal("network", err.kind)
    answers = {}
    assert.equal("bad_signature", verdict(v, token:sub(1, -10) .. "AAAAAAAAA"))
  end)

  it("is for access tokens", function()
    for _, use in ipairs { "id", false } do
      local v, err = verifier.new(options { token_use = use, online = function() end })
      assert.is_nil(v)
      assert.equal("online", err.field)
    end
  end)
end)

describe("cognito.verifier: the cache of verdicts", function()
  it("gives copies, and nothing past exp", function()
    local now = tokens.now
    local v = new { cache = 10, now = function() return now end }
    local token = tokens.make(key)
    local first = assert(v:verify(token))
    first.username, first["cognito:groups"][1] = "mallory", "admins"
    local second = assert(v:verify(token))
    assert.equal("alice", second.username)
    assert.equal("readers", second["cognito:groups"][1])
    second["cognito:groups"][1] = "admins"
    assert.equal("readers", assert(v:verify(token))["cognito:groups"][1])
    now = tokens.now + 3600
    assert.equal("expired", verdict(v, token))
  end)

  it("knows the whole token", function()
    local v = new { cache = 10 }
    local token = tokens.make(key)
    assert.equal("valid", verdict(v, token))
    assert.equal("bad_signature", verdict(v, token:sub(1, -20) .. (token:sub(-19, -19) == "A" and "B" or "A")
      .. token:sub(-18)))
    assert.equal("malformed", verdict(v, token .. "\n"))
  end)

  it("is bounded", function()
    local v = new { cache = 4 }
    for i = 1, 20 do assert(v:verify(tokens.make(key, tokens.claims { jti = "j" .. i }))) end
    local count = 0
    for _, generation in ipairs { v.cache.young, v.cache.old } do
      for _ in pairs(generation) do count = count + 1 end
    end
    assert.is_true(count <= 4)
  end)

  it("does not remember refusals, and asks the caller's check each time", function()
    local fine = true
    local v = new { cache = true, custom_check = function() return fine end }
    local token = tokens.make(key)
    assert.equal("valid", verdict(v, token))
    fine = false
    assert.equal("custom_check", verdict(v, token))
    fine = true
    assert.equal("valid", verdict(v, token))
  end)
end)

describe("cognito.verifier: options", function()
  it("that are missing or wrong name their field", function()
    local cases = {
      { field = "token_use", token_use = tokens.none }, { field = "token_use", token_use = true },
      { field = "token_use", token_use = "refresh" },
      { field = "client_id", client_id = tokens.none }, { field = "client_id", client_id = {} },
      { field = "client_id", client_id = true }, { field = "client_id", client_id = "a b" },
      { field = "user_pool_id", user_pool_id = tokens.none }, { field = "user_pool_id", user_pool_id = "nopool" },
      { field = "user_pool_id", user_pool_id = "nowhere_Abc" }, { field = "leeway", leeway = -1 },
      { field = "leeway", leeway = 301 }, { field = "leeway", leeway = 0 / 0 }, { field = "groups", groups = {} },
      { field = "scopes", scopes = { "a", 1 } }, { field = "issuer", issuer = "http://example.com" },
      { field = "jwks_max_age", jwks_max_age = 86401 }, { field = "cache", cache = 0 },
      { field = "jwks", user_pool_id = { tokens.pool_id, "us-east-1_B" } },
      { field = "issuer", user_pool_id = { tokens.pool_id, "us-east-1_B" }, issuer = tokens.issuer },
      { field = "online", online = {} },
    }
    for i, case in ipairs(cases) do
      local changes = {}
      for name, value in pairs(case) do if name ~= "field" then changes[name] = value end end
      local v, err = verifier.new(options(changes))
      assert.is_nil(v, "case " .. i)
      assert.equal("config", err.kind)
      assert.equal(case.field, err.field, "case " .. i)
    end
  end)

  it("of a wrong type or name raise", function()
    assert.has_error(function() verifier.new(options { leeway = "1" }) end)
    local ok, message = pcall(verifier.new, options { tokenuse = "id" })
    assert.is_false(ok)
    assert.matches("token_use", message)
  end)
end)

describe("cognito.jws", function()
  it("verifies header, key and signature alone", function()
    local token = tokens.make(key, "any octets \0\255")
    local payload, header = jws.verify(token, text)
    assert.equal("any octets \0\255", payload)
    assert.same({ alg = "RS256", kid = "k1" }, header)
    local none, err = jws.verify(token, tokens.jwks(other))
    assert.is_nil(none)
    assert.equal("kid_unknown", err.code)
    assert.equal("jwks_invalid", select(2, jws.verify(token, "{}")).code)
    assert.equal("malformed", select(2, jws.verify("a.b", "{}")).code)
    assert.equal("valid", jws.verify(token, text) and "valid")
    assert.has_error(function() jws.verify(nil, text) end)
    assert.has_error(function() jws.verify(token) end)
  end)

  it("decodes without a verdict", function()
    local claims, header = jws.decode_unverified(tokens.make(other))
    assert.equal("alice", claims.username)
    assert.equal("k2", header.kid)
    for payload, code in pairs { ["[1]"] = "payload_not_object", ["{"] = "bad_json",
      ['{"a":1,"a":2}'] = "duplicate_key", ['{"a":1e999}'] = "claim_range" } do
      local none, err = jws.decode_unverified(tokens.make(key, payload))
      assert.is_nil(none)
      assert.equal(code, err.code)
    end
    assert.equal("header_not_object", select(2, jws.decode_unverified(tokens.make(key, nil, "[]"))).code)
    assert.equal("malformed", select(2, jws.decode_unverified "no token").code)
  end)
end)
