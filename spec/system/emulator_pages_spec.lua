-- The login pages in a real browser: what a person does there.

local browser = require "spec.support.browser"
local emulator = require "spec.support.emulator"
local socket = require "socket"

local TOTP = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

local function free_port()
  local s = assert(socket.bind("127.0.0.1", 0))
  local _, port = s:getsockname()
  s:close()
  return port
end

describe("the login page in a browser", function()
  if not browser.available() then
    pending("skipped: " .. select(2, browser.available()))
    return
  end

  local e, b, app, back

  setup(function()
    local port = free_port()
    back = "http://localhost:" .. port .. "/callback"
    e = emulator.start { config = { mfa = "OPTIONAL",
      users = {
        alice = { password = "Correct-horse1", attributes = { email = "alice@example.com", email_verified = true } },
        totp = { password = "Correct-horse1", mfa = { "SOFTWARE_TOKEN_MFA" }, totp_secret = TOTP },
        setup = { password = "Correct-horse1", script = { "MFA_SETUP" } },
      },
      clients = { { id = "web", redirect_uris = { back } } } } }
    app = io.popen("exec python3 -m http.server --directory " .. e.folder .. " --bind 127.0.0.1 " .. port
      .. " >/dev/null 2>&1 & echo $!"):read "*l"
    os.execute("curl -s -o /dev/null --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:" .. port)
    b = browser.start()
  end)
  teardown(function()
    b:stop()
    os.execute("kill " .. app)
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
    b:click "button"
  end

  local function arrived()
    local url = b:url()
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
    assert.equal("Incorrect username or password.", b:text "[role=alert]")
    assert.equal("alice", b:value "#username")
    b:type("#password", "Correct-horse1")
    b:click "button"
    assert.truthy(arrived())
  end)

  it("asks for a code, and takes the right one after a wrong one", function()
    start()
    sign_in "totp"
    b:type("#code", "000000")
    b:click "button"
    assert.equal("Invalid code received for user", b:text "[role=alert]")
    b:type("#code", io.popen("oathtool --totp -b " .. TOTP):read "*l")
    b:click "button"
    assert.truthy(arrived())
  end)

  it("enrols an authenticator app", function()
    start()
    sign_in "setup"
    local secret = b:text "code"
    b:type("#code", io.popen("oathtool --totp -b " .. secret):read "*l")
    b:click "button"
    assert.truthy(arrived())
  end)

  it("creates an account", function()
    start()
    b:click 'a[href^="/signup"]'
    b:type("#username", "newcomer")
    b:type("#email", "newcomer@example.com")
    b:type("#password", "Correct-horse1")
    b:click "button"
    assert.equal("We sent a code to n***@e***.", b:text "[role=status]")
    b:type("#code", e.code())
    b:click "button"
    assert.equal("Your account is confirmed. Sign in.", b:text "[role=status]")
    sign_in "newcomer"
    assert.truthy(arrived())
  end)

  it("helps who forgot the password", function()
    start()
    b:click 'a[href^="/forgotPassword"]'
    b:type("#username", "alice")
    b:click "button"
    b:type("#code", e.code())
    b:type("#password", "Better-horse2")
    b:click "button"
    assert.equal("Your password is changed. Sign in.", b:text "[role=status]")
    sign_in("alice", "Better-horse2")
    assert.truthy(arrived())
    e.user("alice", { password = "Correct-horse1" })
  end)

  it("can be cancelled", function()
    start()
    b:click 'input[name="cancel"] + button'
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
    local second = b:tab()
    b:switch(first)
    sign_in "alice"
    local one = arrived()
    b:switch(second)
    b:type("#code", io.popen("oathtool --totp -b " .. TOTP):read "*l")
    b:click "button"
    assert.is_not.equal(one, (arrived()))
    b:close_tab()
    b:switch(first)
  end)

  it("bears the back button and reloading", function()
    start()
    sign_in "totp"
    assert.equal("One more step", b:text "h1")
    b:reload()
    assert.equal("One more step", b:text "h1")
    b:type("#code", io.popen("oathtool --totp -b " .. TOTP):read "*l")
    b:click "button"
    assert.truthy(arrived())
    b:back()
    assert.equal("You are signed in", b:text "h1")
  end)

  it("runs no script and loads nothing from elsewhere", function()
    start("&login_hint=" .. "%3Cscript%3Edocument.title%3D%27owned%27%3C%2Fscript%3E")
    assert.equal("Sign in", b:title())
    assert.equal("<script>document.title='owned'</script>", b:value "#username")
  end)
end)
