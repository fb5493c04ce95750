-- The command in a shell and in a real terminal, against the emulator.
local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local proc = require "spec.support.proc"
local socket = require "socket"
local terminal = require "spec.support.terminal"
local tmp = require "spec.support.tmp"

local PASSWORD, SECRET = "CANARY-pass1-Word", "CANARYsecretCANARYsecretCANARY00"

local CONFIG = {
  users = {
    alice = { password = PASSWORD, attributes = { email = "alice@example.com" } },
    tom = { password = PASSWORD, totp_secret = "GEZDGNBVGY3TQOJQ", mfa = { "SOFTWARE_TOKEN_MFA" } },
    nina = { password = PASSWORD, status = "FORCE_CHANGE_PASSWORD" },
  },
  mfa = "OPTIONAL",
  clients = {
    { id = "cliclient", access_token_ttl = 300 },
    { id = "shortclient", access_token_ttl = 12, rotation = { grace = 10 } },
    { id = "secretclient", secrets = { SECRET } },
  },
}

describe("the command cognito", function()
  local emu, home, env

  local function cognito(words, opts)
    opts = opts or {}
    local argv = { "lua5.4", "bin/cognito" }
    for word in words:gmatch "%S+" do argv[#argv + 1] = word end
    if opts.stdin then
      local file = tmp.write(home .. "/stdin", opts.stdin)
      argv = { "sh", "-c", 'exec "$@" < ' .. file, "sh", (table.unpack or unpack)(argv) }
    end
    local variables = {}
    for name, value in pairs(env) do variables[name] = value end
    for name, value in pairs(opts.env or {}) do variables[name] = value end
    return proc.run { argv = argv, env = variables }
  end

  local function configure(profile, client)
    assert.equal(0, (cognito(("configure -p %s --set user_pool_id=%s --set client_id=%s --set endpoint=%s")
      :format(profile, emu.pool_id, client, emu.url))))
  end

  local function login(profile)
    return cognito("login alice --password-stdin -p " .. profile, { stdin = PASSWORD .. "\n" })
  end

  setup(function()
    emu = emulator.start { config = CONFIG }
  end)

  teardown(function()
    emu.stop()
    tmp.cleanup()
  end)

  before_each(function()
    home = tmp.dir()
    env = { HOME = home, XDG_CONFIG_HOME = home .. "/config", XDG_STATE_HOME = home .. "/state" }
    configure("default", "cliclient")
  end)

  it("explains itself and refuses what it does not know", function()
    local code, out = cognito "--help"
    assert.equal(0, code)
    assert.truthy(out:find("login", 1, true))
    local wrong, _, err = cognito "logn"
    assert.equal(2, wrong)
    assert.truthy(err:find("logn", 1, true))
    assert.equal(2, (cognito "login --password hunter2"))
    assert.equal(2, (cognito ""))
  end)

  it("signs in, gives tokens, says who, signs out", function()
    local code, out, err = login "default"
    assert.equal("", err)
    assert.equal(0, code)
    assert.equal("signed in as alice\n", out)
    local ok, token = cognito "token"
    assert.equal(0, ok)
    assert.truthy(token:match "^[%w_-]+%.[%w_-]+%.[%w_-]+\n$")
    local _, whoami = cognito "whoami --json"
    assert.equal("alice@example.com", cjson.decode(whoami).email)
    local _, answer = cognito "call GetUser"
    assert.equal("alice", cjson.decode(answer).Username)
    local _, sessions = cognito "sessions --json"
    assert.equal(1, #cjson.decode(sessions).sessions)
    assert.equal(0, (cognito "logout"))
    local none, _, why = cognito "token"
    assert.equal(4, none)
    assert.truthy(why:find("cognito login", 1, true))
  end)

  it("gives the ID token, and the same as JSON", function()
    login "default"
    local _, id = cognito "token --id"
    local _, decoded = cognito("decode --json", { stdin = id })
    assert.equal("id", cjson.decode(decoded).claims.token_use)
    local _, json = cognito "token --json"
    assert.truthy(cjson.decode(json).expires_in > 200)
  end)

  it("refreshes once for twenty that ask at the same time", function()
    configure("short", "shortclient")
    assert.equal(0, (login "short"))
    local before = emu.counts().GetTokensFromRefreshToken
    before = before and before.ok or 0
    local _, first = cognito "token -p short"
    socket.sleep(9.2) -- three quarters of the token's life; the last child must start within the next nine seconds
    local children, seen = {}, {}
    local argv = { "lua5.4", "bin/cognito", "token", "-p", "short" }
    for i = 1, 20 do children[i] = proc.start { argv = argv, env = env } end
    for i = 1, 20 do
      assert.equal(0, children[i]:wait(20), children[i]:errors())
      seen[children[i]:output()] = true
      children[i]:stop()
    end
    local count = 0
    for token in pairs(seen) do
      count = count + 1
      assert.not_equal(first, token)
    end
    assert.equal(1, count)
    assert.equal(before + 1, emu.counts().GetTokensFromRefreshToken.ok)
  end)

  it("puts the token into the environment of the command it runs, and gives its exit code", function()
    login "default"
    local script = tmp.write(home .. "/show", "#!/bin/sh\nprintf %s \"$COGNITO_TOKEN\"\nexit 7\n")
    os.execute("chmod +x " .. script)
    local code, out = cognito("exec -- " .. script)
    assert.equal(7, code)
    local _, token = cognito "token"
    assert.equal(token, out .. "\n")
    assert.equal(2, (cognito("exec --variable 1BAD -- " .. script)))
    assert.equal(7, (cognito("exec " .. script .. " --id -x")))
    local none, _, why = cognito "exec -- /no/such/program"
    assert.equal(127, none)
    assert.truthy(why:find("/no/such/program cannot be run: no such file", 1, true))
    assert.equal(126, (cognito "exec -- /etc/passwd"))
  end)

  it("keeps secrets out of argv, environ, messages and messages as JSON", function()
    env.COGNITO_CLIENT_SECRET = SECRET
    configure("secret", "secretclient")
    env.COGNITO_CLIENT_SECRET = nil
    local data = cjson.decode((tmp.read(home .. "/config/cognito/config.json")))
    assert.is_nil(data.profiles.secret.client_secret)
    local _, _, refused = cognito "configure -p x --set client_secret=abc"
    assert.truthy(refused:find("asked for", 1, true))
    for _, words in ipairs { "login alice --password-stdin", "login alice --password-stdin --json" } do
      local code, out, err = cognito(words, { stdin = "CANARY-wrong1\n" })
      assert.equal(5, code)
      assert.is_nil((out .. err):find("CANARY", 1, true))
    end
  end)

  it("shows no secret in the command line or the environment of any process while it works", function()
    emu.faults { { fault = "delay:0.5", times = 4 } }
    local input = tmp.write(home .. "/stdin", PASSWORD .. "\n")
    local child = proc.start { env = env,
      argv = { "sh", "-c", "exec lua5.4 bin/cognito login alice --password-stdin < " .. input } }
    local looks, found = 0, ""
    while not child:status() do
      local pipe = io.popen "grep -al [C]ANARY /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null"
      found = found .. pipe:read "*a"
      pipe:close()
      looks = looks + 1
    end
    assert.equal(0, child:wait(10), child:errors())
    child:stop()
    emu.faults {}
    assert.is_true(looks >= 2)
    assert.equal("", found)
  end)

  it("says what is wrong with a profile file and changes nothing", function()
    local path = home .. "/config/cognito/config.json"
    os.execute("chmod 644 " .. path)
    local code, _, err = cognito "token"
    assert.equal(3, code)
    assert.truthy(err:find("chmod 600 " .. path, 1, true))
    os.execute("chmod 600 " .. path)
    tmp.write(path, "{ torn")
    assert.equal(3, (cognito "token"))
    assert.equal(3, (cognito "configure --set client_id=x"))
    assert.equal("{ torn", tmp.read(path))
    assert.equal(3, (cognito "token -p nobody"))
  end)

  it("calls by JSON and names a wrong member", function()
    login "default"
    local code, _, err = cognito("call ChangePassword -", { stdin = '{"NewPassword":"x"}' })
    assert.equal(2, code)
    assert.truthy(err:find("NewPassword", 1, true))
    assert.equal(2, (cognito("call ListDevices -", { stdin = "[1" })))
  end)

  it("finds what is wrong with a set-up", function()
    local code, out = cognito "doctor --json"
    assert.equal(0, code, out)
    configure("gone", "cliclient")
    assert.equal(0, (cognito "configure -p gone --set endpoint=http://127.0.0.1:1"))
    local failed, text = cognito "doctor -p gone"
    assert.equal(1, failed)
    assert.truthy(text:find("WRONG endpoint", 1, true))
  end)

  it("prints a completion script for each shell", function()
    for _, shell in ipairs { "bash", "zsh", "fish" } do
      local code, out = cognito("completion " .. shell)
      assert.equal(0, code)
      assert.truthy(out:find("whoami", 1, true))
    end
    assert.equal(2, (cognito "completion csh"))
  end)

  describe("in a terminal", function()
    local term

    before_each(function()
      local variables = { PATH = os.getenv "PWD" .. "/bin:" .. os.getenv "PATH" }
      for name, value in pairs(env) do variables[name] = value end
      for _, name in ipairs { "LUA_PATH_5_4", "LUA_CPATH_5_4" } do variables[name] = os.getenv(name) end
      term = terminal.start(variables)
    end)

    after_each(function() term:stop() end)

    it("asks for the password without echo", function()
      term:line "cognito login alice; echo code=$?"
      term:see "Password:"
      term:type(PASSWORD)
      term:press "Enter"
      local screen = term:see "code=0"
      assert.truthy(screen:find("signed in as alice", 1, true))
      assert.is_nil(screen:find("CANARY", 1, true))
    end)

    it("asks again for a wrong code, and walks through a second factor", function()
      term:line "cognito login tom; echo code=$?"
      term:see "Password:"
      term:line(PASSWORD)
      term:see "Code from the authenticator app:"
      term:line "000000"
      term:see "CodeMismatchException"
      local _, code = proc.run { argv = { "oathtool", "--totp", "-b", "GEZDGNBVGY3TQOJQ" } }
      term:line((code:gsub("%s", "")))
      term:see "code=0"
    end)

    it("asks for a new password, twice", function()
      term:line "cognito login nina; echo code=$?"
      term:see "Password:"
      term:line(PASSWORD)
      term:see "New password:"
      term:line "CANARY-new1-Word"
      term:see "The same again:"
      term:line "CANARY-other1-Word"
      term:see "These two differ."
      term:line "CANARY-new1-Word"
      term:line "CANARY-new1-Word"
      local screen = term:see "code=0"
      assert.is_nil(screen:find("CANARY", 1, true))
    end)

    it("leaves nothing behind after Ctrl-C or Ctrl-D at a prompt", function()
      for _, key in ipairs { "C-c", "C-d" } do
        term:line "cognito login alice; echo code=$?"
        term:see "Password:"
        term:press(key)
        term:see "code=130"
        term:line "stty -a | grep -o ' echo '; echo looked=$((1+1))"
        term:see "looked=2"
        assert.truthy(term:screen():find("\n echo", 1, true), term:screen())
        assert.equal(4, (cognito "token"))
        term:clear()
      end
    end)
  end)
end)
