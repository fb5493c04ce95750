-- What the client makes of every answer that is none: forms of errors, kinds, broken texts.
local call = require("cognito.calls").by_name
local errors = require "cognito.errors"
local make = require("spec.support.clients").make

describe("errors of answers", function()
  local function outcome(name, input, prepare)
    local c, host = make { max_attempts = 1 }
    prepare(host)
    local answer, err = call(c, name, input, c:context())
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
    assert.are.same({}, call(c, "DeleteUser", { AccessToken = "t" }, c:context()))
    assert.are.same({}, call(c, "GlobalSignOut", { AccessToken = "t" }, c:context()))
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
    local _, err = call(c, "GetTokensFromRefreshToken", { RefreshToken = "r" }, c:context())
    assert.are.equal("connect", err.kind)
    assert.is_true(err.maybe_processed)
  end)
end)
