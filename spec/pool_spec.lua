-- What a caller may get wrong at the door: a clear error that names the field and the cure.
local cognito = require "cognito"
local script_host = require "spec.support.script_host"

local good = { user_pool_id = "eu-west-1_AbCdEf123", client_id = "1h57kf5cpq17m0eml12EXAMPLE" }

local function with(more)
  local o = { host = script_host.new() }
  for k, v in pairs(good) do o[k] = v end
  for k, v in pairs(more or {}) do
    if v == "nil" then o[k] = nil else o[k] = v end
  end
  return o
end

describe("cognito.pool", function()
  it("needs an id and a client, and knows the rest", function()
    local pool = assert(cognito.pool(with()))
    assert.are.equal("eu-west-1", pool.region)
    assert.are.equal("https://cognito-idp.eu-west-1.amazonaws.com/", pool.url)
    assert.are.equal("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123", pool:issuers()[1])
    assert.are.equal("USER_SRP_AUTH", pool.flow)
    assert.are.equal(60, pool.margin)
    assert.are.equal("AbCdEf123", pool:short_name())
    assert.are.equal("memory", pool.storage.name)
  end)

  it("takes every setting", function()
    local pool = assert(cognito.pool(with { region = "us-gov-west-1", fips = true, dual_stack = true, margin = 0,
      timeout = 2.5, deadline = 9, max_attempts = 1, flow = "USER_PASSWORD_AUTH", user_agent = "app/1",
      proxy = "http://proxy.example:3128", issuer = "https://issuer.example/x" }))
    assert.are.equal("https://cognito-idp-fips.us-gov-west-1.api.aws/", pool.url)
    assert.are.equal("https://issuer.example/x", pool:issuers()[1])
    assert.are.equal(0, pool.margin)
    assert.are.equal("lua-cognito/" .. cognito._VERSION .. " app/1", pool.user_agent)
  end)

  it("takes an emulator's address and ids", function()
    local pool = assert(cognito.pool(with { user_pool_id = "local_abcd1234", endpoint = "http://127.0.0.1:9229/" }))
    assert.are.equal("http://127.0.0.1:9229/", pool.url)
  end)

  -- field that is named, options
  local wrong = {
    { "user_pool_id", { user_pool_id = "nil" } }, { "user_pool_id", { user_pool_id = "" } },
    { "user_pool_id", { user_pool_id = "eu-west-1" } }, { "user_pool_id", { user_pool_id = "eu-west-1_" } },
    { "user_pool_id", { user_pool_id = "eu-west-1_a b" } }, { "user_pool_id", { user_pool_id = "eu-west-1_a\n" } },
    { "user_pool_id", { user_pool_id = "eu-west-1_" .. ("a"):rep(60) } },
    { "user_pool_id", { user_pool_id = "nowhere_abc" } }, { "user_pool_id", { user_pool_id = "EU-WEST-1_abc" } },
    { "client_id", { client_id = "nil" } }, { "client_id", { client_id = "" } },
    { "client_id", { client_id = "with space" } }, { "client_id", { client_id = ("a"):rep(129) } },
    { "client_id", { client_id = "a\r\nX-Evil: 1" } },
    { "client_secret", { client_secret = "" } }, { "client_secret", { client_secret = "has space" } },
    { "client_secret", { client_secret = {} } }, { "client_secret", { client_secret = { "a", "b", "c" } } },
    { "client_secret", { client_secret = { 5 } } },
    { "region", { region = "Europe" } }, { "region", { region = "eu-west-1.evil.example" } },
    { "endpoint", { endpoint = "http://example.com" } }, { "endpoint", { endpoint = "example.com" } },
    { "endpoint", { endpoint = "https://user:pw@example.com" } },
    { "fips", { endpoint = "https://example.com", fips = true } },
    { "dual_stack", { endpoint = "https://example.com", dual_stack = true } },
    { "issuer", { issuer = "http://issuer.example" } }, { "issuer", { issuer = "nonsense" } },
    { "flow", { flow = "USER_SRP" } }, { "flow", { flow = "ADMIN_NO_SRP_AUTH" } },
    { "margin", { margin = -1 } }, { "margin", { margin = 0 / 0 } }, { "timeout", { timeout = 0 } },
    { "deadline", { deadline = -5 } }, { "max_attempts", { max_attempts = 0 } },
    { "proxy", { proxy = "socks5://x" } }, { "user_agent", { user_agent = "a\r\nX: y" } },
  }
  for i, row in ipairs(wrong) do
    it(("refuses a wrong %s (%d)"):format(row[1], i), function()
      local pool, err = cognito.pool(with(row[2]))
      assert.is_nil(pool)
      assert.are.equal("config", err.kind)
      assert.are.equal(row[1], err.field)
      assert.is_nil(tostring(err):find("[%c]"))
    end)
  end

  it("tells the cure", function()
    local _, err = cognito.pool(with { user_pool_id = "nil" })
    assert.is_truthy(tostring(err):find("overview page", 1, true))
    _, err = cognito.pool(with { endpoint = "http://example.com" })
    assert.is_truthy(tostring(err):find("use https", 1, true))
    _, err = cognito.pool(with { flow = "USER_SRP_AUHT" })
    assert.is_truthy(tostring(err):find("did you mean USER_SRP_AUTH?", 1, true))
  end)

  it("never repeats a secret", function()
    local _, err = cognito.pool(with { client_secret = "CANARY secret" })
    assert.is_nil(tostring(err):find("CANARY", 1, true))
    local pool = assert(cognito.pool(with { client_secret = ("CANARY"):rep(5) }))
    for k, v in pairs(pool) do
      assert.is_nil(tostring(k):find("CANARY", 1, true))
      assert.is_nil(tostring(v):find("CANARY", 1, true))
    end
  end)

  local function raises(text, o)
    local ok, message = pcall(cognito.pool, o)
    assert.is_false(ok)
    assert.is_truthy(tostring(message):find(text, 1, true), message)
  end

  it("raises on a wrong Lua type and on an unknown option, and blames the caller", function()
    raises("option user_pool_id must be string, not number", with { user_pool_id = 5 })
    raises("option client_id must be string, not table", with { client_id = {} })
    raises("option fips must be boolean, not string", with { fips = "yes" })
    raises("option max_attempts must be integer, not number", with { max_attempts = 2.5 })
    raises('unknown option "client_secrte"; did you mean client_secret?', with { client_secrte = "x" })
    raises("a table of options is needed", nil)
    raises("option storage has no function", with { storage = {} })
    raises("option host has no function", with { host = {} })
    local _, message = pcall(function() cognito.pool(with { fips = "yes" }) end)
    assert.is_truthy(message:find("pool_spec.lua:", 1, true), message)
    _, message = pcall(function() cognito.pool(with { storage = {} }) end)
    assert.is_truthy(message:find("pool_spec.lua:", 1, true), message)
  end)

  it("is one of many: two pools share nothing", function()
    local a, b = assert(cognito.pool(with())), assert(cognito.pool(with()))
    assert.are_not.equal(a.storage, b.storage)
    assert(a:adopt { refresh_token = "x", username = "alice" })
    local _, err = b:session "alice"
    assert.are.equal("sign_in_required", err.kind)
  end)
end)

describe("pool:adopt", function()
  it("refuses what is no token", function()
    local pool = assert(cognito.pool(with()))
    for _, row in ipairs { { "refresh_token", {} }, { "refresh_token", { refresh_token = "" } },
      { "refresh_token", { refresh_token = "a b" } }, { "refresh_token", { refresh_token = "a\r\nb" } },
      { "access_token", { refresh_token = "a", access_token = "x y" } },
      { "id_token", { refresh_token = "a", id_token = "" } } } do
      local s, err = pool:adopt(row[2])
      assert.is_nil(s)
      assert.are.equal("invalid", err.kind)
      assert.are.equal(row[1], err.field)
    end
  end)

  it("raises on a wrong type or name", function()
    local pool = assert(cognito.pool(with()))
    assert.is_false((pcall(pool.adopt, pool, { refresh_token = 5 })))
    assert.is_false((pcall(pool.adopt, pool, "token")))
    local ok, message = pcall(pool.adopt, pool, { refreshtoken = "x" })
    assert.is_false(ok)
    assert.is_truthy(message:find("did you mean refresh_token?", 1, true))
  end)

  it("works without a name", function()
    local pool = assert(cognito.pool(with()))
    local s = assert(pool:adopt { refresh_token = "x" })
    assert.is_nil(s.username)
    assert.is_truthy(s.id)
    assert.are.equal(s.id, assert(pool:session()).id)
  end)
end)

describe("pool:session", function()
  it("says when there is none, and raises on what is no name", function()
    local pool = assert(cognito.pool(with()))
    for _, which in ipairs { "alice", false, { id = "x" } } do
      local s, err = pool:session(which or nil)
      assert.is_nil(s)
      assert.are.equal("sign_in_required", err.kind)
    end
    assert.is_false((pcall(pool.session, pool, 5)))
    assert.is_false((pcall(pool.session, pool, {})))
    assert.is_false((pcall(pool.session, pool, { name = "x" })))
  end)
end)

describe("pool:call", function()
  it("fills in the client and leaves the rest", function()
    local o = with { client_secret = ("s"):rep(30) }
    local pool = assert(cognito.pool(o))
    o.host:answer(200, { CodeDeliveryDetails = { DeliveryMedium = "EMAIL" } })
    local answer = assert(pool:call("ForgotPassword", { Username = "alice" }))
    assert.are.equal("EMAIL", answer.CodeDeliveryDetails.DeliveryMedium)
    assert.are.equal(good.client_id, o.host.requests[1].json.ClientId)
    assert.is_truthy(o.host.requests[1].json.SecretHash)
    local ok, message = pcall(pool.call, pool, "AdminGetUser")
    assert.is_false(ok)
    assert.is_truthy(message:find("no such operation", 1, true))
  end)

  it("raises where the members are no table, and blames the caller", function()
    local pool = assert(cognito.pool(with()))
    local ok, message = pcall(function() pool:call("ForgotPassword", "alice") end)
    assert.is_false(ok)
    assert.is_truthy(message:find("^spec/pool_spec.lua:%d+: ForgotPassword: the members are given as a table"), message)
  end)
end)

describe("pool:sign_in", function()
  it("refuses wrong forms before anything is sent, and raises on wrong types", function()
    local o = with { flow = "USER_PASSWORD_AUTH" }
    local pool = assert(cognito.pool(o))
    for _, row in ipairs { { "username", { username = "", password = "x" } },
      { "username", { username = "a b", password = "x" } }, { "username", { username = "a\n", password = "x" } },
      { "username", { username = ("a"):rep(129), password = "x" } },
      { "username", { username = "bj\246rn", password = "x" } }, -- Latin-1
      { "password", { username = "alice" } }, { "password", { username = "alice", password = "" } } } do
      local step, err = pool:sign_in(row[2])
      assert.is_nil(step)
      assert.are.equal("invalid", err.kind)
      assert.are.equal(row[1], err.field)
    end
    assert.are.equal(0, #o.host.requests)
    assert.is_false((pcall(pool.sign_in, pool, { username = 5, password = "x" })))
    assert.is_false((pcall(pool.sign_in, pool, { username = "alice", password = {} })))
    local ok, message = pcall(pool.sign_in, pool, { user_name = "alice" })
    assert.is_false(ok)
    assert.is_truthy(message:find("did you mean username?", 1, true))
  end)
end)

describe("require \"cognito\"", function()
  it("loads nothing that is not used", function()
    local saved = {}
    for name in pairs(package.loaded) do
      if name:find("^cognito") then saved[name], package.loaded[name] = package.loaded[name], nil end
    end
    require "cognito"
    local loaded = {}
    for name in pairs(package.loaded) do
      if name:find("^cognito") then loaded[#loaded + 1] = name end
    end
    for name in pairs(package.loaded) do
      if name:find("^cognito") then package.loaded[name] = nil end
    end
    for name, value in pairs(saved) do package.loaded[name] = value end
    assert.are.same({ "cognito" }, loaded)
  end)
end)
