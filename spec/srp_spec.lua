-- SRP and the timestamp through Lua: known answers, refusals, and exchanges that end.
local core = require "cognito.core"
local json = require "cognito.json"
local srp = require "cognito.protocol.srp"

local DATA = "../shared/data/srp-vectors.json"

local function read_vectors()
  local file = io.open(DATA, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return assert(json.decode(text)).vectors
end

local function hex_of(text)
  return core.hex_encode(text)
end

-- An integer in hex as padded octets: the test's own reading of the rule.
local function padded(hex)
  if #hex % 2 == 1 then hex = "0" .. hex end
  if tonumber(hex:sub(1, 2), 16) >= 0x80 then hex = "00" .. hex end
  return hex
end

local function domain_user_password(inputs)
  if inputs.device_key then return inputs.device_group_key, inputs.device_key, inputs.device_password end
  return inputs.pool_name, inputs.username, inputs.password
end

local check = {}

function check.user_srp(inputs, expected)
  local domain, user, password = domain_user_password(inputs)
  if expected.verifier_hex then
    local v = core.srp_verifier(domain, user, password, core.hex_decode(inputs.salt_hex))
    assert.equal(padded(expected.verifier_hex), hex_of(v))
  end
  if not inputs.a_hex then return end
  local exchange = core.srp_fixed(inputs.a_hex)
  if expected.A_hex then assert.equal(expected.A_hex, exchange:public()) end
  if not expected.signature then return end
  assert.equal(expected.signature, exchange:claim(domain, user, password, inputs.salt_hex, inputs.srp_b_hex,
    inputs.secret_block, inputs.timestamp))
end

check.device_srp = check.user_srp

function check.device_verifier(inputs, expected)
  local v = core.srp_verifier(inputs.device_group_key, inputs.device_key, inputs.device_password,
    core.b64_decode(inputs.salt_base64))
  assert.equal(expected.verifier_base64, core.b64_encode(v))
end

function check.secret_hash(inputs, expected)
  assert.equal(expected.secret_hash, core.secret_hash(inputs.client_secret, inputs.username, inputs.client_id))
end

function check.timestamp(inputs, expected)
  local y, m, d, hh, mm, ss = inputs.utc:match "^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)Z$"
  local days = 0
  for year = 1970, y - 1 do
    days = days + ((year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)) and 366 or 365)
  end
  local lengths = { 31, y % 4 == 0 and 29 or 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
  for month = 1, m - 1 do days = days + lengths[month] end
  assert.equal(expected.text, srp.timestamp((days + d - 1) * 86400 + hh * 3600 + mm * 60 + ss))
end

-- Single steps that only the C test can see.
local in_c = { k = true, u = true, pad_hex = true }

describe("the SRP vectors", function()
  local vectors = read_vectors()
  if not vectors then
    pending("skipped: " .. DATA .. " is not there")
    return
  end
  it("are all known kinds", function()
    assert.equal(28, #vectors)
  end)
  for _, vector in ipairs(vectors) do
    if not in_c[vector.kind] then
      it(vector.id, function() assert(check[vector.kind], vector.kind)(vector.inputs, vector.expected) end)
    end
  end
end)

describe("an SRP exchange", function()
  local GOOD = { "pool", "user", "password", "01", "2", "eA==", "Sat Feb 28 23:59:59 UTC 2026" }
  local function claim(exchange, changes)
    local args = {}
    for i = 1, 7 do args[i] = changes and changes[i] or GOOD[i] end
    return exchange:claim(args[1], args[2], args[3], args[4], args[5], args[6], args[7])
  end

  it("draws another A each time, in lower-case hex without a leading zero", function()
    local seen = {}
    for _ = 1, 20 do
      local A = core.srp():public()
      assert.truthy(A:find "^[1-9a-f][0-9a-f]*$")
      assert.truthy(#A > 760 and #A <= 768)
      assert.falsy(seen[A])
      seen[A] = true
    end
  end)

  it("takes 256 to 1024 bits", function()
    assert.truthy(core.srp(256):public())
    assert.truthy(core.srp(1024):public())
    assert.has_error(function() core.srp(255) end)
    assert.has_error(function() core.srp(1025) end)
    assert.has_error(function() core.srp "many" end)
  end)

  it("answers once", function()
    local exchange = core.srp()
    assert.equal(44, #claim(exchange))
    local signature, code = claim(exchange)
    assert.is_nil(signature)
    assert.equal("srp_used", code)
  end)

  it("refuses what no honest server sends, and is not used up by that", function()
    local exchange = core.srp()
    for code, changes in pairs {
      srp_bad_b = { [5] = "0" }, srp_bad_salt = { [4] = ("1"):rep(129) }, srp_bad_block = { [6] = "x" },
    } do
      local signature, got, message = claim(exchange, changes)
      assert.is_nil(signature)
      assert.equal(code, got)
      assert.equal("string", type(message))
    end
    assert.equal(44, #claim(exchange))
  end)

  it("is closed once and for all, and says so", function()
    local exchange = core.srp()
    assert.equal("cognito.core.srp (open)", tostring(exchange))
    exchange:close()
    exchange:close()
    assert.equal("cognito.core.srp (closed)", tostring(exchange))
    assert.has_error(function() exchange:public() end)
    assert.has_error(function() claim(exchange) end)
  end)

  it("takes no other object for itself", function()
    assert.has_error(function() core.srp().public {} end)
    assert.has_error(function() core.srp().public(io.stdout) end)
    assert.has_error(function() core.srp():claim("pool", "user", 12) end)
  end)
end)

describe("a device verifier", function()
  it("comes with its password and salt, other ones each time", function()
    local password, salt, verifier = core.srp_device("-ABCDEFGH", "us-east-1_0a1b2c3d")
    assert.equal(40, #core.b64_decode(password))
    assert.truthy(#core.b64_decode(salt) <= 17)
    local v = core.srp_verifier("-ABCDEFGH", "us-east-1_0a1b2c3d", password, core.b64_decode(salt))
    assert.equal(verifier, core.b64_encode(v))
    local other_password, other_salt = core.srp_device("-ABCDEFGH", "us-east-1_0a1b2c3d")
    assert.are_not.equal(password, other_password)
    assert.are_not.equal(salt, other_salt)
  end)
end)

describe("the timestamp", function()
  it("is what the C library says in English", function()
    assert(os.setlocale "C")
    for i = 0, 3000 do
      local t = i * 1234567 + 0.25
      local wanted = os.date("!%a %b ", math.floor(t)) .. tonumber(os.date("!%d", math.floor(t)))
        .. os.date("! %H:%M:%S UTC %Y", math.floor(t))
      assert.equal(wanted, srp.timestamp(t))
    end
  end)

  it("pads neither the day nor drops a zero of the hour", function()
    assert.equal("Thu Jan 1 00:00:00 UTC 1970", srp.timestamp(0))
    assert.equal("Mon Jan 5 09:07:03 UTC 2026", srp.timestamp(1767604023))
    assert.equal("Thu Feb 29 23:59:59 UTC 2024", srp.timestamp(1709251199))
    assert.equal("Mon Mar 1 00:00:00 UTC 2100", srp.timestamp(4107542400))
  end)
end)
