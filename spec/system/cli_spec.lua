-- The command in a shell, against the emulator.
local cjson = require "cjson"
local command = require "spec.support.command"
local emulator = require "spec.support.emulator"
local file = require "cognito.storage.file"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local PASSWORD, SECRET = command.PASSWORD, command.SECRET

describe("the command cognito", function()
  local emu, shell, home, env

  local function cognito(...) return shell:run(...) end
  local function configure(...) return shell:configure(...) end
  local function login(...) return shell:login(...) end

  setup(function()
    emu = emulator.start { config = command.CONFIG }
  end)

  teardown(function()
    emu.stop()
    tmp.cleanup()
  end)

  before_each(function()
    shell = command.new(emu)
    home, env = shell.home, shell.env
    configure("default", "cliclient")
  end)

  local function fails(code, text, words, opts)
    local got, out, err = cognito(words, opts)
    assert.equal(code, got, err)
    assert.equal("", out)
    assert.truthy(err:find(text, 1, true), err)
    assert.is_nil(err:find("traceback", 1, true))
    return err
  end

  it("explains itself and refuses what it does not know", function()
    local code, out = cognito "--help"
    assert.equal(0, code)
    assert.truthy(out:find("login", 1, true))
    for _, words in ipairs { "help login", "login --help" } do
      assert.truthy(select(2, cognito(words)):find("--browser", 1, true))
    end
    assert.truthy(select(2, cognito "--version"):find "^cognito %d")
    fails(2, "unknown command 'logn'. Did you mean 'login'?\n  `cognito --help`", "logn")
    fails(2, "`cognito login --help` explains it", "login --password hunter2")
    fails(2, "unknown command 'logn'. Did you mean 'login'?\n  `cognito --help`", "help logn")
    fails(2, "Commands:", "")
    local code51, _, err51 = proc.run { argv = { "lua5.1", "bin/cognito", "--version" } }
    assert.equal(1, code51)
    assert.equal("cognito: this command needs Lua 5.4, and this is Lua 5.1; the library itself does not\n", err51)
  end)

  it("says what is wrong with the command line, as JSON where that is asked for", function()
    fails(2, "must be one of 'USER_SRP_AUTH'", "login alice --flow USER_SPR_AUTH")
    fails(2, "seconds are a number above 0, not 'soon'", "login --browser --timeout soon")
    fails(2, "needs a factor: sms, totp or email", "mfa on")
    fails(2, "takes no factor", "mfa totp sms")
    fails(2, "--attribute must be NAME=VALUE, not email", "sign-up bob -a email")
    fails(2, "did you mean GetUser?", "call getuser")
    fails(2, "is called AdminGetUser", "call AdminGetUser")
    fails(2, "must be a JSON object", "call GetUser []")
    for _, words in ipairs { "--json logn", "mfa on --json", "login --json --flow x" } do
      local err = fails(2, '"code":"usage"', words)
      assert.equal("invalid", cjson.decode(err).error.kind)
    end
  end)

  it("says what to type next", function()
    local stdin = { stdin = PASSWORD .. "\n" }
    fails(4, "run `cognito login bob`", "token -u bob")
    fails(5, "run `cognito confirm una`", "login una --password-stdin", stdin)
    fails(5, "run `cognito password --forgot -u rita`", "login rita --password-stdin", stdin)
    fails(5, "`cognito confirm -p default una --resend`", "confirm una -p default --code-stdin", { stdin = "123456\n" })
    fails(3, "there is no terminal to ask on: Code from the authenticator app", "login tom --password-stdin", stdin)
    fails(3, "`cognito configure --set redirect_ports=PORT`", "login --browser")
    configure("ports", "cliclient", "--set redirect_ports=" .. ports.free())
    fails(3, "cognito configure -p ports --set domain=PREFIX", "login --browser -p ports")
    configure("s", "secretclient")
    fails(3, "`cognito configure -p s` asks for the client secret", "login alice --password-stdin -p s", stdin)
    assert.equal("run `cognito login bob`", cjson.decode(fails(4, "", "whoami -u bob --json")).error.hint)
  end)

  it("asks nobody and sends nothing where there is no terminal", function()
    login "default"
    local before = #emu.requests()
    for _, words in ipairs { "password --forgot -u alice", "mfa totp", "sign-up bob", "password", "confirm bob" } do
      local err = fails(3, "there is no terminal to ask on", words)
      assert.is_nil(err:find("otpauth", 1, true))
    end
    assert.equal(before, #emu.requests())
  end)

  it("fails when what it prints is lost", function()
    login "default"
    local all = { "token", "token --json", "whoami", "call GetUser", "completion bash", "--help", "help token",
      "token --help", "--version" }
    for _, words in ipairs(all) do
      local code, _, err = cognito(words, { out = "/dev/full" })
      assert.equal(1, code, words)
      assert.truthy(err:find("standard output cannot be written", 1, true), words)
    end
  end)

  -- The command where no file takes a byte any more: its exit code, and all that it says.
  local function without_room(words, input)
    local path = tmp.write(home .. "/input", input or "")
    local line = ("(trap '' XFSZ; ulimit -f 0; exec lua5.4 bin/cognito %s <%s) 2>&1 | cat; exit ${PIPESTATUS[0]}")
      :format(words, path)
    return proc.run { argv = { "bash", "-c", line }, env = env }
  end

  it("signs nobody in whom it cannot store, and says when it could not store new tokens", function()
    emu.reset()
    local code, said = without_room("login alice --password-stdin", PASSWORD)
    assert.equal(1, code)
    assert.truthy(said:find "^cognito: the session file ", said)
    assert.equal(1, emu.counts().RevokeToken.ok)
    fails(4, "no session is stored", "token")
    login "default"
    code, said = without_room "token --refresh"
    assert.equal(0, code)
    assert.truthy(said:find "^cognito: warning: the new tokens are not stored: the session file .*\ney", said)
    said = select(2, without_room "token --refresh --json")
    assert.equal("store", cjson.decode(said:match "[^\n]+").warning.kind)
  end)

  it("waits for one attempt to revoke, since a later command makes the next", function()
    login "default"
    emu.faults { { fault = "status:500", operation = "RevokeToken" } }
    assert.equal(0, (cognito "logout"))
    assert.equal(1, emu.counts().RevokeToken["fault status:500"])
    emu.reset()
  end)

  it("takes nothing that it opens for a standard descriptor that was closed", function()
    login "default"
    local trace = tmp.write(home .. "/trace", "")
    local line = ("exec strace -qq -o %s lua5.4 bin/cognito call GetUser <&- >&- 2>&-"):format(trace)
    assert.equal(1, (proc.run { argv = { "sh", "-c", line }, env = env }))
    local written = {}
    for fd, result in tmp.read(trace):gmatch "\nwrite%((%d), .-%) += %-?%d+ (%u+)" do
      written[#written + 1] = fd .. " " .. result
    end
    assert.same({ "1 EBADF", "2 EBADF" }, written)
    local held = tmp.read(trace):gmatch 'openat%(AT_FDCWD, "/dev/null", O_RDONLY|O_CLOEXEC%) = (%d)'
    assert.same({ "0", "1", "2" }, { held(), held(), held() })
  end)

  it("gives a program that it runs the descriptors that it has itself, and no other", function()
    login "default"
    local function descriptors(before, closed)
      local path = home .. "/descriptors"
      local line = ("exec %s sh -c 'ls /proc/self/fd >&9' 9>%s %s"):format(before, path, closed)
      assert.equal(0, (proc.run { argv = { "sh", "-c", line }, env = env }))
      return tmp.read(path)
    end
    for _, closed in ipairs { "", "<&-", "<&- 2>&-" } do
      assert.equal(descriptors("", closed), descriptors("lua5.4 bin/cognito exec", closed))
    end
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

  it("says of each step of a sign-out whether it was done", function()
    login "default"
    local _, out = cognito "logout --global"
    assert.equal("signed out here\nrefresh token revoked\nsigned out on all devices\n", out)
    login "default"
    emu.faults { { error = "InternalErrorException", operation = "GlobalSignOut" } }
    local code, _, err = cognito "logout --global"
    emu.faults {}
    assert.equal(1, code)
    assert.truthy(err:find("InternalErrorException", 1, true), err)
    login "default"
    configure("default", "cliclient", "--set endpoint=http://127.0.0.1:1")
    local queued, json = cognito "logout --json"
    assert.equal(0, queued)
    local result = cjson.decode(json)
    assert.same({ true, true, false }, { result.cleared, result.queued, result.revoked })
    assert.equal("connect", result.errors.revoke.kind)
  end)

  it("gives the ID token, and the same as JSON", function()
    login "default"
    local _, id = cognito "token --id"
    local _, decoded = cognito("decode --json", { stdin = id })
    assert.equal("id", cjson.decode(decoded).claims.token_use)
    local _, json = cognito "token --json"
    assert.truthy(cjson.decode(json).expires_in > 200)
  end)

  it("says for how long the token is good that it gives, however it came by it", function()
    configure("ids", "idclient")
    login "ids"
    for _, words in ipairs { "token --id --json", "token --id --json --refresh" } do
      local _, json = cognito(words .. " -p ids")
      local left = cjson.decode(json).expires_in
      assert.truthy(left > 100 and left <= 200, words .. ": " .. left)
    end
  end)

  it("does not call a token bad that it has no keys for", function()
    login "default"
    configure("default", "cliclient", "--set issuer=http://127.0.0.1:1/" .. emu.pool_id)
    local _, token = cognito "token"
    local err = fails(6, "jwks_unavailable", "verify", { stdin = token })
    assert.truthy(err:find("`cognito doctor` looks for the cause", 1, true))
  end)

  it("says that a session's file is damaged, once, and then that nobody is signed in", function()
    login "default"
    local files = home .. "/state/lua-cognito/"
    os.execute(("for f in %s*.session; do echo x > $f; done"):format(files))
    local err = fails(1, "is damaged or not a record of this library (corrupt)", "token -u alice")
    assert.truthy(tmp.read(assert(err:match "kept as (%S+)")))
    fails(4, "run `cognito login alice`", "token -u alice")
  end)

  -- Lets the stored session look older.
  local function age(seconds)
    local storage = file.new { path = home .. "/state/lua-cognito" }
    for _, key in ipairs(storage:list()) do
      local record = storage:get(key)
      if record.expires_at then
        local version = record.version
        record.expires_at, record.version = record.expires_at - seconds, version .. "0"
        assert(storage:put(key, record, version))
      end
    end
  end

  it("refreshes once for twenty that ask at the same time", function()
    assert.equal(0, (login "default"))
    local _, first = cognito "token"
    age(260) -- of the token's 300 s that leaves 40, fewer than the margin of 60
    local before = emu.counts().GetTokensFromRefreshToken
    before = before and before.ok or 0
    local children, seen = {}, {}
    local argv = { "lua5.4", "bin/cognito", "token" }
    for i = 1, 20 do children[i] = proc.start { argv = argv, env = env } end
    for i = 1, 20 do
      assert.equal(0, children[i]:wait(60), children[i]:errors())
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
      local pipe = io.popen(("grep -al '[C]%s' /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null"):format(
        command.MARK:sub(2)))
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

  it("calls by JSON and names a wrong member", function()
    login "default"
    local code, _, err = cognito("call ChangePassword -", { stdin = '{"NewPassword":"x"}' })
    assert.equal(2, code)
    assert.truthy(err:find("NewPassword", 1, true))
    assert.equal(2, (cognito("call ListDevices -", { stdin = "[1" })))
    local _, _, refused = cognito "call ChangePassword {\"PreviousPassword\":\"x\"}"
    assert.truthy(refused:find("PreviousPassword has no place on a command line", 1, true))
  end)
end)
