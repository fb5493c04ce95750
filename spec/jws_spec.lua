-- Tokens by themselves: a signature without a policy, and a look without a verdict.
local jws = require "cognito.jws"
local tokens = require "spec.support.tokens"
local verifiers = require "spec.support.verifiers"

local key, other, text = verifiers.key, verifiers.other, verifiers.jwks

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
