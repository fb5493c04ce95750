-- What no honest server sends in a sign-in: refused by name, and before anything is sent back.
local cognito = require "cognito"
local core = require "cognito.core"
local device = require "cognito.device"
local script_host = require "spec.support.script_host"

local N = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
  .. "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
  .. "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
  .. "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
  .. "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
  .. "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
  .. "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
  .. "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

local DEVICE = { key = "device", group_key = "group", password = "device password" }

local function sign_in(...)
  local host = script_host.new()
  local pool = assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc", host = host,
    device = true, max_attempts = 1 })
  assert(device.save(pool, "alice", DEVICE))
  for _, answer in ipairs { ... } do host:answer(200, answer) end
  local step, err = pool:sign_in { username = "alice", password = "CANARY-password" }
  return step, err, host, pool
end

local function verifier(changes)
  local parameters = { SALT = "01", SRP_B = "2", SECRET_BLOCK = "eA==", USERNAME = "alice",
    USER_ID_FOR_SRP = "alice" }
  for name, value in pairs(changes or {}) do parameters[name] = value or nil end
  return { ChallengeName = "PASSWORD_VERIFIER", ChallengeParameters = parameters }
end

describe("an SRP value that no honest server sends", function()
  local cases = {
    ["SRP_B is 0"] = { { SRP_B = "0" }, "srp_bad_b" },
    ["SRP_B is 000"] = { { SRP_B = "000" }, "srp_bad_b" },
    ["SRP_B is N"] = { { SRP_B = N }, "srp_bad_b" },
    ["SRP_B is N, with zeros before it"] = { { SRP_B = "0000" .. N:lower() }, "srp_bad_b" },
    ["SRP_B has 385 bytes"] = { { SRP_B = "1" .. ("0"):rep(768) }, "srp_bad_b" },
    ["SRP_B is not hex"] = { { SRP_B = "0x12" }, "srp_bad_b" },
    ["SRP_B is negative"] = { { SRP_B = "-12" }, "srp_bad_b" },
    ["SRP_B is empty"] = { { SRP_B = "" }, "srp_bad_b" },
    ["SRP_B is missing"] = { { SRP_B = false }, "srp_bad_b" },
    ["SRP_B is a number"] = { { SRP_B = 12 }, "srp_bad_b" },
    ["SRP_B is endless"] = { { SRP_B = ("f"):rep(200000) }, "srp_bad_b" },
    ["SALT is not hex"] = { { SALT = "xyz" }, "srp_bad_salt" },
    ["SALT has 65 bytes"] = { { SALT = ("f"):rep(130) }, "srp_bad_salt" },
    ["SALT is missing"] = { { SALT = false }, "srp_bad_salt" },
    ["SECRET_BLOCK is missing"] = { { SECRET_BLOCK = false }, "srp_bad_block" },
    ["SECRET_BLOCK is empty"] = { { SECRET_BLOCK = "" }, "srp_bad_block" },
    ["SECRET_BLOCK is not base64"] = { { SECRET_BLOCK = "???" }, "srp_bad_block" },
  }
  for name, case in pairs(cases) do
    it(name, function()
      local step, err, host = sign_in(verifier(case[1]))
      assert.is_nil(step)
      assert.equal("bad_response", err.kind)
      assert.equal("srp_bad_server_value", err.code)
      assert.equal(case[2], err.reason)
      assert.equal(1, #host.requests)
      assert.falsy(tostring(err):find("CANARY", 1, true))
    end)
  end

  it("and what is odd but sound goes through", function()
    for _, changes in ipairs { { SRP_B = "2" }, { SRP_B = "00000f" }, { SRP_B = ("f"):rep(768) },
      { SALT = "0" }, { SALT = "abc" }, { SALT = ("f"):rep(128) } } do
      local step = sign_in(verifier(changes), { ChallengeName = "SMS_MFA", Session = "s" })
      assert.equal("SMS_MFA", step.challenge.name)
    end
  end)

  it("is refused for a device too", function()
    local forged = verifier { SRP_B = "0" }
    forged.ChallengeName = "DEVICE_PASSWORD_VERIFIER"
    local step, err, host, pool = sign_in({ ChallengeName = "DEVICE_SRP_AUTH", Session = "s" }, forged)
    assert.is_nil(step)
    assert.equal("srp_bad_server_value", err.code)
    assert.equal(2, #host.requests)
    assert.equal("device", device.find(pool, "alice").key)
  end)
end)

describe("a strange answer to a sign-in", function()
  local TOKENS = { AccessToken = "a", IdToken = "i", RefreshToken = "r", ExpiresIn = 3600 }
  local function result(changes)
    local out = {}
    for name, value in pairs(TOKENS) do out[name] = value end
    for name, value in pairs(changes) do out[name] = value or nil end
    return { AuthenticationResult = out }
  end
  local cases = {
    ["without anything"] = {},
    ["with a challenge that has no name"] = { Session = "s", ChallengeParameters = {} },
    ["with a name that is no text"] = { ChallengeName = 12 },
    ["without an access token"] = result { AccessToken = false },
    ["with a token that is no text"] = result { AccessToken = 12 },
    ["with a lifetime that is no number"] = result { ExpiresIn = "soon" },
    ["with a device that has no key"] = result { NewDeviceMetadata = { DeviceGroupKey = "g" } },
    ["with a device that is no object"] = result { NewDeviceMetadata = "device" },
    ["with a device key that is an essay"] = result { NewDeviceMetadata = { DeviceKey = ("k"):rep(1000),
      DeviceGroupKey = "g" } },
    ["with a device key of another line"] = result { NewDeviceMetadata = { DeviceKey = "k\r\nX: y",
      DeviceGroupKey = "g" } },
  }
  for name, answer in pairs(cases) do
    it(name .. " is bad_response, and nothing is stored", function()
      local step, err, _, pool = sign_in(answer)
      assert.is_nil(step)
      assert.equal("bad_response", err.kind, tostring(err))
      assert.equal(1, #pool.storage:list()) -- the device
    end)
  end

  it("to a new authenticator's secret is bad_response", function()
    for _, secret in ipairs { "", "!!!", 12, false } do
      local step, err = sign_in({ ChallengeName = "MFA_SETUP", Session = "s" }, { SecretCode = secret or nil })
      assert.is_nil(step)
      assert.equal("bad_response", err.kind)
      assert.equal("AssociateSoftwareToken", err.operation)
    end
  end)

  it("that refuses what comes after a good answer does not say that the answer can be given again", function()
    local step, _, host = sign_in { ChallengeName = "NEW_PASSWORD_REQUIRED", Session = "s" }
    host:answer(200, { ChallengeName = "MFA_SETUP", Session = "t" })
    host:refuse("SoftwareTokenMFANotFoundException", "Software token MFA has not been enabled by the userPool")
    local next_step, err = step:answer { new_password = "Correct-horse2" }
    assert.is_nil(next_step)
    assert.equal("challenge_expired", err.kind)
    assert.equal("SoftwareTokenMFANotFoundException", err.code)
    assert.equal("rejected", err.cause.kind)
  end)

  it("with a question that is no text can be answered, and not be written down", function()
    local step = sign_in { ChallengeName = "CUSTOM_CHALLENGE", Session = "s", ChallengeParameters = { q = "\255" } }
    assert.equal("CUSTOM_CHALLENGE", step.challenge.name)
    local text, err = step:dump { key = ("k"):rep(32) }
    assert.is_nil(text)
    assert.equal("not_text", err.code)
  end)

  it("with parameters that are not text is asked without them", function()
    local step = sign_in { ChallengeName = "SMS_MFA", ChallengeParameters = { CODE_DELIVERY_DESTINATION = { 1 } } }
    assert.same({}, step.challenge.parameters)
  end)
end)

describe("the claim", function()
  it("is not made twice with one A", function()
    local _, err, host = sign_in(verifier(), verifier())
    assert.is_nil(err)
    assert.equal(2, #host.requests)
    assert.truthy(core.b64_decode(host.requests[2].json.ChallengeResponses.PASSWORD_CLAIM_SIGNATURE))
  end)
end)
