-- The command in a real terminal (tmux) when the person has had enough: Ctrl-C, Ctrl-D and Ctrl-Z wherever it waits.
local at_terminal = require "spec.support.at_terminal"
local command = require "spec.support.command"
local ports = require "spec.support.ports"
local socket = require "socket"
local tmp = require "spec.support.tmp"

local PASSWORD = command.PASSWORD

describe("giving up in a terminal", function()
  local emu, shell, term
  at_terminal(function(...) emu, shell, term = ... end)

  local function dialogue(code, words, answers) return term:dialogue(code, "cognito " .. words, answers) end

  it("leaves nothing behind after Ctrl-C or Ctrl-D, whatever it was asking", function()
    local codes = "Code from the authenticator app:"
    local asked = {
      { "login", { { "Username:" } } }, { "login alice", { { "Password:" } } },
      { "login tom", { { "Password:", PASSWORD }, { codes } } },
      { "login sue", { { "Password:", PASSWORD }, { "Code from the app:" } } },
      { "login flo", { { "Password:", PASSWORD }, { "Answer:" } } },
      { "sign-up bob -a email=bob@example.com", { { "New password:" } } },
      { "sign-up bob -a email=bob@example.com", { { "New password:", PASSWORD }, { "The same again:" } } },
      { "confirm una", { { "Code:" } } }, { "password --forgot", { { "Username:" } } },
      { "password --forgot -u alice", { { "Code:" } } },
      { "password --forgot -u alice", { { "Code:", "123456" }, { "New password:" } } },
      { "configure -p other", { { "User pool id" } } },
      { "configure -p other", { { "User pool id", emu.pool_id }, { "App client id:", "x" }, { "Client secret" } } },
    }
    local profiles = tmp.read(shell.home .. shell.profiles)
    for i, row in ipairs(asked) do
      row[2][#row[2]].key = i % 2 == 0 and "C-c" or "C-d"
      local screen = dialogue(130, row[1], row[2])
      assert.is_nil(screen:find("cognito: ", 1, true), screen)
      assert.is_true(term:echoes())
      term:clear()
    end
    assert.equal(4, (shell:run "token"))
    assert.equal(profiles, tmp.read(shell.home .. shell.profiles))
    local counts = emu.counts()
    assert.is_nil(counts.SignUp)
    assert.is_nil(counts.ConfirmSignUp)
    assert.is_nil(counts.ConfirmForgotPassword)
  end)

  it("leaves nothing behind at the questions of a person who is signed in", function()
    shell:login()
    for _, row in ipairs { { "password", { { "Present password:", key = "C-c" } } },
      { "password", { { "Present password:", PASSWORD }, { "New password:", key = "C-d" } } },
      { "mfa totp", { { "Code from the app:", key = "C-c" } } } } do
      dialogue(130, row[1], row[2])
      assert.is_true(term:echoes())
      term:clear()
    end
    assert.equal(0, (shell:run "token"))
    assert.is_nil(emu.counts().ChangePassword)
    assert.is_nil(emu.counts().VerifySoftwareToken)
    local _, mfa = shell:run "mfa"
    assert.equal("no second factor is on\n", mfa)
  end)

  it("ends at once by Ctrl-C while it waits for the service or for the browser, by the signal itself", function()
    local silent, asking = assert(socket.bind("127.0.0.1", 0)), nil
    local _, port = silent:getsockname()
    shell:configure("silent", "cliclient", "--set endpoint=http://127.0.0.1:" .. port)
    shell:configure("desk", "cliclient", ("--set domain=%s --set redirect_ports=%d"):format(emu.url, ports.free()))
    term:line "bash"
    local function ends_soon(words, before)
      term:line("cognito " .. words)
      before()
      local began = socket.gettime()
      term:press "C-c"
      term:line "echo code=$?"
      local screen = term:see "code=130"
      assert.is_true(socket.gettime() - began < 3)
      assert.is_nil(screen:find("cognito: ", 1, true), screen)
      term:clear()
    end
    ends_soon("login alice -p silent", function()
      term:see "Password:"
      term:line(PASSWORD)
      asking = assert(silent:settimeout(10) and silent:accept()) -- the request is on its way; a collector would end it
    end)
    ends_soon("login --browser --no-open -p desk", function()
      term:see "Open this address"
      term:see "waiting for the browser"
    end)
    asking:close()
    silent:close()
  end)

  it("comes back to its question after Ctrl-Z", function()
    term:line "bash"
    term:line "cognito login alice"
    term:see "Password:"
    term:press "C-z"
    term:see "Stopped"
    assert.is_true(term:echoes())
    term:clear()
    term:line "fg"
    term:see "Password:"
    term:line(PASSWORD)
    assert.is_nil(term:see "signed in as alice":find("CANARY", 1, true))
  end)
end)
