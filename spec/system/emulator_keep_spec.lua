-- What the emulator keeps and shows: the state file, codes in a folder, the page for developers, web origins.

local emulator = require "spec.support.emulator"

local CONFIG = [[return { device_tracking = "opt_in", users = { alice = { password = "Correct-horse1",
  attributes = { email = "alice@example.com", email_verified = true, name = "<b>Alice</b>" } } } }]]

local function folder()
  local path = io.popen "mktemp -d":read "*l"
  return path, function() os.execute("rm -rf " .. path) end
end

local function sign_in(e, password)
  local status, body = e.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = e.client_id,
    AuthParameters = { USERNAME = "alice", PASSWORD = password or "Correct-horse1" } })
  assert.equal(200, status, body and body.message)
  return body.AuthenticationResult
end

describe("the emulator's state file", function()
  it("brings users and sessions into the next start, readable by its owner only", function()
    local path, remove = folder()
    finally(remove)
    local arguments = "--state-file " .. path .. "/state"
    local e = emulator.start { config = CONFIG, arguments = arguments }
    local result = sign_in(e)
    e.call("ChangePassword", { AccessToken = result.AccessToken, PreviousPassword = "Correct-horse1",
      ProposedPassword = "Better-horse2" })
    e.stop()
    assert.equal("600", io.popen("stat -c %a " .. path .. "/state"):read "*l")
    e = emulator.start { config = CONFIG, arguments = arguments }
    finally(function() e.stop(); remove() end)
    sign_in(e, "Better-horse2")
    assert.equal(200, (e.call("GetUser", { AccessToken = result.AccessToken })))
    local _, body = e.call("GetTokensFromRefreshToken", { ClientId = e.client_id, RefreshToken = result.RefreshToken })
    assert.equal("Invalid Refresh Token.", body.message)    -- the device was never confirmed: that is kept as well
  end)

  it("brings what became of a session into every further start: rotated tokens, revoked ones", function()
    local path, remove = folder()
    local given = { arguments = "--state-file " .. path .. "/state", config = { users = { alice = { password =
      "Correct-horse1" } }, clients = { { id = "emulatorclient1", rotation = { grace = 0 } } } } }
    local e = emulator.start(given)
    finally(function() e.stop(); remove() end)
    local token = sign_in(e).RefreshToken
    local function use(operation)
      local status, body = e.call(operation, { ClientId = e.client_id,
        [operation == "RevokeToken" and "Token" or "RefreshToken"] = token })
      return status, body
    end
    for _ = 1, 2 do
      e.stop()
      e = emulator.start(given)
      local status, body = use "GetTokensFromRefreshToken"
      assert.equal(200, status, body.message)
      token = body.AuthenticationResult.RefreshToken
    end
    e.stop()
    e = emulator.start(given)
    assert.equal(200, (use "RevokeToken"))
    e.stop()
    e = emulator.start(given)
    assert.equal("Refresh Token has been revoked", select(2, use "GetTokensFromRefreshToken").message)
  end)

  it("stops the start when it cannot be read", function()
    local path, remove = folder()
    finally(remove)
    local file = io.open(path .. "/state", "w")
    file:write "{ half"
    file:close()
    local ok, err = pcall(emulator.start, { config = CONFIG, arguments = "--state-file " .. path .. "/state" })
    assert.is_false(ok)
    assert.truthy(err:find("cannot be read", 1, true))
  end)

  it("stops the start when it, the keys or the codes cannot be written", function()
    for option, text in pairs {
      ["--state-file"] = "the state file /nonesuch/x cannot be written: No such file",
      ["--key-file"] = "the key file /nonesuch/x cannot be written",
      ["--code-folder"] = "the code folder cannot be written" } do
      local ok, err = pcall(emulator.start, { config = CONFIG, arguments = option .. " /nonesuch/x" })
      assert.is_false(ok, option)
      assert.truthy(err:find(text, 1, true), err)
    end
  end)

  it("does not keep it from going on and from ending when it cannot be written any more", function()
    local path, remove = folder()
    finally(remove)
    local command = [[
      coproc E { exec lua5.4 bin/cognito emulator --port 0 --state-file %s/in/state 2>%s/said; }
      read -r _ _ url <&"${E[0]}"
      rm -r %s/in
      curl -s -o /dev/null "$url" -H 'Content-Type: application/x-amz-json-1.1' \
        -H 'X-Amz-Target: AWSCognitoIdentityProviderService.SignUp' \
        -d '{"ClientId":"emulatorclient","Username":"bea","Password":"Better-horse2"}'
      for try in {1..100}; do [ -s %s/said ] && break; sleep 0.05; done
      kill "$E_PID"; for try in {1..100}; do kill -0 "$E_PID" 2>/dev/null || break; sleep 0.05; done
      kill -9 "$E_PID" 2>/dev/null && echo killed
      cat %s/said]]
    os.execute("mkdir " .. path .. "/in")
    local file = io.open(path .. "/script", "w")
    file:write((command:gsub("%%s", path)))
    file:close()
    local said = io.popen("bash " .. path .. "/script 2>&1"):read "a"
    assert.truthy(said:find(("emulator: cannot write %s/in/state: No such file"):format(path), 1, true), said)
    assert.is_nil(said:find("killed", 1, true), said)
  end)
end)

describe("the emulator for its developer", function()
  local e, path, remove

  setup(function()
    path, remove = folder()
    e = emulator.start { config = CONFIG, arguments = "--code-folder " .. path }
  end)
  teardown(function() e.stop(); remove() end)

  it("writes codes into a folder", function()
    e.call("ForgotPassword", { ClientId = e.client_id, Username = "alice" })
    local text = io.popen("cat " .. path .. "/000001-alice-forgot_password.txt"):read "*a"
    assert.equal("To: alice@example.com\n\n" .. e.code() .. "\n", text)
  end)

  it("has a page that lists users, sessions, codes and requests, and no password or token", function()
    local result = sign_in(e)
    local status, page, head = e.http("GET", "/")
    assert.equal(200, status)
    assert.truthy(head:find("Content-Security-Policy: default-src 'none'", 1, true))
    for _, text in ipairs { "alice@example.com", e.code(), "ForgotPassword", e.pool_id, "CONFIRMED",
      e.url .. "/" .. e.pool_id, " left<", ">200<" } do
      assert.truthy(page:find(text, 1, true), text)
    end
    for _, text in ipairs { "Correct-horse1", result.AccessToken, result.RefreshToken, "<b>Alice" } do
      assert.is_nil(page:find(text, 1, true), text)
    end
  end)

  it("lets web applications of other origins call the service", function()
    local status, _, head = e.http("OPTIONS", "/", nil, { Origin = "http://localhost:3000",
      ["Access-Control-Request-Method"] = "POST", ["Access-Control-Request-Headers"] = "content-type,x-amz-target" })
    assert.equal(200, status)
    assert.truthy(head:find("Access-Control-Allow-Headers: content-type,x-amz-target", 1, true))
    local _, _, answer = e.http("POST", "/", "{}", { Origin = "http://localhost:3000" })
    assert.truthy(answer:find("Access-Control-Allow-Origin: *", 1, true))
  end)
end)
