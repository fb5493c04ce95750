-- Profiles of the command: how they are made, what is refused, files that nobody should trust; and the doctor.
local cjson = require "cjson"
local command = require "spec.support.command"
local emulator = require "spec.support.emulator"
local ports = require "spec.support.ports"
local tmp = require "spec.support.tmp"

describe("profiles of the command", function()
  local emu, shell, path, callback_port

  local function cognito(...) return shell:run(...) end

  local function fails(code, text, words, opts)
    local got, out, err = cognito(words, opts)
    assert.equal(code, got, err)
    assert.equal("", out)
    assert.truthy(err:find(text, 1, true), err)
    assert.is_nil(err:find("traceback", 1, true))
  end

  local function profile(name) return cjson.decode((tmp.read(path))).profiles[name] end

  setup(function()
    callback_port = ports.free()
    local config = { clients = { table.unpack(command.CONFIG.clients) }, users = command.CONFIG.users }
    config.clients[4] = { id = "deskclient", redirect_uris = { ("http://localhost:%d/"):format(callback_port) } }
    emu = emulator.start { config = config }
  end)

  teardown(function()
    emu.stop()
    tmp.cleanup()
  end)

  before_each(function()
    shell = command.new(emu)
    path = shell.home .. shell.profiles
    shell:configure("default", "cliclient")
  end)

  describe("as configure makes them", function()
    it("are listed, the default one marked, and changed one setting at a time", function()
      shell:configure("work", "shortclient", "--set redirect_ports=8080,8081 --set scopes=openid,email")
      assert.same({ 8080, 8081 }, profile "work".redirect_ports)
      assert.same({ "openid", "email" }, profile "work".scopes)
      local _, list = cognito "configure --list"
      assert.equal(("default  %s  cliclient  (default)\nwork  %s  shortclient\n"):format(emu.pool_id, emu.pool_id),
        list)
      assert.equal(0, (cognito "configure -p work --default"))
      assert.equal(0, (cognito "configure -p work --set scopes="))
      assert.is_nil(profile "work".scopes)
      local _, json = cognito "configure --list --json"
      assert.same({ name = "work", user_pool_id = emu.pool_id, client_id = "shortclient", default = true },
        cjson.decode(json).profiles[2])
      assert.equal(0, (cognito "configure -p work --remove"))
      _, list = cognito "configure --list"
      assert.equal(("default  %s  cliclient  (default)\n"):format(emu.pool_id), list)
    end)

    it("are chosen by -p and by COGNITO_PROFILE", function()
      shell:configure("work", "shortclient")
      shell:login "work"
      fails(4, "run `cognito login`", "token")
      assert.equal(0, (cognito "token -p work"))
      assert.equal(0, (cognito("token", { env = { COGNITO_PROFILE = "work" } })))
      assert.equal(0, (cognito("configure --set scopes=openid", { env = { COGNITO_PROFILE = "work" } })))
      assert.same({ "openid" }, profile "work".scopes)
      fails(3, "there is no profile nobody", "token -p nobody")
      fails(3, "`cognito configure --list` shows", "configure -p nobody --remove")
    end)

    it("are chosen as if a variable that is empty were not there", function()
      shell:login "default"
      local none = { COGNITO_PROFILE = "", COGNITO_CLIENT_SECRET = "" }
      assert.equal(0, (cognito("token", { env = none })))
      assert.equal(0, (cognito("token --refresh", { env = none })))
      assert.equal(0, (cognito("configure --set scopes=openid", { env = none })))
      assert.same({ "openid" }, profile "default".scopes)
    end)

    it("hold nothing that cannot be right, and stay as they were then", function()
      local before = tmp.read(path)
      for words, text in pairs {
        ["--set client_id"] = "--set must be NAME=VALUE, not client_id",
        ["--set clientid=x"] = "did you mean client_id?", ["--set zzzzzzzzz=x"] = "there are user_pool_id, client_id",
        ["--set client_secret=abc"] = "a secret has no place on a command line",
        ["--set proxy=http://me:pw@proxy:80"] = "a secret has no place on a command line",
        ["--set redirect_ports=80,abc"] = 'not "abc"', ["--set redirect_ports=0"] = 'not "0"',
        ["--set redirect_ports=70000"] = 'not "70000"', ["--set flow=SRP"] = '"SRP" is not a flow',
        ["--set user_pool_id=nonsense"] = "it looks like", ["--set endpoint=http://example.com"] = "use https",
        ["--set domain=http://login.example.com"] = "use https", ["--set proxy=socks://x"] = "http://proxy.example",
        ["-p a/b --set region=eu-west-1"] = "letters, digits, dots and dashes",
      } do fails(2, text, "configure " .. words) end
      fails(3, "client_id is missing", "configure -p new --set user_pool_id=eu-west-1_AbCdEf123")
      fails(3, "with --set NAME=VALUE", "configure -p new")
      assert.equal(before, tmp.read(path))
    end)
  end)

  describe("on a disk that somebody else touched", function()
    local function break_it(how)
      os.execute((how:gsub("FILE", path):gsub("FOLDER", (path:gsub("/[^/]*$", "")))))
    end

    it("are not read when others could have read or made them", function()
      local keep = tmp.read(path)
      for how, text in pairs {
        ["chmod 644 FILE"] = "chmod 600 " .. path, ["chmod 755 FOLDER"] = "chmod 700 ",
        ["rm FILE; ln -s /etc/passwd FILE"] = "symbolic link", ["rm FILE; mkfifo -m 600 FILE"] = "not a regular file",
        ["rm FILE; mkdir FILE"] = "not a regular file", ["ln FILE FOLDER/second"] = "hard link",
      } do
        break_it(how)
        for _, words in ipairs { "token", "configure --set region=eu-west-1", "doctor" } do fails(3, text, words) end
        break_it "rm -rf FILE FOLDER/second; chmod 700 FOLDER"
        tmp.write(path, keep)
        os.execute("chmod 600 " .. path)
      end
      assert.equal(0, (cognito "configure --list"))
    end)

    it("are refused whole when they are not what configure writes, and left alone", function()
      local good = '"user_pool_id":"eu-west-1_AbCdEf123","client_id":"x"'
      for _, text in ipairs { "", "{ torn", "[]", "null", '{"profiles":[1]}', '{"profiles":{"default":{' .. good
        .. ',"scopes":"openid"}},"default":"default"}', '{"profiles":{"default":{' .. good .. ',"endpoint":{}}}}',
        '{"profiles":{"default":{"user_pool_id":5,"client_id":[]}},"default":"default"}',
        '{"profiles":{"default":{' .. good .. '}},"default":["default"]}',
        '{"profiles":{"default":{' .. good .. ',"redirect_ports":["x"]}}}' } do
        tmp.write(path, text)
        fails(3, "is not what `cognito configure` writes", "token")
        fails(3, "is not what `cognito configure` writes", "login --browser")
        fails(3, "move it away", "configure --set client_id=x")
        assert.equal(text, tmp.read(path))
      end
      tmp.write(path, ("x"):rep(300 * 1024))
      fails(3, "larger than the limit", "token")
    end)

    it("have a place, or the command says what it misses", function()
      shell.env.HOME, shell.env.XDG_CONFIG_HOME = "relative", "relative"
      fails(3, "neither XDG_CONFIG_HOME nor HOME is set", "token")
      shell.env.XDG_CONFIG_HOME = "/proc/nowhere"
      fails(3, "make its folder writable", "configure --set client_id=x")
    end)
  end)

  describe("under the eyes of the doctor", function()
    local function rows(words, code)
      local got, json, err = cognito("doctor --json " .. words)
      assert.equal(code, got, err)
      local out = {}
      for _, check in ipairs(cjson.decode(json).checks) do out[check.name] = check end
      return out
    end

    it("are well, with a login page too", function()
      local issuer = ("%s/%s"):format(emu.url, emu.pool_id)
      shell:configure("default", "deskclient", ("--set domain=%s --set redirect_ports=%d --set issuer=%s"):format(
        emu.url, callback_port, issuer))
      local seen = rows("", 0)
      for _, name in ipairs { "endpoint", "clock", "store", "keys", "client", "login page" } do
        assert.is_true(seen[name].ok, name)
        assert.is_nil(seen[name].skipped, name)
      end
      assert.is_true(seen.tls.skipped)
      local _, text = cognito "doctor"
      assert.truthy(text:find("ok    login page: ", 1, true))
      assert.is_nil(text:find "\27")
    end)

    it("get a cure for what is wrong", function()
      shell:configure("gone", "cliclient", "--set endpoint=http://127.0.0.1:1")
      local seen = rows("-p gone", 1)
      assert.is_false(seen.endpoint.ok)
      assert.truthy(seen.endpoint.cure:find("check the network", 1, true))
      assert.is_true(seen.client.skipped)
      shell:configure("foreign", "nosuchclient")
      assert.truthy(rows("-p foreign", 1).client.cure:find("client_id", 1, true))
      shell:configure("secret", "secretclient")
      assert.truthy(rows("-p secret", 1).client.cure:find("cognito configure -p secret", 1, true))
      shell:configure("pool", "cliclient", ("--set user_pool_id=eu-west-1_Another1 --set issuer=%s/eu-west-1_Another1")
        :format(emu.url))
      assert.truthy(rows("-p pool", 1).keys.cure:find("user_pool_id", 1, true))
      shell:configure("page", "deskclient", ("--set domain=%s"):format(emu.url))
      assert.truthy(rows("-p page", 1)["login page"].cure:find("redirect_ports=PORT", 1, true))
      assert.equal(0, (cognito "configure -p page --set redirect_ports=1"))
      assert.truthy(rows("-p page", 1)["login page"].cure:find("callback URL", 1, true))
      assert.equal(0, (cognito(("configure -p page --set redirect_ports=%d --set scopes=openid,nope"):format(
        callback_port))))
      assert.truthy(rows("-p page", 1)["login page"].cure:find("scopes", 1, true))
    end)

    it("are not called wrong for what only the service has", function()
      local settings = ("--set domain=%s --set redirect_ports=%d"):format(emu.url, callback_port)
      shell:configure("default", "deskclient", settings)
      emu.faults { { fault = "status:500" } }
      local seen = rows("", 1)
      emu.reset()
      for _, name in ipairs { "client", "login page" } do assert.equal("try again later", seen[name].cure, name) end
    end)

    it("get a cure for a wrong clock, and for a store that others can read", function()
      emu.clock { advance = 3600 }
      assert.truthy(rows("", 1).clock.text:find("3600 s slow", 1, true))
      emu.reset()
      shell:login()
      os.execute("chmod 755 " .. shell.home .. "/state/lua-cognito")
      assert.truthy(rows("", 1).store.cure:find("chmod 700", 1, true))
    end)

    it("are looked at on the service itself too, where nothing answers here", function()
      assert.equal(0, (cognito "configure -p aws --set user_pool_id=eu-west-1_AbCdEf123 --set client_id=abc"))
      -- a proxy that nobody serves stands for the network: nothing leaves this machine
      assert.equal(0, (cognito "configure -p aws --set proxy=http://127.0.0.1:1"))
      local seen = rows("-p aws", 1)
      assert.truthy(seen.endpoint.text:find("https://cognito-idp.eu-west-1.amazonaws.com/ does not answer", 1, true))
      assert.is_true(seen.tls.skipped)
    end)
  end)
end)
