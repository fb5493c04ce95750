-- `cognito login --browser` and the emulator's login page, with a real Chromium in the person's hands.
local browser = require "spec.support.browser"
local emulator = require "spec.support.emulator"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local socket = require "socket"
local tmp = require "spec.support.tmp"

local PASSWORD, TOTP = "Correct-horse1", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

describe("login by a real browser", function()
  local available, why = browser.available()
  if not available then
    pending("needs Chromium: " .. why)
    return
  end

  local emu, chrome, port, home, env

  setup(function()
    port = ports.free()
    emu = emulator.start { config = {
      mfa = "OPTIONAL",
      users = {
        alice = { password = PASSWORD },
        tom = { password = PASSWORD, totp_secret = TOTP, mfa = { "SOFTWARE_TOKEN_MFA" } },
      },
      clients = { { id = "desk", redirect_uris = { ("http://localhost:%d/"):format(port) } } },
    } }
    chrome = browser.start()
  end)

  teardown(function()
    if chrome then chrome:stop() end
    if emu then emu.stop() end
    tmp.cleanup()
  end)

  before_each(function()
    home = tmp.dir()
    local opener = tmp.write(home .. "/browser", "#!/bin/sh\nprintf %s \"$1\" >" .. home .. "/url.new\n"
      .. "mv " .. home .. "/url.new " .. home .. "/url\n")
    os.execute("chmod +x " .. opener)
    env = { HOME = home, XDG_CONFIG_HOME = home .. "/config", XDG_STATE_HOME = home .. "/state", BROWSER = opener }
    local words = { "lua5.4", "bin/cognito", "configure" }
    for name, value in pairs { user_pool_id = emu.pool_id, client_id = "desk", endpoint = emu.url, domain = emu.url,
      issuer = emu.url .. "/" .. emu.pool_id, redirect_ports = port, scopes = "openid" } do
      words[#words + 1] = "--set"
      words[#words + 1] = name .. "=" .. value
    end
    assert.equal(0, (proc.run { argv = words, env = env }))
  end)

  local function begin(more)
    os.remove(home .. "/url")
    local child = proc.start { argv = { "lua5.4", "bin/cognito", "login", "--browser", more }, env = env }
    local ends, url = socket.gettime() + 10
    repeat
      url = tmp.read(home .. "/url")
      if not url then socket.sleep(0.01) end
    until url or socket.gettime() > ends
    assert.truthy(url, child:errors())
    return child, url
  end

  -- The page remembers who signed in, by a cookie: each example starts as somebody else.
  local function forget()
    chrome:go(emu.url .. "/")
    proc.run { argv = { "curl", "-s", "-X", "DELETE", chrome.base .. "/cookie" } }
  end

  local function fill(username, password)
    chrome:type("input[name=username]", username)
    chrome:type("input[name=password]", password)
    chrome:follow "form[action='/login'] button[type=submit]"
  end

  it("signs in, after a wrong password too, and shows the person a page that says so", function()
    forget()
    local child, url = begin()
    chrome:go(url)
    fill("alice", "Wrong-password1")
    chrome:shows("body", "Incorrect username or password")
    fill("alice", PASSWORD)
    chrome:shows("h1", "You are signed in")
    chrome:screenshot "build/test/login-done.png"
    assert.equal(0, child:wait(10), child:errors())
    assert.equal("signed in as alice\n", child:output())
    child:stop()
    local code, token = proc.run { argv = { "lua5.4", "bin/cognito", "token" }, env = env }
    assert.equal(0, code)
    assert.truthy(token:find "^ey")
  end)

  it("walks through a second factor on the page", function()
    forget()
    local child, url = begin()
    chrome:go(url)
    chrome:screenshot "build/test/login-page.png"
    fill("tom", PASSWORD)
    chrome:find "input[name=code]"
    local _, code = proc.run { argv = { "oathtool", "--totp", "-b", TOTP } }
    chrome:type("input[name=code]", (code:gsub("%s", "")))
    chrome:follow "button[type=submit]"
    chrome:shows("h1", "You are signed in")
    assert.equal(0, child:wait(10), child:errors())
    child:stop()
  end)

  it("ends when the person cancels", function()
    forget()
    local child, url = begin()
    chrome:go(url)
    chrome:follow "input[name=cancel] + button"
    chrome:shows("h1", "That did not work")
    assert.equal(5, child:wait(10))
    assert.truthy(child:errors():find("access_denied", 1, true))
    child:stop()
  end)

  it("survives the back button: the used page leads nowhere, a new login works", function()
    forget()
    local child, url = begin()
    chrome:go(url)
    fill("alice", PASSWORD)
    chrome:shows("h1", "You are signed in")
    assert.equal(0, child:wait(10))
    child:stop()
    chrome:script "history.back()"
    local again, url2 = begin()
    chrome:go(url2)
    if chrome:has "input[name=password]" then fill("alice", PASSWORD) end
    chrome:shows("h1", "You are signed in")
    assert.equal(0, again:wait(10), again:errors())
    again:stop()
  end)

  it("is fast: from the page's submit to the tokens on loopback, the person aside", function()
    forget()
    local child, url = begin()
    chrome:go(url)
    chrome:type("input[name=username]", "alice")
    chrome:type("input[name=password]", PASSWORD)
    local started = socket.gettime()
    chrome:follow "form[action='/login'] button[type=submit]"
    assert.equal(0, child:wait(30))
    local took = socket.gettime() - started
    child:stop()
    -- The figure is a report; the bound is a fuse that only a hang would blow.
    print(("page to token: %.0f ms"):format(took * 1000))
    assert.is_true(took < 20)
  end)
end)
