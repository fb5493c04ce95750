-- Client credentials: whose limits count where several callers wait for one token.
local cancel = require "cognito.cancel"
local cognito = require "cognito"
local script_host = require "spec.support.script_host"

local GOOD = { access_token = "machine", token_type = "Bearer", expires_in = 3600 }

-- A source in a host that has tasks, and the calls of `once`.
local function make(secret)
  local host, flights = script_host.new(), {}
  host.name = "loop"
  function host.once(key, fn, ends, token)
    flights[#flights + 1] = { key = key, ends = ends, cancel = token }
    return fn()
  end
  local pool = assert(cognito.pool { user_pool_id = "eu-west-1_Abc", client_id = "machine", domain = "prefix",
    client_secret = secret or ("s"):rep(24), host = host })
  return assert(pool:client_credentials { scopes = { "api/read" } }), host, flights
end

describe("client credentials", function()
  it("are fetched once, and again before they expire", function()
    local source, host = make()
    host:answer(200, GOOD)
    assert.equal("machine", source:access_token())
    assert.equal("machine", source:access_token())
    assert.equal(1, #host.requests)
    host:pass(3590)
    host:answer(200, { access_token = "fresh", token_type = "Bearer", expires_in = 3600 })
    assert.equal("fresh", source:access_token())
  end)

  it("come by a flight that no single caller's deadline or cancel token ends", function()
    local source, host, flights = make()
    local token = cancel.new()
    host:answer(200, GOOD)
    local start = host.mono
    assert.equal("machine", source:access_token { deadline = 2, cancel = token })
    assert.equal(start + 2, flights[1].ends)
    assert.equal(token, flights[1].cancel)
    assert.is_nil(host.requests[1].cancel)
    assert.equal(start + 10, host.requests[1].deadline)
  end)

  it("raise on an option that does not exist, at the caller's line, before anything is sent", function()
    local source, host = make()
    local ok, message = pcall(function() source:access_token { deadlin = 2 } end)
    assert.is_false(ok)
    assert.truthy(message:find("credentials_spec.lua:%d+: client_credentials:access_token: unknown option \"deadlin\""))
    assert.truthy(message:find("did you mean deadline?", 1, true))
    assert.has_error(function() source:access_token { deadline = "2" } end)
    assert.equal(0, #host.requests)
  end)

  it("are not shared between pools of the same ids: their secrets may differ", function()
    local first, host, flights = make()
    local second, other, more = make(("t"):rep(24))
    host:answer(200, GOOD)
    other:answer(200, GOOD)
    assert(first:access_token())
    assert(second:access_token())
    assert.are_not.equal(flights[1].key, more[1].key)
  end)
end)
