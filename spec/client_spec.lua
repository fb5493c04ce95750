-- The client: what it sends, which secret goes where, and when it stops.
local call = require("cognito.calls").by_name
local cancel = require "cognito.cancel"
local clients = require "spec.support.clients"
local core = require "cognito.core"
local errors = require "cognito.errors"

local make, field = clients.make, clients.field

local function invocation(request) return field(request, "amz-sdk-invocation-id") end

describe("client", function()
  it("sends an operation as the protocol wants it", function()
    local c, host = make()
    host:answer(200, { Username = "alice", UserAttributes = { { Name = "sub", Value = "1" } } })
    local answer = assert(call(c, "GetUser", { AccessToken = "tok" }, c:context()))
    assert.are.equal("alice", answer.Username)
    local sent = host.requests[1]
    assert.are.equal("POST", sent.method)
    assert.are.equal("https://cognito-idp.eu-west-1.amazonaws.com/", sent.url)
    assert.are.equal("AWSCognitoIdentityProviderService.GetUser", field(sent, "X-Amz-Target"))
    assert.are.equal("application/x-amz-json-1.1", field(sent, "Content-Type"))
    assert.are.equal("attempt=1; max=3", field(sent, "amz-sdk-request"))
    assert.is_truthy(field(sent, "amz-sdk-invocation-id"):find("^%x+%-%x+%-4%x+%-%x+%-%x+$"))
    assert.is_truthy(field(sent, "User-Agent"):find("^lua%-cognito/"))
    assert.are.same({ AccessToken = "tok" }, sent.json)
    assert.is_nil(field(sent, "Authorization"))
  end)

  it("keeps one invocation id over the attempts and counts them", function()
    local c, host = make { max_attempts = 2 }
    host:answer(500):answer(200, { Username = "a", UserAttributes = { {} } })
    assert(call(c, "GetUser", { AccessToken = "t" }, c:context()))
    assert.are.equal(invocation(host.requests[1]), invocation(host.requests[2]))
    assert.are.equal("attempt=2; max=2", field(host.requests[2], "amz-sdk-request"))
  end)

  it("gives each call its own id", function()
    local c, host = make()
    host:answer(200, "{}"):answer(200, "{}")
    assert(call(c, "GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert(call(c, "GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert.are_not.equal(invocation(host.requests[1]), invocation(host.requests[2]))
  end)

  it("writes an empty list as a list, and leaves the caller's table alone", function()
    local c, host = make()
    host:answer(200, { UserSub = "s", UserConfirmed = false })
    local input = { Username = "alice", UserAttributes = {} }
    assert(call(c, "SignUp", input, c:context()))
    assert.is_truthy(host.requests[1].body:find('"UserAttributes":[]', 1, true))
    assert.is_nil(input.ClientId)
    assert.are.equal("abc", host.requests[1].json.ClientId)
  end)

  it("asks the host to send at most once what is not safe to repeat", function()
    local c, host = make()
    host:answer(200, "{}"):answer(200, "{}")
    assert(call(c, "ChangePassword", { ProposedPassword = "Other-1" }, c:context()))
    assert(call(c, "GlobalSignOut", {}, c:context()))
    assert.is_true(host.requests[1].minting)
    assert.is_false(host.requests[2].minting)
  end)

  it("raises on an unknown operation and names the nearest", function()
    local c = make()
    local ok, message = pcall(call, c, "GetUsr", {}, c:context())
    assert.is_false(ok)
    assert.is_truthy(message:find("did you mean GetUser?", 1, true))
  end)

  it("refuses a parameter that JSON cannot say", function()
    local c = make()
    local _, err = call(c, "GetUser", { AccessToken = print }, c:context())
    assert.are.equal("invalid", err.kind)
    assert.are.equal("GetUser", err.operation)
  end)

  it("places the client secret by the operation's rule", function()
    local secret = "secretsecretsecretsecret1"
    local hash = core.secret_hash(secret, "alice", "abc")
    local c, host = make { client_secret = secret }
    host:answer(200, { AuthenticationResult = {} }):answer(200, "{}"):answer(200, { AuthenticationResult = {} })
      :answer(200, "{}")
    local input = { AuthFlow = "USER_PASSWORD_AUTH", AuthParameters = { USERNAME = "alice" } }
    assert(call(c, "InitiateAuth", input, c:context()))
    assert(call(c, "ForgotPassword", { Username = "alice" }, c:context()))
    assert(call(c, "GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context()))
    assert(call(c, "RespondToAuthChallenge", { ChallengeName = "X", ChallengeResponses = { USERNAME = "alice" } },
      c:context()))
    assert.are.equal(hash, host.requests[1].json.AuthParameters.SECRET_HASH)
    assert.are.equal(hash, host.requests[2].json.SecretHash)
    assert.are.equal(secret, host.requests[3].json.ClientSecret)
    assert.are.equal(hash, host.requests[4].json.ChallengeResponses.SECRET_HASH)
  end)

  it("tries the second secret while they rotate, and remembers which one works", function()
    local first, second = ("a"):rep(24), ("b"):rep(24)
    local c, host = make { client_secret = { first, second } }
    host:refuse("NotAuthorizedException", "Unable to verify secret hash for client abc")
      :answer(200, { AuthenticationResult = {} }):answer(200, { AuthenticationResult = {} })
    assert(call(c, "GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context()))
    assert.are.equal(first, host.requests[1].json.ClientSecret)
    assert.are.equal(second, host.requests[2].json.ClientSecret)
    assert(call(c, "GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context()))
    assert.are.equal(second, host.requests[3].json.ClientSecret)
  end)

  it("gives up when neither secret is taken", function()
    local c, host = make { client_secret = { ("a"):rep(24), ("b"):rep(24) } }
    host:refuse("NotAuthorizedException", "Unable to verify secret hash for client abc")
      :refuse("NotAuthorizedException", "Unable to verify secret hash for client abc")
    local _, err = call(c, "GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context())
    assert.are.equal("config", err.kind)
    assert.are.equal("client_secret", err.reason)
    assert.are.equal(0, #host.script)
  end)

  it("asks a secret function at each call and reports its failure", function()
    local given = ("a"):rep(24)
    local c, host = make { client_secret = function() return given, given == nil and "vault is sealed" end }
    host:answer(200, { AuthenticationResult = {} })
    assert(call(c, "GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context()))
    given = nil
    local _, err = call(c, "GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context())
    assert.are.equal("config", err.kind)
    assert.are.equal("client_secret", err.field)
    assert.is_truthy(err.message:find("vault is sealed", 1, true))
  end)
end)

describe("limits of a call", function()
  it("one attempt has the timeout, the call its deadline", function()
    local c, host = make { timeout = 4, deadline = 5 }
    for _ = 1, 3 do
      host:reply(function(request)
        host:pass(request.deadline - host.mono)
        return nil, errors.new("timeout", "slow", { retryable = true, maybe_processed = true })
      end)
    end
    local start = host.mono
    local _, err = call(c, "GetUser", { AccessToken = "t" }, c:context())
    assert.are.equal("timeout", err.kind)
    assert.are.equal(2, #host.requests)
    assert.are.equal(start + 4, host.requests[1].deadline)
    assert.are.equal(start + 5, host.requests[2].deadline)
    assert.is_true(host.mono <= start + 5)
  end)

  it("a retry that would begin after the deadline is not waited for", function()
    local c, host = make { deadline = 0.5 }
    host.random_bytes = function(n) return ("\255"):rep(n) end
    host:refuse("TooManyRequestsException")
    local _, err = call(c, "GetUser", { AccessToken = "t" }, c:context())
    assert.are.equal("throttled", err.kind)
    assert.are.equal(0, #host.sleeps)
  end)

  it("max_attempts = 1 sends once", function()
    local c, host = make()
    host:answer(500)
    local _, err = call(c, "GetUser", { AccessToken = "t" }, c:context { max_attempts = 1 })
    assert.are.equal("server", err.kind)
    assert.are.equal("attempt=1; max=1", field(host.requests[1], "amz-sdk-request"))
  end)

  it("a passed deadline sends nothing", function()
    local c, host = make()
    local _, err = call(c, "GetUser", { AccessToken = "t" }, c:context { deadline = 0 })
    assert.are.equal("timeout", err.kind)
    assert.is_false(err.maybe_processed)
    assert.are.equal(0, #host.requests)
  end)

  it("a cancelled call sends nothing, and a cancel ends the wait between attempts", function()
    local token = cancel.new()
    local c, host = make()
    host:refuse("TooManyRequestsException")
    host.random_bytes = function(n) return ("\255"):rep(n) end
    local sleep = host.sleep
    host.sleep = function(s)
      if #host.sleeps == 2 then token.cancelled = true end
      return sleep(s)
    end
    local _, err = call(c, "GetUser", { AccessToken = "t" }, c:context { cancel = token })
    assert.are.equal("throttled", err.kind)
    assert.are.equal(1, #host.requests)
    _, err = call(c, "GetUser", { AccessToken = "t" }, c:context { cancel = token })
    assert.are.equal("cancelled", err.kind)
    assert.are.equal(1, #host.requests)
  end)

  it("logs one event an attempt, without secrets", function()
    local events = {}
    local c, host = make { logger = function(level, message, e)
      events[#events + 1] = e
      assert.are.equal(e.ok and "debug" or "warn", level)
      assert.is_truthy(message:find("attempt " .. e.attempt, 1, true))
    end }
    host:answer(500):answer(200, { Username = "a", UserAttributes = { {} } })
    assert(call(c, "GetUser", { AccessToken = "CANARY" }, c:context()))
    assert.are.equal(2, #events)
    assert.are.equal("server", events[1].kind)
    assert.is_true(events[2].ok)
    for _, e in ipairs(events) do
      for _, v in pairs(e) do assert.is_nil(tostring(v):find("CANARY", 1, true)) end
    end
  end)
end)
