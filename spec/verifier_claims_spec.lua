-- What a verifier asks of a token's claims (RFC 7519 section 4.1, "Verifying JSON web tokens" of the developer guide).
local cjson = require("cjson").new()
local tokens = require "spec.support.tokens"
local verifiers = require "spec.support.verifiers"

local key, judge, new = verifiers.key, verifiers.judge, verifiers.new

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
