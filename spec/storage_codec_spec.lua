-- Records as octets: round trips, damage, keys, versions.
local codec = require "cognito.storage.codec"
local core = require "cognito.core"
local keys = require "cognito.storage.keys"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"
local watch = require "cognito.storage.watch"

local KEY, OTHER = ("ab"):rep(32), ("cd"):rep(32)
local RECORD = { version = "id.7", refresh_token = "CANARY", scopes = { "openid" }, expires_at = 1795302693.25 }
local HEX, HEX2 = ("01"):rep(32), ("02"):rep(32)

local function encode(...)
  local head, body, tail = codec.encode(...)
  if not head then return nil, body end
  return head .. body .. tail
end

local function ring(given) return keys.new(given, "spec") end

local function flip(text, bit)
  local at = math.floor(bit / 8) + 1
  local byte, mask = text:byte(at), 2 ^ (bit % 8)
  local flipped = math.floor(byte / mask) % 2 == 1 and byte - mask or byte + mask
  return text:sub(1, at - 1) .. string.char(flipped) .. text:sub(at + 1)
end

for name, given in pairs { plain = false, sealed = HEX } do
  describe("a " .. name .. " record", function()
    local sealer = given and ring(given) or nil
    local octets = assert(encode(KEY, RECORD, sealer))

    it("comes back as it was", function()
      assert.same(RECORD, codec.decode(KEY, octets, sealer))
    end)

    it("is refused in the place of another", function()
      local record, problem = codec.decode(OTHER, octets, sealer)
      assert.is_nil(record)
      assert.equal(given and "tampered" or "corrupt", problem)
    end)

    it("is refused with any single bit changed", function()
      for bit = 0, 8 * #octets - 1 do
        local record, problem = codec.decode(KEY, flip(octets, bit), sealer)
        assert.is_nil(record, "bit " .. bit)
        assert.is_string(problem)
      end
    end)

    it("is refused cut at any length, and with anything added", function()
      for n = 0, #octets - 1 do assert.is_nil((codec.decode(KEY, octets:sub(1, n), sealer)), "length " .. n) end
      assert.is_nil((codec.decode(KEY, octets .. "\n", sealer)))
      assert.is_nil((codec.decode(KEY, octets .. octets, sealer)))
    end)

    it("of a newer form is told from a damaged one", function()
      local newer = octets:gsub("^(lua%-cognito %l+) 1", "%1 2")
      assert.equal("newer", select(2, codec.decode(KEY, newer, sealer)))
      assert.equal("corrupt", select(2, codec.decode(KEY, "{}", sealer)))
      assert.equal("corrupt", select(2, codec.decode(KEY, "", sealer)))
    end)
  end)
end

describe("sealing", function()
  teardown(tmp.cleanup)

  local function sealed_with(given) return assert(encode(KEY, RECORD, ring(given))) end

  it("hides the record", function()
    assert.is_nil((sealed_with(HEX):find("CANARY", 1, true)))
    assert.is_nil((sealed_with(HEX):find("openid", 1, true)))
  end)

  it("tells a missing, a wrong and an unneeded key apart", function()
    assert.equal("sealed", select(2, codec.decode(KEY, sealed_with(HEX), nil)))
    assert.equal("key", select(2, codec.decode(KEY, sealed_with(HEX), ring(HEX2))))
    assert.equal("not_sealed", select(2, codec.decode(KEY, encode(KEY, RECORD), ring(HEX))))
  end)

  it("opens with older keys and seals with the newest", function()
    local both = ring { HEX2, HEX }
    assert.same(RECORD, codec.decode(KEY, sealed_with(HEX), both))
    assert.same(RECORD, codec.decode(KEY, assert(encode(KEY, RECORD, both)), ring(HEX2)))
  end)

  it("takes a key as octets, hex and base64", function()
    local raw = core.hex_decode(HEX)
    for _, form in ipairs { raw, HEX, HEX:upper(), core.b64_encode(raw), core.b64url_encode(raw) } do
      assert.same(RECORD, codec.decode(KEY, sealed_with(HEX), ring(form)))
    end
  end)

  it("takes keys from a file, newest first, and reads it again for an unknown key", function()
    local path = tmp.dir() .. "/keys"
    tmp.write(path, "# ours\n" .. HEX .. "\n")
    os.execute("chmod 600 " .. path)
    local from_file = ring { file = path }
    assert.same(RECORD, codec.decode(KEY, sealed_with(HEX), from_file))
    assert.equal("key", select(2, codec.decode(KEY, sealed_with(HEX2), from_file)))
    tmp.write(path, HEX2 .. "\n\n" .. HEX .. " # old\n")
    assert.same(RECORD, codec.decode(KEY, sealed_with(HEX2), from_file))
    assert.same(RECORD, codec.decode(KEY, assert(encode(KEY, RECORD, from_file)), ring(HEX2)))
  end)

  it("takes keys from a function and passes its failure on", function()
    assert.same(RECORD, codec.decode(KEY, sealed_with(HEX), ring(function() return HEX2, HEX end)))
    local cause = { "why" }
    local octets, err = encode(KEY, RECORD, ring(function() return nil, cause end))
    assert.is_nil(octets)
    assert.equal("store", err.kind)
    assert.equal("key", err.code)
    assert.equal(cause, err.cause)
  end)

  it("takes keys from the environment", function()
    local code = [[
      local codec, keys = require "cognito.storage.codec", require "cognito.storage.keys"
      local ring = keys.new({ env = "COGNITO_SPEC_KEYS" }, "spec")
      local pieces = { codec.encode("k", { version = "a.1" }, ring) }
      io.write(codec.decode("k", table.concat(pieces), keys.new(("02"):rep(32), "spec")).version)]]
    local status, out, problem = proc.run { argv = { proc.interpreter(), "-e", code },
      env = { COGNITO_SPEC_KEYS = HEX2 .. ", " .. HEX } }
    assert.equal(0, status, problem)
    assert.equal("a.1", out)
    local octets, err = encode(KEY, RECORD, ring { env = "COGNITO_SPEC_NO_SUCH_VARIABLE" })
    assert.is_nil(octets)
    assert.matches("COGNITO_SPEC_NO_SUCH_VARIABLE", tostring(err))
    octets, err = encode(KEY, RECORD, ring { env = "HOME" })
    assert.is_nil(octets)
    assert.matches("not a key", tostring(err))
  end)

  it("refuses what is no key, without showing it", function()
    local path = tmp.dir() .. "/keys"
    local function refused(given, wanted)
      local octets, err = encode(KEY, RECORD, ring(given))
      assert.is_nil(octets)
      assert.equal("key", err.code)
      assert.matches(wanted, tostring(err))
      assert.is_nil((tostring(err):find("hunter2", 1, true)))
    end
    refused("hunter2", "openssl rand")
    refused(function() return "hunter2" end, "not a key")
    refused({ file = path }, "no such file")
    tmp.write(path, "hunter2 hunter2 hunter2 hunter2!\n")
    os.execute("chmod 600 " .. path)
    refused({ file = path }, "not a key")
    tmp.write(path, "# nothing\n")
    refused({ file = path }, "no key")
    tmp.write(path, HEX)
    os.execute("chmod 644 " .. path)
    refused({ file = path }, "chmod 600")
  end)

  it("raises for a key of a wrong type", function()
    for _, given in ipairs { 7, {}, { file = 1 }, { file = "a", env = "b" }, { HEX, 7 }, true } do
      assert.has_error(function() ring(given) end)
    end
    assert.equal("cognito.storage.keys(***)", tostring(ring(HEX)))
  end)
end)

describe("encoding", function()
  it("takes records of many members, names and values that need escapes", function()
    local record = { version = "a.1" }
    for i = 1, 300 do record["member" .. i] = i % 2 == 0 and i or "quoted \" " .. i end
    assert.same(record, codec.decode(KEY, assert(encode(KEY, record))))
    record = { version = "a.1", nested = { deep = { er = "\0\n" } }, yes = true, no = false }
    assert.same(record, codec.decode(KEY, assert(encode(KEY, record))))
  end)

  it("refuses what JSON cannot hold, and a record without version", function()
    for _, record in ipairs { { version = "a.1", f = print }, { version = "a.1", n = 0 / 0 }, { version = "a.1", "x" },
      { version = "a.1", t = { 1, print } }, {}, { version = 1 } } do
      local octets, err = encode(KEY, record)
      assert.is_nil(octets)
      assert.equal("record", err.code)
    end
  end)
end)

describe("the watch over versions", function()
  it("sees a record that went back, and only that", function()
    local seen = watch.new()
    assert.is_true(seen:note(KEY, "a.9"))
    assert.is_true(seen:note(KEY, "a.9"))
    assert.is_true(seen:note(KEY, "a.10"))
    assert.is_false(seen:note(KEY, "a.9"))
    assert.is_true(seen:note(OTHER, "a.1"))
    assert.is_true(seen:note(KEY, "b.1"))
    seen:forget(KEY)
    assert.is_true(seen:note(KEY, "b.0"))
  end)

  it("holds a bounded number of records", function()
    local seen, n = watch.new(), 0
    for i = 1, 20000 do seen:note(("%064x"):format(i), "a.2") end
    for _ in pairs(seen.young) do n = n + 1 end
    for _ in pairs(seen.old) do n = n + 1 end
    assert.is_true(n <= 8192)
    assert.is_false(seen:note(("%064x"):format(20000), "a.1"))
  end)
end)
