-- The login pages in a real browser: what a person does there.

local browser = require "spec.support.browser"
local emulator = require "spec.support.emulator"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local socket = require "socket"

local TOTP = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

describe("the login page in a browser", function()
  if not browser.available() then
    pending("skipped: " .. select(2, browser.available()))
    return
  end

  local e, b, app, back

  setup(function()
    local port = ports.free()
    back = "http://localhost:" .. port .. "/callback"
    e = emulator.start { config = { mfa = "OPTIONAL",
      users = {
        alice = { password = "Correct-horse1", attributes = { email = "alice@example.com", email_verified = true } },
        totp = { password = "Correct-horse1", mfa = { "SOFTWARE_TOKEN_MFA" }, totp_secret = TOTP },
        setup = { password = "Correct-horse1", script = { "MFA_SETUP" } },
      },
      clients = { { id = "web", redirect_uris = { back } } } } }
    app = proc.start { argv = { "python3", "-m", "http.server", "--directory", e.folder, "--bind", "127.0.0.1",
      tostring(port) } }
    assert(ports.wait(port, 20))
    b = browser.start()
  end)
  teardown(function()
    b:stop()
    app:stop()
    e.stop()
  end)
  before_each(function()
    e.reset()
    b:go(e.url .. "/")
    b:forget()
  end)

  local function start(extra)
    b:go(e.url .. "/oauth2/authorize?response_type=code&client_id=web&state=s&redirect_uri="
      .. back:gsub("[:/]", { [":"] = "%3A", ["/"] = "%2F" }) .. (extra or ""))
  end

  local function sign_in(username, password)
    b:type("#username", username)
    b:type("#password", password or "Correct-horse1")
    b:follow "button"
  end

  -- The page may be one that sends the browser on.
  local function arrived()
    local deadline, url = socket.gettime() + 20
    repeat url = b:url() until url:match "^[^?]*" == back or socket.gettime() > deadline
    assert.equal(back, url:match "^[^?]*")
    return url:match "[?&]code=([%x-]+)", url
  end

  it("signs in, and remembers it", function()
    start()
    sign_in "alice"
    assert.truthy(arrived())
    b:go(e.url .. "/")
    start()
    assert.truthy(arrived())
  end)

  it("says that a password was wrong, keeps the name, and goes on", function()
    start()
    sign_in("alice", "wrong")
    b:shows("[role=alert]", "^Incorrect username or password%.$")
    assert.equal("alice", b:value "#username")
    b:type("#password", "Correct-horse1")
    b:follow "button"
    assert.truthy(arrived())
  end)

  it("asks for a code, and takes the right one after a wrong one", function()
    start()
    sign_in "totp"
    b:type("#code", "000000")
    b:follow "button"
    b:shows("[role=alert]", "^Invalid code received for user$")
    b:type("#code", io.popen("oathtool --totp -b " .. TOTP):read "*l")
    b:follow "button"
    assert.truthy(arrived())
  end)

  it("enrols an authenticator app", function()
    start()
    sign_in "setup"
    local secret = b:text "code"
    b:type("#code", io.popen("oathtool --totp -b " .. secret):read "*l")
    b:follow "button"
    assert.truthy(arrived())
  end)

  it("creates an account", function()
    start()
    b:follow 'a[href^="/signup"]'
    b:type("#username", "newcomer")
    b:type("#email", "newcomer@example.com")
    b:type("#password", "Correct-horse1")
    b:follow "button"
    b:shows("[role=status]", "^We sent a code to n%*%*%*@e%*%*%*%.$")
    b:type("#code", e.code())
    b:follow "button"
    b:shows("[role=status]", "^Your account is confirmed%. Sign in%.$")
    sign_in "newcomer"
    assert.truthy(arrived())
  end)

  it("helps who forgot the password", function()
    start()
    b:follow 'a[href^="/forgotPassword"]'
    b:type("#username", "alice")
    b:follow "button"
    b:type("#code", e.code())
    b:type("#password", "Better-horse2")
    b:follow "button"
    b:shows("[role=status]", "^Your password is changed%. Sign in%.$")
    sign_in("alice", "Better-horse2")
    assert.truthy(arrived())
    e.user("alice", { password = "Correct-horse1" })
  end)

  it("can be cancelled", function()
    start()
    b:follow 'input[name="cancel"] + button'
    local code, url = arrived()
    assert.is_nil(code)
    assert.truthy(url:find("error=access_denied", 1, true))
  end)

  it("keeps two tabs apart", function()
    start()
    local first = b:tab()
    b:switch(b:new_tab())
    start "&login_hint=totp"
    assert.equal("totp", b:value "#username")
    sign_in "totp"
    b:shows("h1", "^One more step$")
    local second = b:tab()
    b:switch(first)
    sign_in "alice"
    local one = arrived()
    b:switch(second)
    b:type("#code", io.popen("oathtool --totp -b " .. TOTP):read "*l")
    b:follow "button"
    assert.is_not.equal(one, (arrived()))
    b:close_tab()
    b:switch(first)
  end)

  it("bears the back button and reloading", function()
    start()
    sign_in "totp"
    b:shows("h1", "^One more step$")
    b:reload()
    b:shows("h1", "^One more step$")
    b:type("#code", io.popen("oathtool --totp -b " .. TOTP):read "*l")
    b:follow "button"
    assert.truthy(arrived())
    b:back()
    b:shows("h1", "^You are signed in$")
  end)

  it("runs no script and loads nothing from elsewhere", function()
    start("&login_hint=" .. "%3Cscript%3Edocument.title%3D%27owned%27%3C%2Fscript%3E")
    assert.equal("Sign in", b:title())
    assert.equal("<script>document.title='owned'</script>", b:value "#username")
  end)
end)
