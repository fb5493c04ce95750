-- The emulator's core over real HTTP: dispatch, headers, validation, tokens, refresh, rotation, revocation.

local emulator = require "spec.support.emulator"

local SECRET = "s3cretS3cretS3cretS3cret0001"
local NEWER = "s3cretS3cretS3cretS3cret0002"

local CONFIG = {
  required_attributes = { "email" },
  users = {
    alice = { password = "Correct-horse1", attributes = { email = "alice@example.com", email_verified = true } },
    bob = { password = "Temporary-1", status = "FORCE_CHANGE_PASSWORD" },
    carol = { password = "Correct-horse1", enabled = false },
  },
  clients = {
    { id = "public" }, { id = "confidential", secrets = { SECRET, NEWER } },
    { id = "rotating", rotation = { grace = 10 } }, { id = "strict", rotation = { grace = 0 } },
    { id = "loud", prevent_user_existence_errors = false, auth_flows = { "ALLOW_USER_PASSWORD_AUTH" } },
  },
}

describe("the emulator's core", function()
  local e

  setup(function() e = emulator.start { config = CONFIG } end)
  teardown(function() e.stop() end)
  before_each(function() e.reset() end)

  local function sign_in(client, username, password, extra)
    local parameters = { USERNAME = username or "alice", PASSWORD = password or "Correct-horse1" }
    for key, value in pairs(extra or {}) do parameters[key] = value end
    return e.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = client, AuthParameters = parameters })
  end

  local function fails(code, message, status, body, head)
    assert.equal(code, body and body.__type)
    assert.equal(message, body.message or body.Message)
    assert.equal(400, status)
    if head then
      assert.truthy(head:find("x-amzn-ErrorType: " .. code .. ":", 1, true))
      assert.truthy(head:find("x%-amzn%-RequestId: %x+%-"))
    end
  end

  local function secret_hash(username, secret)
    local command = ("printf %%s '%sconfidential' | openssl dgst -sha256 -hmac '%s' -binary | base64")
      :format(username, secret)
    return io.popen(command):read "*l"
  end

  local function refresh(client, token) -- luacheck: no unused
    local status, body = e.call("GetTokensFromRefreshToken", { ClientId = client, RefreshToken = token })
    return status == 200 and body.AuthenticationResult or nil, body
  end

  it("signs in by password and gives Cognito's claims", function()
    local status, body, head = sign_in "public"
    assert.equal(200, status)
    assert.truthy(head:find("Content-Type: application/x-amz-json-1.1", 1, true))
    local result = body.AuthenticationResult
    assert.equal(3600, result.ExpiresIn)
    assert.equal("Bearer", result.TokenType)
    assert.is_nil(result.RefreshToken:find("[^%w%-_=.]"))
    local claims = io.popen(("printf %%s '%s' | cut -d. -f2 | tr '_-' '/+' | base64 -di 2>/dev/null")
      :format(result.AccessToken)):read "*a"
    for _, name in ipairs { "sub", "iss", "client_id", "origin_jti", "event_id", "token_use", "scope", "auth_time",
      "exp", "iat", "jti", "username" } do
      assert.truthy(claims:find('"' .. name .. '"', 1, true), name)
    end
  end)

  it("tells who the user is", function()
    local _, body = sign_in "public"
    local status, user = e.call("GetUser", { AccessToken = body.AuthenticationResult.AccessToken })
    assert.equal(200, status)
    assert.equal("alice", user.Username)
    assert.equal("email", user.UserAttributes[1].Name)
  end)

  it("refuses a wrong password, an unknown user and a disabled one", function()
    fails("NotAuthorizedException", "Incorrect username or password.", sign_in("public", "alice", "wrong"))
    fails("NotAuthorizedException", "Incorrect username or password.", sign_in("public", "nobody"))
    fails("UserNotFoundException", "User does not exist.", sign_in("loud", "nobody"))
    fails("NotAuthorizedException", "User is disabled.", sign_in("public", "carol"))
  end)

  it("signs in by a verified alias but not by the sub", function()
    assert.equal(200, (sign_in("public", "alice@example.com")))
    local _, body = sign_in "public"
    local _, user = e.call("GetUser", { AccessToken = body.AuthenticationResult.AccessToken })
    assert.equal(400, (sign_in("public", user.UserAttributes[3].Value)))
  end)

  it("verifies the secret hash, with either of two secrets", function()
    fails("NotAuthorizedException", "Client confidential is configured with secret but SECRET_HASH was not received",
      sign_in "confidential")
    for _, secret in ipairs { SECRET, NEWER } do
      assert.equal(200, (sign_in("confidential", nil, nil, { SECRET_HASH = secret_hash("alice", secret) })))
    end
    fails("NotAuthorizedException", "Unable to verify secret hash for client confidential",
      sign_in("confidential", nil, nil, { SECRET_HASH = secret_hash("bob", SECRET) }))
  end)

  it("asks for a new password, with the required attributes, once", function()
    local _, body = sign_in("public", "bob", "Temporary-1")
    assert.equal("NEW_PASSWORD_REQUIRED", body.ChallengeName)
    assert.equal('["userAttributes.email"]', body.ChallengeParameters.requiredAttributes)
    local answer = { ClientId = "public", ChallengeName = body.ChallengeName, Session = body.Session,
      ChallengeResponses = { USERNAME = "bob", NEW_PASSWORD = "Better-horse2" } }
    fails("InvalidParameterException", "Invalid attributes given, email is missing",
      e.call("RespondToAuthChallenge", answer))
    _, body = sign_in("public", "bob", "Temporary-1")
    answer.Session = body.Session
    answer.ChallengeResponses["userAttributes.email"] = "bob@example.com"
    local status, done = e.call("RespondToAuthChallenge", answer)
    assert.equal(200, status)
    assert.truthy(done.AuthenticationResult.RefreshToken)
    fails("NotAuthorizedException", "Invalid session for the user, session can only be used once.",
      e.call("RespondToAuthChallenge", answer))
  end)

  it("ends a session after its time", function()
    e.user("bob", { status = "FORCE_CHANGE_PASSWORD", password = "Temporary-2" })
    local _, body = sign_in("public", "bob", "Temporary-2")
    e.clock { advance = 181 }
    fails("NotAuthorizedException", "Invalid session for the user, session is expired.",
      e.call("RespondToAuthChallenge", { ClientId = "public", ChallengeName = body.ChallengeName,
        Session = body.Session, ChallengeResponses = { USERNAME = "bob", NEW_PASSWORD = "Better-horse3" } }))
  end)

  it("refreshes by both calls and keeps origin_jti and the refresh token", function()
    local _, body = sign_in "public"
    local token = body.AuthenticationResult.RefreshToken
    local result = refresh("public", token)
    assert.is_nil(result.RefreshToken)
    assert.truthy(result.IdToken)
    local status, second = e.call("InitiateAuth", { AuthFlow = "REFRESH_TOKEN_AUTH", ClientId = "public",
      AuthParameters = { REFRESH_TOKEN = token } })
    assert.equal(200, status)
    assert.truthy(second.AuthenticationResult.AccessToken)
  end)

  it("refuses refresh tokens of another client, expired and made up", function()
    local _, body = sign_in "public"
    local token = body.AuthenticationResult.RefreshToken
    local _, wrong = refresh("rotating", token)
    assert.equal("Invalid Refresh Token.", wrong.message)
    _, wrong = refresh("public", "a.b.c.d.e")
    assert.equal("Invalid Refresh Token.", wrong.message)
    e.clock { advance = 2592001 }
    _, wrong = refresh("public", token)
    assert.equal("Refresh Token has expired", wrong.message)
  end)

  it("rotates: the old token works within the grace period only", function()
    local _, body = sign_in "rotating"
    local old = body.AuthenticationResult.RefreshToken
    local first = refresh("rotating", old)
    assert.is_not.equal(old, first.RefreshToken)
    assert.truthy(refresh("rotating", old))
    e.clock { advance = 11 }
    local _, reuse = refresh("rotating", old)
    assert.equal("RefreshTokenReuseException", reuse.__type)
    assert.truthy(refresh("rotating", first.RefreshToken))
  end)

  it("rotates without grace, and refuses REFRESH_TOKEN_AUTH then", function()
    local _, body = sign_in "strict"
    local old = body.AuthenticationResult.RefreshToken
    assert.truthy(refresh("strict", old))
    local _, reuse = refresh("strict", old)
    assert.equal("RefreshTokenReuseException", reuse.__type)
    local _, refused = e.call("InitiateAuth", { AuthFlow = "REFRESH_TOKEN_AUTH", ClientId = "strict",
      AuthParameters = { REFRESH_TOKEN = old } })
    assert.equal("InvalidParameterException", refused.__type)
  end)

  it("revokes a token and with it the access tokens of its family", function()
    local _, body = sign_in "public"
    local result = body.AuthenticationResult
    assert.equal(200, (e.call("RevokeToken", { ClientId = "public", Token = result.RefreshToken })))
    local _, refused = refresh("public", result.RefreshToken)
    assert.equal("Refresh Token has been revoked", refused.message)
    fails("NotAuthorizedException", "Access Token has been revoked",
      e.call("GetUser", { AccessToken = result.AccessToken }))
    fails("UnsupportedTokenTypeException", "Token is not a refresh token",
      e.call("RevokeToken", { ClientId = "public", Token = result.AccessToken }))
  end)

  it("signs out everywhere", function()
    local _, one = sign_in "public"
    local _, two = sign_in "rotating"
    assert.equal(200, (e.call("GlobalSignOut", { AccessToken = one.AuthenticationResult.AccessToken })))
    local _, refused = refresh("rotating", two.AuthenticationResult.RefreshToken)
    assert.equal("Refresh Token has been revoked", refused.message)
  end)

  it("knows when an access token has expired or was forged", function()
    local _, body = sign_in "public"
    local token = body.AuthenticationResult.AccessToken
    fails("NotAuthorizedException", "Invalid Access Token", e.call("GetUser", { AccessToken = token .. "A" }))
    e.clock { advance = 3601 }
    fails("NotAuthorizedException", "Access Token has expired", e.call("GetUser", { AccessToken = token }))
  end)

  it("refuses what does not fit, in the service's words", function()
    fails("InvalidParameterException", "1 validation error detected: Value null at 'authFlow' failed to satisfy "
      .. "constraint: Member must not be null", e.call("InitiateAuth", { ClientId = "public" }))
    fails("InvalidParameterException", "1 validation error detected: Value 'a b' at 'clientId' failed to satisfy "
      .. "constraint: Member must satisfy regular expression pattern: [\\w+]+",
      e.call("InitiateAuth", { ClientId = "a b", AuthFlow = "USER_SRP_AUTH" }))
    fails("InvalidParameterException", "1 validation error detected: Value at 'Clientid' failed to satisfy "
      .. "constraint: Member is not known to this operation",
      e.call("InitiateAuth", { ClientId = "public", AuthFlow = "USER_SRP_AUTH", Clientid = "x" }))
    fails("SerializationException", "NUMBER can not be converted to a String",
      e.call("InitiateAuth", { ClientId = 7, AuthFlow = "USER_SRP_AUTH" }))
    fails("SerializationException", "OBJECT can not be converted to a List",
      e.call("SignUp", '{"ClientId":"public","Username":"x","UserAttributes":{}}'))
    fails("ResourceNotFoundException", "User pool client unheard does not exist.", sign_in "unheard")
    fails("InvalidParameterException", "USER_SRP_AUTH flow not enabled for this client",
      e.call("InitiateAuth", { ClientId = "loud", AuthFlow = "USER_SRP_AUTH",
        AuthParameters = { USERNAME = "alice", SRP_A = "ff" } }))
  end)

  it("reads JSON strictly", function()
    for _, text in ipairs { "", "[]", "{", '{"a":01}', '{"a":1,"a":2}', '{"a":"\1"}', "{} x", '{"a":"\\ud800"}',
      '{"ClientId":"\255"}', "null" } do
      local status, body = e.call("InitiateAuth", text)
      assert.equal(400, status, text)
      assert.equal("SerializationException", body.__type, text)
    end
  end)

  it("answers an unknown target and path without __type", function()
    local status, text = e.http("POST", "/", "{}", { ["X-Amz-Target"] = "Nobody.Knows" })
    assert.equal(400, status)
    assert.is_nil(text:find("__type", 1, true))
    assert.equal(404, (e.http("GET", "/nowhere")))
  end)

  it("serves key set and discovery for each pool", function()
    local status, text = e.http("GET", "/" .. e.pool_id .. "/.well-known/jwks.json")
    assert.equal(200, status)
    assert.truthy(text:find('"kid":"', 1, true))
    status, text = e.http("GET", "/" .. e.pool_id .. "/.well-known/openid-configuration")
    assert.equal(200, status)
    assert.truthy(text:find('"issuer":"' .. e.issuer .. '"', 1, true))
  end)

  it("keeps a log of requests and counts them", function()
    sign_in "public"
    sign_in("public", "alice", "wrong")
    local list = e.requests "InitiateAuth"
    assert.equal(2, #list)
    assert.equal("NotAuthorizedException", list[2].code)
    assert.is_true(list[1].complete)
    assert.same({ requests = 2, ok = 1, NotAuthorizedException = 1 }, e.counts().InitiateAuth)
  end)
end)

describe("the emulator as a process", function()
  it("speaks TLS under a CA of its own", function()
    local e = emulator.start { tls = true, config = CONFIG }
    finally(e.stop)
    assert.truthy(e.url:find "^https://127%.0%.0%.1:")
    assert.equal(200, (e.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = "public",
      AuthParameters = { USERNAME = "alice", PASSWORD = "Correct-horse1" } })))
    assert.equal("", io.popen("curl -s " .. e.url .. "/"):read "*a")
  end)

  it("names the field when the configuration is wrong", function()
    local ok, err = pcall(emulator.start, { config = "return { userz = {} }" })
    assert.is_false(ok)
    assert.truthy(err:find('unknown field "userz"', 1, true))
  end)

  it("names the word that it does not know, and those that it does", function()
    for config, wanted in pairs {
      ['device_tracking = "opt-in"'] = '"opt-in" is none of off always opt_in',
      ['mfa = "on"'] = '"on" is none of OFF OPTIONAL ON',
      ['users = { a = { mfa = { "TOTP" } } }'] = '"TOTP" is none of',
      ['clients = { { auth_flows = { "USER_SRP_AUTH" } } }'] = '"USER_SRP_AUTH" is none of ALLOW_' } do
      local ok, err = pcall(emulator.start, { config = "return { " .. config .. " }" })
      assert.is_false(ok)
      assert.truthy(err:find(wanted, 1, true), err)
    end
  end)

  it("says what is wrong with its command line or address", function()
    for words, wanted in pairs { ["--port x"] = "2 cognito emulator: a port is a number from 0 to 65535",
      ["--bogus"] = "2 cognito emulator: unknown option '--bogus'",
      ["--host 203.0.113.9"] = "1 cognito emulator: cannot listen on 203.0.113.9:0:" } do
      local out = io.popen("lua5.4 bin/cognito emulator " .. words .. " 2>&1; echo $?"):read "*a"
      local text, code = out:match "^(.-)\n(%d+)\n$"
      assert.equal(wanted, (code .. " " .. text):sub(1, #wanted))
    end
  end)

  it("exits when its standard input ends", function()
    local pipe = io.popen("sleep 0.2 | timeout 10 lua5.4 bin/cognito emulator --exit-with-stdin >/dev/null 2>&1; "
      .. "echo $?")
    local code = pipe:read "n"
    pipe:close()
    assert.equal(0, code) -- 124: it had to be ended
  end)
end)
