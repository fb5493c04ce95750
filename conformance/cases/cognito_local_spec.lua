-- Our client against npm's cognito-local: another author's idea of the service. It does not know
-- GetTokensFromRefreshToken, so it also shows the fallback to REFRESH_TOKEN_AUTH.
local http = require "socket.http"
local ltn12 = require "ltn12"
local cjson = require "cjson"
local lfs = require "lfs"
local cognito = require "cognito"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local START = lfs.currentdir() .. "/conformance/node_modules/cognito-local/lib/bin/start.js"

-- cognito-local's pools take an e-mail address for the user name and make up the name itself
local USER = "alice@example.com"

-- What an administrator does; our library has no such operations.
local function admin(endpoint, operation, input)
  local body, answer = cjson.encode(input), {}
  local _, status = http.request {
    url = endpoint, method = "POST", source = ltn12.source.string(body), sink = ltn12.sink.table(answer),
    headers = { ["Content-Type"] = "application/x-amz-json-1.1", ["Content-Length"] = #body,
      ["X-Amz-Target"] = "AWSCognitoIdentityProviderService." .. operation },
  }
  assert(status == 200, operation .. ": " .. table.concat(answer))
  return cjson.decode(table.concat(answer))
end

describe("against cognito-local", function()
  local server, endpoint, pool_id, client_id

  setup(function()
    local port = ports.free()
    server = proc.start { argv = { "node", START }, cwd = tmp.dir(),
      env = { HOST = "127.0.0.1", PORT = port, CODE = "123456" } }
    assert(ports.wait(port, 30), server:errors())
    endpoint = "http://127.0.0.1:" .. port
    pool_id = admin(endpoint, "CreateUserPool",
      { PoolName = "conformance", AutoVerifiedAttributes = { "email" } }).UserPool.Id
    client_id = admin(endpoint, "CreateUserPoolClient",
      { UserPoolId = pool_id, ClientName = "app" }).UserPoolClient.ClientId
    admin(endpoint, "AdminCreateUser", { UserPoolId = pool_id, Username = USER, MessageAction = "SUPPRESS",
      UserAttributes = { { Name = "email", Value = USER } } })
    admin(endpoint, "AdminSetUserPassword", { UserPoolId = pool_id, Username = USER,
      Password = "Correct-Horse-7", Permanent = true })
  end)

  teardown(function()
    if server then server:stop() end
    tmp.cleanup()
  end)

  local function sign_in(password)
    local pool = cognito.pool { user_pool_id = pool_id, client_id = client_id, endpoint = endpoint }
    return pool:sign_in { username = USER, password = password or "Correct-Horse-7", flow = "USER_PASSWORD_AUTH" }
  end

  it("signs in and uses the access token", function()
    local session = assert(sign_in()).session
    local claims = assert(session:claims())
    assert.equal(USER, claims.email)
    assert.equal(claims["cognito:username"], assert(session:call "GetUser").Username)
  end)

  it("refreshes by REFRESH_TOKEN_AUTH, since the server does not know GetTokensFromRefreshToken", function()
    local session = assert(sign_in()).session
    local before = assert(session:access_token())
    local refresh_token = session:export().refresh_token
    assert(session:refresh())
    assert.not_equal(before, assert(session:access_token()))
    assert.equal(refresh_token, session:export().refresh_token)
    assert(session:call "GetUser")
    -- the answer has no ExpiresIn: the lifetime is the token's own
    assert.is_true(session:expires_in() > 60)
  end)

  it("adopts a refresh token", function()
    local kept = assert(sign_in()).session:export().refresh_token
    local pool = cognito.pool { user_pool_id = pool_id, client_id = client_id, endpoint = endpoint }
    local session = assert(pool:adopt { refresh_token = kept, username = USER })
    assert.is_string(assert(session:access_token()))
  end)

  it("reports a refused password, whatever the server calls it", function()
    local step, err = sign_in "Wrong-Horse-7"
    assert.is_nil(step)
    assert.is_true(err.kind == "auth" or err.kind == "rejected", tostring(err))
    assert.is_string(err.code)
  end)

  -- Codes are always 123456 here.
  it("lives an account from sign-up to its end, as far as this server can", function()
    local pool = cognito.pool { user_pool_id = pool_id, client_id = client_id, endpoint = endpoint }
    local name = "bob@example.com"
    local function enter(password)
      return assert(assert(pool:sign_in { username = name, password = password, flow = "USER_PASSWORD_AUTH" }).session)
    end
    assert(pool:sign_up { username = name, password = "First-Horse-1", attributes = { email = name } })
    assert.equal("UserNotConfirmedException", select(2, pool:sign_in { username = name, password = "First-Horse-1",
      flow = "USER_PASSWORD_AUTH" }).code)
    assert.equal("CodeMismatchException", select(2, pool:confirm_sign_up { username = name, code = "000000" }).code)
    assert(pool:confirm_sign_up { username = name, code = "123456" })
    local session = enter "First-Horse-1"
    assert.equal(name, assert(session:user()).attributes.email)
    assert(session:update_attributes { attributes = { nickname = "Bob" } })
    assert.equal("Bob", assert(session:user()).attributes.nickname)
    assert(session:send_attribute_code { name = "email" })
    assert(session:verify_attribute { name = "email", code = "123456" })
    assert(session:change_password { previous_password = "First-Horse-1", new_password = "Second-Horse-2" })
    assert(pool:forgot_password { username = name })
    assert(pool:confirm_forgot_password { username = name, code = "123456", new_password = "Third-Horse-3" })
    session = enter "Third-Horse-3"
    assert.is_true(session:sign_out { revoke = true }.cleared)
    assert.is_true(assert(enter("Third-Horse-3"):delete_user()))
  end)
end)
