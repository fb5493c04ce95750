-- Where a verifier's keys come from: the rules for fetching, keeping and sharing key sets, on a scripted host.
local memory = require "cognito.storage.memory"
local script_host = require "spec.support.script_host"
local tokens = require "spec.support.tokens"
local verifier = require "cognito.verifier"

local first, second, third = tokens.key "k1", tokens.key "k2", tokens.key "k3"
local weak = tokens.key("w", 1024)
local URL = tokens.issuer .. "/.well-known/jwks.json"

local function new(host, changes)
  local o = { user_pool_id = tokens.pool_id, client_id = tokens.client_id, token_use = "access", host = host }
  for name, value in pairs(changes or {}) do o[name] = value end
  return assert(verifier.new(o))
end

-- A host whose wall clock fits the tokens, with a long-lived token of each key.
local function new_host()
  local host = script_host.new()
  host.wall = tokens.now
  host.name = "script"   -- not "blocking": a host that has a background
  return host
end

local function token(key) return tokens.make(key, tokens.claims { exp = tokens.now + 1000000 }) end
local by_first, by_second, by_third = token(first), token(second), token(third)

local function verdict(v, text)
  local claims, err = v:verify(text)
  return claims and "valid" or err.code, err
end

describe("a verifier's keys:", function()
  it("nothing is fetched before there is a token of sound form", function()
    local host = new_host()
    local v = new(host)
    assert.equal("malformed", verdict(v, "x"))
    assert.equal("malformed", verdict(v, nil))
    assert.equal("alg_not_allowed", verdict(v, tokens.make(first, nil, { alg = "none" })))
    assert.equal("kid_missing", verdict(v, tokens.make(first, nil, { alg = "RS256" })))
    assert.equal("too_large", verdict(v, ("A"):rep(100000)))
    assert.equal(0, #host.requests)
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(v, by_first))
    assert.equal("valid", verdict(v, by_first))
    assert.equal(1, #host.requests)
    assert.equal(URL, host.requests[1].url)
    assert.equal("GET", host.requests[1].method)
    assert.equal(262144, host.requests[1].max_body)
  end)

  it("an unknown key id costs one fetch for each cool-down, whatever comes of it", function()
    local host = new_host()
    local v = new(host)
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(v, by_first))
    for _ = 1, 20 do assert.equal("kid_unknown", verdict(v, by_second)) end
    assert.equal(1, #host.requests)
    host:pass(10)
    host:fail "network"
    for _ = 1, 20 do assert.equal("kid_unknown", verdict(v, by_second)) end
    assert.equal(2, #host.requests)
    host:pass(9.9)
    assert.equal("kid_unknown", verdict(v, by_second))
    assert.equal(2, #host.requests)
    host:pass(0.1)
    host:answer(200, tokens.jwks(first, second))
    assert.equal("valid", verdict(v, by_second))
    assert.equal(3, #host.requests)
  end)

  it("a flood of made-up key ids reaches the source no more often", function()
    local host = new_host()
    local v = new(host)
    for _ = 1, 1000 do host:answer(200, tokens.jwks(first)) end
    for i = 1, 10000 do
      local text = tokens.b64('{"alg":"RS256","kid":"made up ' .. i .. '"}') .. ".e30.AAAA"
      assert.equal("kid_unknown", verdict(v, text))
      host:pass(0.01)
    end
    assert.is_true(#host.requests <= 11 and #host.requests >= 9)
  end)

  it("without any keys the reason says so, and the source is left in peace", function()
    local host = new_host()
    local v = new(host)
    host:fail "dns"
    for _ = 1, 10 do
      local code, err = verdict(v, by_first)
      assert.equal("jwks_unavailable", code)
      assert.equal("token", err.kind)
      assert.equal("dns", err.cause.kind)
      assert.is_true(err.retryable)
    end
    assert.equal(1, #host.requests)
    host:pass(10)
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(v, by_first))
  end)

  it("only a sound answer with a usable key replaces a set", function()
    local host = new_host()
    local v = new(host)
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(v, by_first))
    local answers = { { 500, tokens.jwks(second) }, { 404, tokens.jwks(second) }, { 301, tokens.jwks(second) },
      { 204, "" }, { 200, "" }, { 200, "<html>" }, { 200, "{}" }, { 200, '{"keys":[]}' }, { 200, tokens.jwks(weak) },
      { 200, tokens.jwks(second):sub(1, -2) }, { 200, (" "):rep(262145) } }
    for _, answer in ipairs(answers) do
      host:pass(10)
      host:answer(answer[1], answer[2])
      assert.equal("kid_unknown", verdict(v, by_second))
      assert.equal("valid", verdict(v, by_first))
    end
    assert.equal(#answers + 1, #host.requests)
    host:pass(10)
    host:answer(200, tokens.jwks({ jwk = { kty = "broken", kid = {} } }, weak, second))
    assert.equal("valid", verdict(v, by_second))
    assert.equal("kid_unknown", verdict(v, by_first))
  end)

  it("are renewed as they get old, and a removed key is no longer trusted then", function()
    local host = new_host()
    local v = new(host)
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(v, by_first))
    host:pass(2699)
    assert.equal("valid", verdict(v, by_first))
    assert.equal(1, #host.requests)
    host:pass(1)
    host:answer(200, tokens.jwks(second))
    assert.equal("valid", verdict(v, by_second))
    assert.equal(2, #host.requests)
    assert.equal("kid_unknown", verdict(v, by_first))
  end)

  it("are renewed when they must be, where nothing goes on that nobody waits for", function()
    for _, changes in ipairs { { name = "blocking" }, { park = function() end } } do
      local host, warnings = new_host(), 0
      for name, value in pairs(changes) do host[name] = value end
      local v = new(host, { on_warning = function() warnings = warnings + 1 end })
      host:answer(200, tokens.jwks(first))
      assert.equal("valid", verdict(v, by_first))
      host:pass(3599)
      assert.equal("valid", verdict(v, by_first))
      assert.equal(1, #host.requests)
      host:pass(1)
      host:answer(200, tokens.jwks(first, second))
      assert.equal("valid", verdict(v, by_first))
      assert.equal(2, #host.requests)
      assert.equal(0, warnings)
    end
  end)

  it("old ones stay in use while the source is down, with a warning, but not for ever", function()
    local host = new_host()
    local warnings = {}
    local v = new(host, { on_warning = function(err) warnings[#warnings + 1] = err end })
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(v, by_first))
    for i = 1, 9 do
      host:pass(3600)
      host:fail "connect"
      assert.equal("valid", verdict(v, by_first))
      assert.equal("valid", verdict(v, by_first))
      assert.equal(i, #warnings)
    end
    assert.equal("jwks_stale", warnings[1].code)
    assert.equal("connect", warnings[1].cause.kind)
    host:pass(86400)
    host:fail "connect"
    assert.equal("jwks_unavailable", verdict(v, by_first))
    assert.equal("jwks_unavailable", verdict(v, by_first))
    host:pass(10)
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(v, by_first))
  end)

  it("follow the server's wish for fresh ones, within limits", function()
    for _, case in ipairs { { "max-age=120", 90 }, { "public, max-age=1", 45 }, { "no-store", 45 },
      { "max-age=999999", 2700 }, { "s-maxage=120", 2700 }, { "private", 2700 } } do
      local host = new_host()
      local v = new(host)
      host:answer(200, tokens.jwks(first), { ["Cache-Control"] = case[1] })
      assert.equal("valid", verdict(v, by_first))
      host:pass(case[2] - 1)
      assert.equal("valid", verdict(v, by_first))
      assert.equal(1, #host.requests, case[1])
      host:pass(1)
      host:answer(200, tokens.jwks(first))
      assert.equal("valid", verdict(v, by_first))
      assert.equal(2, #host.requests, case[1])
    end
  end)

  it("can be given beforehand", function()
    local host = new_host()
    local v = new(host)
    local ok, err = v:cache_jwks("{}")
    assert.is_nil(ok)
    assert.equal("jwks_invalid", err.code)
    assert.equal("key_unusable", select(2, v:cache_jwks(tokens.jwks(weak))).code)
    assert.is_true(v:cache_jwks(tokens.jwks(first)))
    assert.equal("valid", verdict(v, by_first))
    assert.equal(0, #host.requests)
    host:answer(200, tokens.jwks(first, second))
    assert.equal("valid", verdict(v, by_second))
    assert.has_error(function() v:cache_jwks(tokens.jwks(first), "us-east-1_Other") end)
  end)

  it("can be fetched beforehand", function()
    local host = new_host()
    local v = new(host)
    host:fail "tls"
    local ok, err = v:fetch_keys()
    assert.is_nil(ok)
    assert.equal("jwks_unavailable", err.code)
    host:pass(10)
    host:answer(200, tokens.jwks(first))
    assert.is_true(v:fetch_keys())
    assert.is_true(v:fetch_keys())
    assert.equal(2, #host.requests)
    assert.equal("valid", verdict(v, by_first))
  end)

  it("a key of the same id with another modulus is another key", function()
    local host = new_host()
    local v = new(host, { cache = true })
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(v, by_first))
    local other = tokens.key "k1"
    host:pass(3600)
    host:answer(200, tokens.jwks(other))
    assert.equal("bad_signature", verdict(v, by_first))
    assert.equal("valid", verdict(v, token(other)))
  end)

  it("a cached verdict goes with the key that gave it", function()
    local host = new_host()
    local v = new(host, { cache = true })
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(v, by_first))
    host:pass(3600)
    host:answer(200, tokens.jwks(second))
    assert.equal("kid_unknown", verdict(v, by_first))
  end)

  it("each pool has its own", function()
    local host = new_host()
    local id = "us-east-1_Second22"
    local v = new(host, { user_pool_id = { tokens.pool_id, id } })
    local iss = "https://cognito-idp.us-east-1.amazonaws.com/" .. id
    host:answer(200, tokens.jwks(second))
    assert.equal("valid", verdict(v, tokens.make(second, tokens.claims { iss = iss })))
    assert.equal(iss .. "/.well-known/jwks.json", host.requests[1].url)
    host:answer(200, tokens.jwks(first))
    assert.equal("kid_unknown", verdict(v, by_second))
    assert.equal("valid", verdict(v, by_first))
    assert.equal(2, #host.requests)
    assert.equal("iss_mismatch", verdict(v, tokens.make(first, tokens.claims { iss = "https://evil.example" })))
    assert.equal(2, #host.requests)
  end)
end)

describe("key sets shared through a storage:", function()
  local function two(storage)
    local host = new_host()
    return host, new(host, { storage = storage }), new(host, { storage = storage })
  end

  it("one process fetches for all", function()
    local host, a, b = two(memory.new())
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(a, by_first))
    assert.equal("valid", verdict(b, by_first))
    assert.equal(1, #host.requests)
    host:pass(10)
    host:answer(200, tokens.jwks(first, second))
    assert.equal("valid", verdict(b, by_second))
    assert.equal("valid", verdict(a, by_second))
    assert.equal(2, #host.requests)
  end)

  it("the cool-down is common to all", function()
    local host, a, b = two(memory.new())
    host:fail "network"
    assert.equal("jwks_unavailable", verdict(a, by_first))
    assert.equal("jwks_unavailable", verdict(b, by_first))
    assert.equal(1, #host.requests)
    host:pass(10)
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(a, by_first))
    for _ = 1, 5 do
      assert.equal("kid_unknown", verdict(a, by_third))
      assert.equal("kid_unknown", verdict(b, by_third))
    end
    assert.equal(2, #host.requests)
  end)

  it("who finds the lock taken waits for what the other fetches", function()
    local storage = memory.new()
    local host, a = two(storage)
    local other = new(host, { storage = storage })
    local source = a.only.source
    local lock = storage:try_lock(source.record_key, 10)
    local naps = 0
    function host.sleep(seconds)
      host:pass(seconds)
      naps = naps + 1
      if naps < 5 then return end
      storage:unlock(source.record_key, lock)
      host.sleep = function() error "nothing to wait for" end
      host:answer(200, tokens.jwks(first))
      assert.equal("valid", verdict(other, by_first))
    end
    assert.equal("valid", verdict(a, by_first))
    assert.equal(1, #host.requests)
    assert.equal(5, naps)
  end)

  it("a storage that fails is gone round", function()
    local host = new_host()
    local errors = require "cognito.errors"
    local broken = function() return nil, errors.new("store", "broken") end
    local v = new(host, { storage = { get = broken, put = broken, try_lock = broken, unlock = broken } })
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(v, by_first))
  end)

  it("what is shared is checked like what is fetched", function()
    local storage = memory.new()
    local host, a, b = two(storage)
    host:answer(200, tokens.jwks(first))
    assert.equal("valid", verdict(a, by_first))
    local key = a.only.source.record_key
    local record = storage:get(key)
    for _, text in ipairs { "{}", tokens.jwks(weak) } do
      local version = record.version
      record = { version = version .. "0", jwks = text, fetched = host.wall, attempted = host.wall - 100 }
      assert(storage:put(key, record, version))
      host:answer(200, tokens.jwks(first))
      assert.equal("valid", verdict(new(host, { storage = storage }), by_first))
      record = storage:get(key)
    end
    assert.equal("valid", verdict(b, by_first))
    assert.equal(3, #host.requests)
  end)
end)
