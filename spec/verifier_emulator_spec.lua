-- The verifier against tokens and key sets of the emulator, which was written apart from it, over real connections.
local cognito = require "cognito"
local emulator = require "spec.support.emulator"

local PASSWORD = "Correct-horse1"

describe("a verifier and the emulator:", function()
  local emu, pool, tokens

  setup(function()
    emu = emulator.start { config = { users = { alice = { password = PASSWORD, groups = { "readers" } } } } }
    pool = assert(cognito.pool { user_pool_id = emu.pool_id, client_id = emu.client_id, endpoint = emu.url,
      flow = "USER_PASSWORD_AUTH" })
    local step = assert(pool:sign_in { username = "alice", password = PASSWORD })
    tokens = { access = assert(step.session:access_token()), id = assert(step.session:id_token()) }
  end)

  teardown(function() if emu then emu.stop() end end)

  local function options(changes)
    local o = { user_pool_id = emu.pool_id, client_id = emu.client_id, token_use = "access",
      issuer = emu.url .. "/" .. emu.pool_id }
    for name, value in pairs(changes or {}) do o[name] = value end
    return o
  end

  local function verdict(changes, token)
    local claims, err = assert(cognito.verifier(options(changes))):verify(token)
    return claims and "valid" or err.code, claims
  end

  it("accepts what the emulator signs, with the key set that it serves", function()
    local v = assert(cognito.verifier(options()))
    local claims = assert(v:verify(tokens.access))
    assert.equal("alice", claims.username)
    assert.is_true(v:check(tokens.access))
    assert.equal("valid", (verdict({ token_use = "id" }, tokens.id)))
    assert.equal("token_use_mismatch", (verdict(nil, tokens.id)))
    assert.equal("client_id_mismatch", (verdict({ client_id = "another" }, tokens.access)))
    local flipped = tokens.access:sub(1, -20) .. (tokens.access:sub(-19, -19) == "A" and "B" or "A")
      .. tokens.access:sub(-18)
    assert.equal("bad_signature", (verdict(nil, flipped)))
  end)

  it("works in coroutines of the loop, which share one fetch", function()
    local loop = require "cognito.host.loop".new()
    local v = assert(cognito.verifier(options { host = loop }))
    local valid = 0
    for _ = 1, 20 do
      loop:spawn(function()
        if v:verify(tokens.access) then valid = valid + 1 end
      end)
    end
    loop:run()
    assert.equal(20, valid)
  end)

  it("says when no keys can be had", function()
    local v = assert(cognito.verifier(options { issuer = emu.url .. "/no-such-pool" }))
    local claims, err = v:verify(tokens.access)
    assert.is_nil(claims)
    assert.equal("jwks_unavailable", err.code)
    assert.equal("config", err.cause.kind)
  end)

  it("asks the service whether a token was revoked", function()
    local step = assert(pool:sign_in { username = "alice", password = PASSWORD })
    local token = assert(step.session:access_token())
    local v = assert(cognito.verifier(options { online = pool, cache = true }))
    assert.is_table(v:verify(token))
    assert.is_table(v:verify(token))
    assert(step.session:sign_out { global = true })
    local claims, err = v:verify(token)
    assert.is_nil(claims)
    assert.equal("revoked", err.code)
    assert.equal("valid", (verdict(nil, token)))
  end)
end)
