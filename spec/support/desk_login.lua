--- `cognito login --browser` with a real Chromium in the person's hands, for specs and for the benchmark: the pool, the
-- profile, the browser, and how long a login takes from page to token.
local browser = require "spec.support.browser"
local emulator = require "spec.support.emulator"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local socket = require "socket"
local tmp = require "spec.support.tmp"

local M = {}
local Desk = {}
Desk.__index = Desk

M.PASSWORD, M.TOTP = "Correct-horse1", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

M.available = browser.available

--- Starts the emulator and Chromium. `emu`, `chrome` and `ports` (of the two registered callbacks) are fields.
function M.start()
  local own = { ports.free(), ports.free() }
  local emu = emulator.start { config = {
    mfa = "OPTIONAL",
    users = {
      alice = { password = M.PASSWORD },
      tom = { password = M.PASSWORD, totp_secret = M.TOTP, mfa = { "SOFTWARE_TOKEN_MFA" } },
    },
    clients = { { id = "desk", redirect_uris = { ("http://localhost:%d/"):format(own[1]),
      ("http://localhost:%d/"):format(own[2]) } } },
  } }
  return setmetatable({ ports = own, emu = emu, chrome = browser.start() }, Desk)
end

function Desk:stop()
  self.chrome:stop()
  self.emu.stop()
end

--- A fresh home with a profile; `$BROWSER` is a program that writes the address to a file.
-- @treturn string the folder
-- @treturn table the command's environment
function Desk:home()
  local home = tmp.dir()
  local opener = tmp.write(home .. "/browser", "#!/bin/sh\nprintf %s \"$1\" >" .. home .. "/url.new\n"
    .. "mv " .. home .. "/url.new " .. home .. "/url\n")
  os.execute("chmod +x " .. opener)
  local env = { HOME = home, XDG_CONFIG_HOME = home .. "/config", XDG_STATE_HOME = home .. "/state", BROWSER = opener }
  local words = { "lua5.4", "bin/cognito", "configure" }
  for name, value in pairs { user_pool_id = self.emu.pool_id, client_id = "desk", endpoint = self.emu.url,
    domain = self.emu.url, issuer = self.emu.url .. "/" .. self.emu.pool_id, scopes = "openid",
    redirect_ports = table.concat(self.ports, ",") } do
    words[#words + 1] = "--set"
    words[#words + 1] = name .. "=" .. value
  end
  local code, _, why = proc.run { argv = words, env = env }
  assert(code == 0, why)
  return home, env
end

--- Begins a login.
-- @treturn table the child
-- @treturn string the address that the browser is sent to
function Desk:begin(home, env, more) -- luacheck: ignore self
  os.remove(home .. "/url")
  local child = proc.start { argv = { "lua5.4", "bin/cognito", "login", "--browser", more }, env = env }
  local ends = socket.gettime() + 10
  local url
  repeat
    url = tmp.read(home .. "/url")
    if not url then socket.sleep(0.01) end
  until url or socket.gettime() > ends
  assert(url, child:errors())
  return child, url
end

--- Makes the browser somebody whom the page does not know.
function Desk:forget()
  self.chrome:go(self.emu.url .. "/")
  self.chrome:forget()
end

function Desk:fill(username, password)
  self.chrome:type("input[name=username]", username)
  self.chrome:type("input[name=password]", password)
end

local SUBMIT = "form[action='/login'] button[type=submit]"

function Desk:submit() self.chrome:follow(SUBMIT) end

-- The page's own clock at the moment before it acts: what WebDriver takes to say so does not count.
local ACT = "setTimeout(() => { %s }, 0); return performance.timeOrigin + performance.now();"

-- The command's first line of output, read as it comes.
local function start_reading(env)
  local words = { "exec env" }
  for name, value in pairs(env) do words[#words + 1] = tmp.quote(name .. "=" .. value) end
  words[#words + 1] = "lua5.4 bin/cognito login --browser 2>/dev/null"
  return assert(io.popen(table.concat(words, " ")))
end

local function wait_for_url(home)
  local ends = socket.gettime() + 10
  while not tmp.read(home .. "/url") do
    assert(socket.gettime() < ends, "the command opened no browser")
    socket.sleep(0.002)
  end
  return tmp.read(home .. "/url")
end

local function time(self, home, env, act)
  os.remove(home .. "/url")
  local pipe = start_reading(env)
  local started = act(wait_for_url(home))
  local line = pipe:read "*l"
  local took = socket.gettime() - started / 1000
  pipe:close()
  assert(line == "signed in as alice", line)
  self.chrome:shows("h1", "You are signed in")
  return took * 1000
end

--- From the submit of the login page until the command has its tokens and says so.
-- @treturn number milliseconds
function Desk:time_page(home, env)
  self:forget()
  return time(self, home, env, function(url)
    self.chrome:go(url)
    self:fill("alice", M.PASSWORD)
    return self.chrome:script(ACT:format(("document.querySelector(%q).click();"):format(SUBMIT)))
  end)
end

--- The same with a browser that the page knows, from opening the authorize URL. After `time_page`.
-- @treturn number milliseconds
function Desk:time_kept(home, env)
  self.chrome:go "about:blank"
  return time(self, home, env, function(url)
    return self.chrome:script(ACT:format(("location.href = %q;"):format(url)))
  end)
end

return M
