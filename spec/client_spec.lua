local cancel_ok, cancel = pcall(require, "cognito.cancel")
local client = require "cognito.client"
local clock = require "cognito.protocol.clock"
local errors = require "cognito.errors"
local pool = require "cognito.pool"
local script_host = require "spec.support.script_host"

local function make(more)
  local host = script_host.new()
  local options = { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc" }
  for k, v in pairs(more or {}) do options[k] = v end
  return client.new(assert(pool.new(options)), host), host
end

local function field(request, name)
  for _, line in ipairs(request.headers) do
    local value = line:match("^" .. name:gsub("%-", "%%-") .. ": (.*)$")
    if value then return value end
  end
end

local function invocation(request) return field(request, "amz-sdk-invocation-id") end

describe("client", function()
  it("sends an operation as the protocol wants it", function()
    local c, host = make()
    host:answer(200, { Username = "alice", UserAttributes = { { Name = "sub", Value = "1" } } })
    local answer = assert(c:call("GetUser", { AccessToken = "tok" }, c:context()))
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
    assert(c:call("GetUser", { AccessToken = "t" }, c:context()))
    assert.are.equal(invocation(host.requests[1]), invocation(host.requests[2]))
    assert.are.equal("attempt=2; max=2", field(host.requests[2], "amz-sdk-request"))
  end)

  it("gives each call its own id", function()
    local c, host = make()
    host:answer(200, "{}"):answer(200, "{}")
    assert(c:call("GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert(c:call("GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert.are_not.equal(invocation(host.requests[1]), invocation(host.requests[2]))
  end)

  it("writes an empty list as a list, and leaves the caller's table alone", function()
    local c, host = make()
    host:answer(200, { UserSub = "s", UserConfirmed = false })
    local input = { Username = "alice", UserAttributes = {} }
    assert(c:call("SignUp", input, c:context()))
    assert.is_truthy(host.requests[1].body:find('"UserAttributes":[]', 1, true))
    assert.is_nil(input.ClientId)
    assert.are.equal("abc", host.requests[1].json.ClientId)
  end)

  it("asks the host to send at most once what is not safe to repeat", function()
    local c, host = make()
    host:answer(200, "{}"):answer(200, "{}")
    assert(c:call("ChangePassword", { ProposedPassword = "Other-1" }, c:context()))
    assert(c:call("GlobalSignOut", {}, c:context()))
    assert.is_true(host.requests[1].minting)
    assert.is_false(host.requests[2].minting)
  end)

  it("raises on an unknown operation and names the nearest", function()
    local c = make()
    local ok, message = pcall(c.call, c, "GetUsr", {}, c:context())
    assert.is_false(ok)
    assert.is_truthy(message:find("did you mean GetUser?", 1, true))
  end)

  it("refuses a parameter that JSON cannot say", function()
    local c = make()
    local _, err = c:call("GetUser", { AccessToken = print }, c:context())
    assert.are.equal("invalid", err.kind)
    assert.are.equal("GetUser", err.operation)
  end)

  it("places the client secret by the operation's rule", function()
    local secret = "secretsecretsecretsecret1"
    local hash = require("cognito.core").secret_hash(secret, "alice", "abc")
    local c, host = make { client_secret = secret }
    host:answer(200, { AuthenticationResult = {} }):answer(200, "{}"):answer(200, { AuthenticationResult = {} })
      :answer(200, "{}")
    local input = { AuthFlow = "USER_PASSWORD_AUTH", AuthParameters = { USERNAME = "alice" } }
    assert(c:call("InitiateAuth", input, c:context()))
    assert(c:call("ForgotPassword", { Username = "alice" }, c:context()))
    assert(c:call("GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context()))
    assert(c:call("RespondToAuthChallenge", { ChallengeName = "X", ChallengeResponses = { USERNAME = "alice" } },
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
    assert(c:call("GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context()))
    assert.are.equal(first, host.requests[1].json.ClientSecret)
    assert.are.equal(second, host.requests[2].json.ClientSecret)
    assert(c:call("GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context()))
    assert.are.equal(second, host.requests[3].json.ClientSecret)
  end)

  it("gives up when neither secret is taken", function()
    local c, host = make { client_secret = { ("a"):rep(24), ("b"):rep(24) } }
    host:refuse("NotAuthorizedException", "Unable to verify secret hash for client abc")
      :refuse("NotAuthorizedException", "Unable to verify secret hash for client abc")
    local _, err = c:call("GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context())
    assert.are.equal("config", err.kind)
    assert.are.equal("client_secret", err.reason)
    assert.are.equal(0, #host.script)
  end)

  it("asks a secret function at each call and reports its failure", function()
    local given = ("a"):rep(24)
    local c, host = make { client_secret = function() return given, given == nil and "vault is sealed" end }
    host:answer(200, { AuthenticationResult = {} })
    assert(c:call("GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context()))
    given = nil
    local _, err = c:call("GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context())
    assert.are.equal("config", err.kind)
    assert.are.equal("client_secret", err.field)
    assert.is_truthy(err.message:find("vault is sealed", 1, true))
  end)
end)

describe("errors of answers", function()
  local function outcome(name, input, prepare)
    local c, host = make { max_attempts = 1 }
    prepare(host)
    local answer, err = c:call(name, input, c:context())
    assert.is_nil(answer)
    return err
  end

  -- body, headers, status -> code, message
  local forms = {
    { { __type = "NotAuthorizedException", message = "no" }, nil, "NotAuthorizedException", "no" },
    { { __type = "com.amazonaws.x#NotAuthorizedException", message = "no" }, nil, "NotAuthorizedException", "no" },
    { { __type = "NotAuthorizedException:http://internal/", message = "no" }, nil, "NotAuthorizedException", "no" },
    { { __type = "SerializationException", Message = "capital" }, nil, "SerializationException", "capital" },
    { "", { ["x-amzn-errortype"] = "NotAuthorizedException:", ["x-amzn-errormessage"] = "from header" },
      "NotAuthorizedException", "from header" },
    { { message = "no type" }, { ["X-Amzn-ErrorType"] = "ns#UserNotFoundException:" },
      "UserNotFoundException", "no type" },
    { { message = "no type at all" }, nil, "HTTP400", "no type at all" },
    { "", nil, "HTTP400", "the service gave no message" },
    { { __type = "bad code \r\n", message = 5 }, nil, "HTTP400", "the service gave no message" },
    { { __type = 7, message = { a = 1 } }, nil, "HTTP400", "the service gave no message" },
    { { code = "BadRequest", message = "The server did not understand the operation that was requested.",
      type = "client" }, nil, "UnknownOperationException",
      "The server did not understand the operation that was requested." },
  }
  for i, form in ipairs(forms) do
    it("are read in every form the wire knows: " .. i, function()
      local err = outcome("GetUser", { AccessToken = "t" }, function(h) h:answer(400, form[1], form[2]) end)
      assert.are.equal(form[3], err.code)
      assert.are.equal(form[4], err.message)
      assert.are.equal(400, err.status)
      assert.are.equal("request-1", err.request_id)
      assert.are.equal("GetUser", err.operation)
      assert.is_true(errors.is(err))
    end)
  end

  local kinds = {
    { 400, "NotAuthorizedException", "x", "auth" }, { 400, "UserNotConfirmedException", "x", "auth" },
    { 400, "PasswordResetRequiredException", "x", "auth" }, { 400, "CodeMismatchException", "x", "rejected" },
    { 400, "TooManyRequestsException", "x", "throttled" }, { 429, "TooManyRequestsException", "x", "throttled" },
    { 400, "ThrottlingException", "x", "throttled" }, { 400, "LimitExceededException", "x", "limited" },
    { 400, "TooManyFailedAttemptsException", "x", "limited" },
    { 400, "NotAuthorizedException", "Password attempts exceeded", "limited" },
    { 500, "InternalErrorException", "x", "server" }, { 503, "Nonsense", "x", "server" },
    { 403, "ForbiddenException", "Request not allowed due to WAF block.", "config" },
    { 400, "ResourceNotFoundException", "User pool client abc does not exist.", "config" },
    { 400, "ResourceNotFoundException", "Device does not exist.", "rejected" },
    { 400, "InvalidParameterException", "x", "rejected" }, { 400, "SomethingNewException", "x", "rejected" },
    { 400, "UserLambdaValidationException", "x", "rejected" },
    { 400, "NotAuthorizedException", "Unable to verify secret hash for client abc", "config" },
  }
  for _, row in ipairs(kinds) do
    it(("have the right kind: %d %s %s"):format(row[1], row[2], row[3]), function()
      local err = outcome("GetUser", { AccessToken = "t" }, function(h) h:refuse(row[2], row[3], row[1]) end)
      assert.are.equal(row[4], err.kind)
      assert.are.equal("boolean", type(err.retryable))
      assert.are.equal("boolean", type(err.maybe_processed))
    end)
  end

  it("depend on the operation where the same code means two things", function()
    local err = outcome("RespondToAuthChallenge", { ChallengeName = "X" }, function(h)
      h:refuse("NotAuthorizedException", "Invalid session for the user, session is expired.")
    end)
    assert.are.equal("challenge_expired", err.kind)
    err = outcome("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH" }, function(h)
      h:refuse("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client")
    end)
    assert.are.equal("config", err.kind)
    assert.is_truthy(err.hint)
  end)

  local bad = {
    html = { 200, "<html>hello</html>" }, empty = { 200, "" }, list = { 200, "[]" }, number = { 200, "5" },
    string = { 200, '"x"' }, null = { 200, "null" }, ["204"] = { 204, "" }, html407 = { 407, "<html>proxy</html>" },
    wrong_type = { 200, '{"AuthenticationResult":[]' }, wrong_member = { 200, '{"AuthenticationResult":"x"}' },
    nan = { 200, '{"AuthenticationResult":NaN}' }, binary = { 200, "\0\255\254" },
  }
  for name, row in pairs(bad) do
    it("say bad_response for an answer that is " .. name, function()
      local err = outcome("GetTokensFromRefreshToken", { RefreshToken = "t" }, function(h)
        h:answer(row[1], row[2])
      end)
      assert.are.equal("bad_response", err.kind)
      assert.is_true(err.maybe_processed)
      assert.is_nil(tostring(err):find("html", 1, true))
    end)
  end

  it("say that a truncated answer may be asked for again", function()
    local err = outcome("GetUser", { AccessToken = "t" }, function(h) h:answer(200, '{"Username":"al') end)
    assert.are.equal("bad_response", err.kind)
    assert.is_true(err.retryable)
  end)

  it("take the empty answer of an operation that has nothing to say", function()
    local c, host = make()
    host:answer(200, ""):answer(200, "{}")
    assert.are.same({}, c:call("DeleteUser", { AccessToken = "t" }, c:context()))
    assert.are.same({}, c:call("GlobalSignOut", { AccessToken = "t" }, c:context()))
  end)

  it("never follow a redirect", function()
    for _, status in ipairs { 301, 302, 303, 307, 308 } do
      local err = outcome("GetUser", { AccessToken = "t" }, function(h)
        h:answer(status, "", { Location = "https://evil.example/" })
      end)
      assert.are.equal("http_redirect", err.kind)
      assert.is_false(err.retryable)
    end
  end)

  it("say server for an error page with status 502 or 503", function()
    for _, status in ipairs { 502, 503 } do
      local err = outcome("GetUser", { AccessToken = "t" }, function(h) h:answer(status, "<html>") end)
      assert.are.equal("server", err.kind)
      assert.is_true(err.retryable)
    end
  end)

  it("never repeat what was sent in confidence", function()
    local secrets = { AccessToken = "CANARY-access", PreviousPassword = "CANARY-old",
      ProposedPassword = "CANARY-new" }
    local err = outcome("ChangePassword", secrets, function(h)
      h:refuse("InvalidParameterException", "bad CANARY-old, CANARY-new CANARY-new and CANARY-access")
    end)
    assert.are.equal("bad ***, *** *** and ***", err.message)
    err = outcome("InitiateAuth", { AuthParameters = { PASSWORD = "CANARY-p" } }, function(h)
      h:refuse("X", "echo CANARY-p")
    end)
    assert.is_nil(tostring(err):find("CANARY", 1, true))
  end)

  it("carry what the server wants to be waited", function()
    local err = outcome("GetUser", { AccessToken = "t" }, function(h)
      h:answer(503, "", { ["Retry-After"] = "7" })
    end)
    assert.are.equal(7, err.retry_after)
  end)

  it("remember that an earlier attempt may have been processed", function()
    local c, host = make()
    host:fail("timeout", { maybe_processed = true }):fail("connect"):fail("connect")
    local _, err = c:call("GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context())
    assert.are.equal("connect", err.kind)
    assert.is_true(err.maybe_processed)
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
    local _, err = c:call("GetUser", { AccessToken = "t" }, c:context())
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
    local _, err = c:call("GetUser", { AccessToken = "t" }, c:context())
    assert.are.equal("throttled", err.kind)
    assert.are.equal(0, #host.sleeps)
  end)

  it("max_attempts = 1 sends once", function()
    local c, host = make()
    host:answer(500)
    local _, err = c:call("GetUser", { AccessToken = "t" }, c:context { max_attempts = 1 })
    assert.are.equal("server", err.kind)
    assert.are.equal("attempt=1; max=1", field(host.requests[1], "amz-sdk-request"))
  end)

  it("a passed deadline sends nothing", function()
    local c, host = make()
    local _, err = c:call("GetUser", { AccessToken = "t" }, c:context { deadline = 0 })
    assert.are.equal("timeout", err.kind)
    assert.is_false(err.maybe_processed)
    assert.are.equal(0, #host.requests)
  end)

  it("a cancelled call sends nothing, and a cancel ends the wait between attempts", function()
    local token = cancel_ok and cancel.new and cancel.new() or { cancelled = false, listeners = {} }
    local c, host = make()
    host:refuse("TooManyRequestsException")
    host.random_bytes = function(n) return ("\255"):rep(n) end
    local sleep = host.sleep
    host.sleep = function(s)
      if #host.sleeps == 2 then token.cancelled = true end
      return sleep(s)
    end
    local _, err = c:call("GetUser", { AccessToken = "t" }, c:context { cancel = token })
    assert.are.equal("throttled", err.kind)
    assert.are.equal(1, #host.requests)
    _, err = c:call("GetUser", { AccessToken = "t" }, c:context { cancel = token })
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
    assert(c:call("GetUser", { AccessToken = "CANARY" }, c:context()))
    assert.are.equal(2, #events)
    assert.are.equal("server", events[1].kind)
    assert.is_true(events[2].ok)
    for _, e in ipairs(events) do
      for _, v in pairs(e) do assert.is_nil(tostring(v):find("CANARY", 1, true)) end
    end
  end)
end)

describe("the server's clock", function()
  it("reads every day of four centuries", function()
    for _, t in ipairs { 0, 951782399, 951782400, 951868800, 1078012800, 1709164800, 1790000000, 4102444800,
      12622780800 } do
      assert.are.equal(t, clock.parse(os.date("!%a, %d %b %Y %H:%M:%S GMT", t)))
    end
    for t = 0, 4e9, 86400 * 13 + 4567 do
      assert.are.equal(t, clock.parse(os.date("!%a, %d %b %Y %H:%M:%S GMT", t)))
    end
  end)

  it("refuses other forms", function()
    for _, text in ipairs { "", "x", "Sun, 06 Foo 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 CET" } do
      assert.is_nil(clock.parse(text))
    end
  end)

  it("measures the difference, and trusts it only while both our clocks run together", function()
    local c, host = make()
    host.server_ahead = 900
    host:answer(200, "{}")
    assert.is_nil(c.clock:difference(host))
    assert(c:call("GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert.is_true(math.abs(c.clock:difference(host) - 900) < 1)
    host:pass(3600)
    assert.is_true(math.abs(c.clock:difference(host) - 900) < 1)
    host:set_clock(3600)
    assert.is_nil(c.clock:difference(host))
    host.server_ahead = -2700
    host:answer(200, "{}")
    assert(c:call("GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert.is_true(math.abs(c.clock:difference(host) + 2700) < 1)
  end)

  it("does without a Date field", function()
    local c, host = make()
    host:answer(200, "{}", { Date = false }):answer(200, "{}", { Date = "nonsense" })
    assert(c:call("GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert(c:call("GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert.is_nil(c.clock:difference(host))
  end)
end)
