-- A verifier beside the claims: header, key and signature, several pools, own checks, the cache, options.
local cjson = require "cjson"
local errors = require "cognito.errors"
local tokens = require "spec.support.tokens"
local verifier = require "cognito.verifier"
local verifiers = require "spec.support.verifiers"

local key, other, text = verifiers.key, verifiers.other, verifiers.jwks
local options, new, verdict, judge = verifiers.options, verifiers.new, verifiers.verdict, verifiers.judge

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

describe("cognito.verifier: few claims", function()
  local names = { "username", "cognito:groups", "exp", "odd", "nothing", "absent", "aud" }
  local payload = tokens.claims { odd = { a = { 1, 2.5, "\n" }, b = {} }, nothing = cjson.null }

  it("are the same values as in a table of all", function()
    local v, token = new(), tokens.make(key, payload)
    local all, few = assert(v:verify(token)), assert(v:pick(token, names))
    local count = 0
    for name, value in pairs(few) do
      count = count + 1
      assert.same(all[name], value)
    end
    assert.equal(4, count)
    assert.same({ 1, 2.5, "\n" }, few.odd.a)
    assert.is_false(select(2, v:pick(token, names)))
    assert.same({}, v:pick(token))
  end)

  it("of a large token are among all of them", function()
    local token = tokens.make(key, tokens.claims { padding = ("x"):rep(10000) })
    assert.equal("alice", assert(new():pick(token, names)).username)
  end)

  it("are refused as a whole table is", function()
    local v = new()
    for _, case in ipairs { { "x", "malformed" }, { tokens.make(key, tokens.claims { exp = 1 }), "expired" },
      { tokens.make(key, tokens.claims { client_id = "other" }), "client_id_mismatch" },
      { tokens.make(tokens.key "k9", payload), "kid_unknown" }, { nil, "malformed" } } do
      local claims, err = v:pick(case[1], names)
      assert.is_nil(claims)
      assert.equal(case[2], err.code)
    end
    assert.has_error(function() v:pick(7, names) end)
    assert.has_error(function() v:pick(tokens.make(key), {}) end)
    assert.has_error(function() v:pick(tokens.make(key), { 1 }) end)
  end)

  it("come from the cache, and pass the caller's check and the online check", function()
    local token = tokens.make(key)
    local v = new { cache = true }
    local first, whole = v:pick(token, names)
    assert.is_true(whole)
    assert.equal(first, (v:pick(token, names)))
    assert.are_not.equal(first, (v:verify(token)))
    assert.equal("custom_check", select(2, new { custom_check = function(claims)
      return claims.sub == nil
    end }:pick(token, names)).code)
    assert.is_true(select(2, new { custom_check = function() return true end }:pick(token, names)))
    for _, cache in ipairs { true, false } do
      local asked = 0
      local online = new { cache = cache, online = function(given)
        asked = asked + 1
        return given == token and asked < 3
      end }
      assert.is_table(online:pick(token, names))
      assert.is_table(online:pick(token, names))
      assert.equal("revoked", select(2, online:pick(token, names)).code)
    end
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
