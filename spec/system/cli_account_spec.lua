-- The command's accounts, factors and devices, against an emulator whose pool tracks devices.
local cjson = require "cjson"
local command = require "spec.support.command"
local emulator = require "spec.support.emulator"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local PASSWORD = command.PASSWORD

describe("accounts by the command", function()
  local emu, shell, term

  local function cognito(...) return shell:run(...) end

  setup(function()
    emu = emulator.start { config = { mfa = "OPTIONAL", device_tracking = "opt_in",
      clients = { { id = "cliclient", access_token_ttl = 300 } },
      users = { alice = { password = PASSWORD, attributes = { email = "alice@example.com", email_verified = "true" } },
        tom = { password = PASSWORD, totp_secret = command.TOTP, mfa = { "SOFTWARE_TOKEN_MFA" } } } } }
  end)

  teardown(function()
    emu.stop()
    tmp.cleanup()
  end)

  before_each(function()
    shell = command.new(emu)
    shell:configure("default", "cliclient")
  end)

  after_each(function()
    if term then term:stop() end
    term = nil
  end)

  it("are made, confirmed, and signed in", function()
    local typed = { stdin = PASSWORD .. "\n" }
    local code, out, err = cognito("sign-up bob -a email=bob@example.com --password-stdin", typed)
    assert.equal(0, code, err)
    assert.equal("now run: cognito confirm bob\n", out)
    assert.truthy(err:find("A code was sent to b***@e***", 1, true))
    assert.equal(5, (cognito("confirm bob --code-stdin", { stdin = "000000\n" })))
    local _, json = cognito "confirm bob --resend --json"
    assert.equal("b***@e***", cjson.decode(json).destination)
    assert.equal(0, (cognito("confirm bob --code-stdin", { stdin = emu.code() .. "\n" })))
    assert.equal(0, (shell:login("default", "bob")))
    local _, _, taken = cognito("sign-up bob --password-stdin", typed)
    assert.truthy(taken:find("run `cognito login bob`", 1, true))
  end)

  it("get new passwords, by the old one or by a code", function()
    local other = PASSWORD .. "2"
    shell:login()
    term = shell:terminal()
    term:dialogue(0, "cognito password", { { "Present password:", PASSWORD }, { "New password:", other },
      { "The same again:", other } })
    term:clear()
    term:line "cognito password --forgot -u alice; echo code=$?"
    term:see "Code:"
    term:line(emu.code())
    term:see "New password:"
    term:line(PASSWORD)
    term:see "The same again:"
    term:line(PASSWORD)
    assert.is_nil(term:see "code=0":find("CANARY", 1, true))
    assert.equal(0, (shell:login()))
  end)

  it("have factors that are switched on, off, and preferred", function()
    shell:login()
    assert.equal("no second factor is on\n", select(2, cognito "mfa"))
    assert.equal("EMAIL_OTP  (preferred)\n", select(2, cognito "mfa prefer email"))
    assert.same({ enabled = { "EMAIL_OTP" }, preferred = "EMAIL_OTP" }, cjson.decode((select(2, cognito "mfa --json"))))
    assert.equal("no second factor is on\n", select(2, cognito "mfa off email"))
    assert.equal(5, (cognito "mfa on totp"))
  end)

  local function login_tom(says)
    term = term or shell:terminal()
    local _, code = proc.run { argv = { "oathtool", "--totp", "-b", command.TOTP } }
    local answers = { { "Password:", PASSWORD }, { "Code from the authenticator app:", (code:gsub("%s", "")) } }
    if not says then answers[2] = nil end
    local screen = term:dialogue(0, "cognito login tom", answers)
    term:clear()
    assert.equal(says, screen:find("cognito devices remember", 1, true) ~= nil or nil)
  end

  it("have devices: one that is remembered asks for no second factor, and refreshes", function()
    login_tom(true)
    assert.truthy((select(2, cognito "devices")):find "^%S+  cognito on %S+  %(this one%)\n$")
    assert.equal(0, (cognito "token --refresh"))
    assert.truthy((select(2, cognito "devices remember")):find("(remembered)  (this one)", 1, true))
    assert.equal(0, (cognito "logout"))
    login_tom(nil)
    assert.equal(0, (cognito "token --refresh"))
    local _, json = cognito "devices --json"
    local key = cjson.decode(json).devices[1].key
    local code, out, err = cognito("devices forget " .. key)
    assert.equal(0, code)
    assert.equal("", out)
    assert.truthy(err:find("run `cognito login` again", 1, true))
    assert.truthy(err:find("No device is known.", 1, true))
    local over, _, why = cognito "token --refresh"
    assert.equal(4, over)
    assert.truthy(why:find("run `cognito login`", 1, true))
  end)
end)
