-- The example application in a real browser: headless Chromium through the whole of it. Pictures are left in
-- build/screens for a person to look at.
local cjson = require "cjson"
local browser = require "spec.support.browser"
local nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local SCREENS = "build/screens"

describe("examples/openresty in a browser", function()
  for _, part in ipairs { nginx, browser } do
    local available, why = part.available()
    if not available then
      pending(why)
      return
    end
  end

  local demo, b, base

  setup(function()
    local port = ports.free()
    demo = proc.start { argv = { "tools/demo-nginx", tostring(port) }, env = { LD_PRELOAD = "" } }
    assert(demo:wait_line("open (http%S+)", 60))
    base = "http://localhost:" .. port
    os.execute("mkdir -p " .. SCREENS)
    b = browser.start()
  end)

  teardown(function()
    if b then b:stop() end
    if demo then demo:stop() end
    tmp.cleanup()
  end)

  local function picture(name) b:screenshot(("%s/%s.png"):format(SCREENS, name)) end

  local function sign_in(username, password)
    b:go(base .. "/login?return=/account")
    b:type("#username", username)
    b:type("#password", password)
    b:follow "button.big"
  end

  local function sign_out()
    b:follow "nav form button"
    b:find "nav a.button"
  end

  -- The newest code in the mailbox.
  local function code()
    local _, page = proc.run { argv = { "curl", "-s", base .. "/mailbox" } }
    return assert(page:match "<td><code>(%d+)</code>", page)
  end

  it("leads from a protected page to the form and back", function()
    b:go(base .. "/")
    picture "home"
    b:go(base .. "/account")
    b:find "#password"
    picture "sign-in"
    assert.truthy(b:url():find("/login?return=%2Faccount", 1, true))
    b:type("#username", "alice")
    b:type("#password", "not-the-password")
    b:follow "button.big"
    b:shows(".note.bad", "user name or the password")
    picture "wrong-password"
    b:type("#password", "Correct-Horse-7")
    b:follow "button.big"
    b:shows("h1", "Your account")
    assert.equal(base .. "/account", b:url())
    assert.truthy(b:text("main"):find("alice@example.com", 1, true))
    picture "account"
  end)

  it("keeps the cookie from scripts and plain connections", function()
    local cookie = b:cookies()["__Host-session"]
    assert.is_true(cookie.httpOnly)
    assert.is_true(cookie.secure)
    assert.equal("Lax", cookie.sameSite)
    assert.equal("/", cookie.path)
    assert.equal(43, #cookie.value)
    assert.equal("", b:script "return document.cookie")
    assert.is_false(b:script "return document.documentElement.outerHTML.includes('eyJ')")
  end)

  it("answers the page's script, and shows what the upstream sees", function()
    b:click "[data-fetch='/api/me']"
    b:shows("#answer", '"username": "alice"')
    b:click "[data-fetch='/upstream']"
    local text = b:shows("#answer", '"user": "alice"')
    assert.truthy(text:find('"token": "present"', 1, true))
    assert.truthy(text:find('"groups": "staff"', 1, true))
    assert.is_nil(text:find("__Host", 1, true))
    picture "api"
  end)

  it("lets a member of the group in", function()
    b:go(base .. "/staff")
    b:shows("h1", "Staff only")
    picture "staff"
  end)

  it("signs out, and the old cookie opens nothing", function()
    b:go(base .. "/account")
    local old = b:cookies()["__Host-session"].value
    sign_out()
    b:go(base .. "/account")
    b:find "#password"
    local _, out = proc.run { argv = { "curl", "-s", "-H", "Cookie: __Host-session=" .. old, base .. "/api/me" } }
    assert.equal("sign_in_required", cjson.decode(out).error)
  end)

  it("asks for the code of an authenticator, again after a wrong one", function()
    sign_in("bob", "Correct-Horse-7")
    b:find "#code"
    picture "code"
    b:type("#code", "000000")
    b:follow "button.big"
    b:shows(".note.bad", "code is not right")
    picture "wrong-code"
    local _, totp = proc.run { argv = { "oathtool", "-b", "--totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" } }
    b:type("#code", (totp:gsub("%s", "")))
    b:follow "button.big"
    b:shows("h1", "Your account")
    b:go(base .. "/staff")
    b:shows("h1", "Not for you")
    picture "forbidden"
    b:go(base .. "/account")
    sign_out()
  end)

  it("lets a new user choose a password", function()
    sign_in("carol", "Start-Here-1")
    b:find "#new_password"
    picture "new-password"
    b:type("#new_password", "Carols-Own-9")
    b:follow "button.big"
    b:shows("h1", "Your account")
    sign_out()
  end)

  it("helps who forgot the password", function()
    b:go(base .. "/login")
    b:follow ".foot a"
    b:type("#username", "alice")
    picture "forgot"
    b:follow "button.big"
    b:find "#code"
    picture "reset"
    b:type("#code", "000000")
    b:type("#new_password", "Alices-New-8")
    b:follow "button.big"
    b:shows(".note.bad", "code is not right")
    b:type("#code", code())
    b:type("#new_password", "Alices-New-8")
    b:follow "button.big"
    b:shows(".note.good", "has been changed")
    picture "changed"
    b:type("#password", "Alices-New-8")
    b:follow "button.big"
    b:shows("h1", "Your account")
    sign_out()
    b:go(base .. "/mailbox")
    picture "mailbox"
  end)

  it("registers a passkey, and signs in with it and without a password", function()
    b:authenticator()
    sign_in("alice", "Alices-New-8")
    b:shows("h1", "Your account")
    b:follow "[data-passkey=add]"
    b:find "[data-passkey=remove]"
    picture "passkeys"
    sign_out()
    b:go(base .. "/login?return=/account")
    b:type("#username", "alice")
    b:click "button[value=passkey]"
    b:shows("h1", "Your passkey")
    picture "passkey"
    b:click "button.big"
    b:shows("h1", "Your account")
    b:follow "[data-passkey=remove]"
    assert.is_false(b:has "[data-passkey=remove]")
    sign_out()
  end)

  it("offers other ways to who has no passkey", function()
    b:go(base .. "/login?return=/account")
    b:type("#username", "alice")
    b:click "button[value=passkey]"
    b:shows("h1", "How to continue")
    b:click "[value=PASSWORD_SRP]"
    picture "choice"
    b:type("#password", "Alices-New-8")
    b:click "button.big"
    b:shows("h1", "Your account")
    sign_out()
  end)

  it("shows the pages on a small screen in the dark", function()
    b:go(base .. "/login")
    b:dark(390, 800)
    picture "small-dark"
  end)
end)
