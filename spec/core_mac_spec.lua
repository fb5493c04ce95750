-- Digests, MACs and random octets of the C core, from Lua.
local core = require "cognito.core"

describe("cognito.core digests and MACs", function()
  it("give the published values", function()
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", -- FIPS 180-2 B.1
      core.hex_encode(core.sha256("abc")))
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", core.fingerprint("abc"))
    assert.equal("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", -- RFC 4231 case 2
      core.hex_encode(core.hmac_sha256("Jefe", "what do ya want for nothing?")))
    assert.equal("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", -- RFC 2202 case 2
      core.hex_encode(core.hmac_sha1("Jefe", "what do ya want for nothing?")))
  end)

  it("compute the SECRET_HASH from its definition, whatever key came before", function()
    for _, secret in ipairs { "a", "b", "a", "", ("k"):rep(200), "a" } do
      local wanted = core.b64_encode(core.hmac_sha256(secret, "alice" .. "client"))
      assert.equal(wanted, core.secret_hash(secret, "alice", "client"))
      assert.equal(wanted, core.secret_hash(secret, "alice", "client"))
    end
  end)

  it("compare", function()
    assert.is_true(core.equal("a\0b", "a\0b"))
    assert.is_false(core.equal("a\0b", "a\0c"))
    assert.is_false(core.equal("a", "ab"))
  end)

  it("draw random octets and ids", function()
    assert.equal(100, #core.random(100))
    assert.are_not.equal(core.random(16), core.random(16))
    assert.has_error(function() core.random(0) end)
    assert.has_error(function() core.random(65537) end)
    local hex = "[0-9a-f]"
    local id = core.uuid()
    assert.matches("^" .. hex:rep(8) .. "%-" .. hex:rep(4) .. "%-4" .. hex:rep(3) .. "%-[89ab]" .. hex:rep(3) .. "%-"
      .. hex:rep(12) .. "$", id)
    assert.are_not.equal(id, core.uuid())
  end)
end)
