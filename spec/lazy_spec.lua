-- What a program loads, and when.
local script_host = require "spec.support.script_host"

local IN_C = { ["cognito.core"] = true, ["cognito.posix"] = true, ["cognito.http"] = true }

local function ours()
  local list = {}
  for name, module in pairs(package.loaded) do
    if (name == "cognito" or name:find "^cognito%.") and not IN_C[name] then list[name] = module end
  end
  return list
end

local function forget()
  for name in pairs(ours()) do package.loaded[name] = nil end
end

-- The modules that `f` loads in a program that has loaded none yet.
local function loaded_by(f)
  local kept = ours()
  forget()
  local ok, err = pcall(f)
  local list = ours()
  forget()
  for name, module in pairs(kept) do package.loaded[name] = module end
  assert(ok, err)
  return list
end

local function refresh_once()
  local cognito = require "cognito"
  local host = script_host.new()
  host:answer(200, { AuthenticationResult = { AccessToken = "a.b.ccc", ExpiresIn = 3600 } })
  local pool = assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc",
    endpoint = "http://localhost:1", host = host })
  local session = assert(pool:adopt { refresh_token = "r", username = "alice" })
  assert.equal("a.b.ccc", assert(session:access_token()))
end

describe("what is loaded:", function()
  it("with the library, nothing else", function()
    local list = loaded_by(function() require "cognito" end)
    list.cognito = nil
    assert.same({}, list)
  end)

  it("with a refresh, nothing of sign-ins, devices, accounts, verifiers and failures", function()
    local list = loaded_by(refresh_once)
    assert.is_truthy(list["cognito.refresh"])
    for _, name in ipairs { "signin", "rounds", "signout", "device", "user", "user.account", "user.device", "hosted",
      "verifier", "endpoints", "protocol.rules", "protocol.refusal", "protocol.faults", "protocol.wire",
      "protocol.retry", "resend", "wording", "events", "setback", "ended", "legacy", "stored", "intake", "nearest",
      "user.all", "turn", "queue" } do
      assert.is_nil(list["cognito." .. name], name)
    end
  end)
end)

describe("cognito.lazy", function()
  local lazy = require "cognito.lazy"

  after_each(function() package.loaded["spec.support.late"], package.preload["spec.support.late"] = nil, nil end)

  local function prepare()
    local count = 0
    package.preload["spec.support.late"] = function()
      count = count + 1
      return { twice = function(n) return 2 * n end }
    end
    return function() return count end
  end

  it("loads a module when its first function is asked for", function()
    local count = prepare()
    local late = lazy.module "spec.support.late"
    assert.equal(0, count())
    assert.equal(4, late.twice(2))
    assert.equal(6, late.twice(3))
    assert.is_nil(late.thrice)
    assert.equal(1, count())
  end)

  it("loads at once for who must not read from the disk later", function()
    local count = prepare()
    lazy.module "spec.support.late"
    lazy.load()
    assert.equal(1, count())
  end)
end)
