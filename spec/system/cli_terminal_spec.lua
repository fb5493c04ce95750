-- The command in a real terminal (tmux): prompts, echo, choices, colours, the QR code. Giving up is in
-- cli_interrupt_spec.lua.
local at_terminal = require "spec.support.at_terminal"
local command = require "spec.support.command"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local PASSWORD = command.PASSWORD

describe("the command in a terminal", function()
  local emu, shell, term
  at_terminal(function(...) emu, shell, term = ... end)

  local function dialogue(code, words, answers) return term:dialogue(code, "cognito " .. words, answers) end

  local function oathtool(secret)
    local _, code = proc.run { argv = { "oathtool", "--totp", "-b", secret } }
    return (code:gsub("%s", ""))
  end

  local function hides(screen) assert.is_nil(screen:find("CANARY", 1, true), screen) end

  it("asks for the password without echo", function()
    local screen = dialogue(0, "login", { { "Username:", "alice" }, { "Password:", PASSWORD } })
    assert.truthy(screen:find("signed in as alice", 1, true))
    hides(screen)
  end)

  it("asks again for a wrong and for an empty code, and walks through a second factor", function()
    dialogue(0, "login tom", { { "Password:", PASSWORD }, { "Code from the authenticator app:", "000000" },
      { "CodeMismatchException", " " }, { "the code is empty", oathtool(command.TOTP) } })
  end)

  it("asks for a new password, twice", function()
    hides(dialogue(0, "login nina", { { "Password:", PASSWORD }, { "New password:", "CANARY-new1-Word" },
      { "The same again:", "CANARY-other1-Word" }, { "These two differ.", "CANARY-new1-Word" },
      { "The same again:", "CANARY-new1-Word", times = 2 } }))
  end)

  it("lets the person choose how to sign in, before it asks for a password", function()
    dialogue(0, "login alice --flow USER_AUTH", { { "1  the password, which is not sent (PASSWORD_SRP)", "9" },
      { "Please type a number from 1 to 3.", "1" }, { "Password:", PASSWORD } })
    dialogue(130, "login alice --flow USER_AUTH", { { "3  a code by e-mail (EMAIL_OTP)", "3" },
      { "Code from the e-mail sent to a***@e***", key = "C-c" } })
  end)

  it("shows what it does not know, and sends the answer raw", function()
    dialogue(0, "login flo", { { "Password:", PASSWORD }, { "HINT: the answer is raw", "raw" } })
  end)

  it("enrols an authenticator app by a QR code, in colours where they are wanted", function()
    local function enrol(words, first)
      term:line("cognito " .. words)
      for _, pair in ipairs(first) do
        term:see(pair[1])
        term:line(pair[2])
      end
      local screen = term:see "Code from the app:"
      assert.truthy(screen:find("\226\150\128", 1, true)) -- an upper half block
      assert.is_nil(screen:find("otpauth:", 1, true))
      term:line(oathtool(screen:match "key into it: ([%u%d]+)"))
      return screen
    end
    enrol("login sue", { { "Password:", PASSWORD } })
    term:see "signed in as sue"
    term:clear()
    enrol("mfa totp", {})
    term:see "SOFTWARE_TOKEN_MFA  (preferred)"
    term:clear()
    term:line "cognito mfa totp"
    term:see "Code from the app:"
    assert.truthy(term:screen "-e":find "\27%[[%d;]*4%dm")
    term:press "C-c"
    term:clear()
    term:line "NO_COLOR=1 cognito mfa totp"
    term:see "Code from the app:"
    assert.is_nil(term:screen "-e":find "\27%[[%d;]*4%dm")
    term:press "C-c"
  end)

  it("shows the address instead where there is no qrencode", function()
    local bin = tmp.dir()
    for _, name in ipairs { "lua5.4", "cat", "sh" } do
      os.execute(("ln -s $(command -v %s) %s/%s"):format(name, bin, name))
    end
    term:line("PATH=" .. bin .. " lua5.4 " .. os.getenv "PWD" .. "/bin/cognito login sue")
    term:see "Password:"
    term:line(PASSWORD)
    local screen = term:see "Code from the app:"
    assert.truthy(screen:find("otpauth://totp/", 1, true))
    term:press "C-c"
  end)

  it("makes a profile by questions, and asks again for what cannot be right", function()
    dialogue(0, "configure -p new", { { "User pool id", "nonsense" }, { "it looks like", "" },
      { "user_pool_id is needed", emu.pool_id }, { "App client id:", "cliclient" },
      { "Client secret", "CANARYsecret1" },
      { "Domain or prefix", "http://login.example.com" }, { "use https", "my-prefix" },
      { "Ports of the", "80,x" }, { 'not "x"', "8080,8081" }, { "Scopes", "" } })
    hides(term:screen())
    term:clear()
    dialogue(0, "configure -p new --all", { { ("[%s]:"):format(emu.pool_id), "" }, { "[cliclient]:", "" },
      { "Client secret, for confidential clients only [kept]:", "" }, { "[my-prefix]:", "" }, { "[8080,8081]:", "" },
      { "(default openid):", "" }, { "Sign-in flow", "" }, { "Region", "" }, { "Endpoint", emu.url }, { "Issuer", "" },
      { "Proxy", "" }, { "CA file", "" }, { "Folder of the sessions", "" } })
    local text = tmp.read(shell.home .. shell.profiles)
    assert.truthy(text:find("CANARYsecret1", 1, true))
  end)

  it("draws no spinner and no colour where nobody looks", function()
    shell:configure("desk", "cliclient", ("--set domain=%s --set redirect_ports=%d"):format(emu.url, ports.free()))
    local code, out, err = shell:run "login --browser --no-open --timeout 1 -p desk"
    assert.equal(6, code)
    assert.equal("", out)
    assert.is_nil(err:find("waiting", 1, true))
    assert.is_nil((err .. select(2, shell:run "doctor")):find "[\r\27]")
    term:line "cognito doctor"
    term:see "ok    client"
    assert.truthy(term:screen "-e":find "\27%[32mok")
    term:clear()
    term:line "NO_COLOR=1 cognito doctor"
    term:see "ok    client"
    assert.is_nil(term:screen "-e":find "\27%[32mok")
  end)
end)
