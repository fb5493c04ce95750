--- A headless Chromium that a spec drives by WebDriver (W3C), through chromedriver.
local cjson = require "cjson"
local http = require "socket.http"
local lfs = require "lfs"
local ltn12 = require "ltn12"
local mime = require "mime"
local socket = require "socket"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local browser = {}
local Browser = {}
Browser.__index = Browser

local ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

--- Whether Chromium and its driver are installed.
-- @treturn boolean
-- @treturn string the reason when not
function browser.available()
  for _, name in ipairs { "chromium", "chromedriver" } do
    if not lfs.attributes("/usr/bin/" .. name) then return false, name .. " is not installed" end
  end
  return true
end

local function command(self, method, path, body)
  local text, parts = body and cjson.encode(next(body) and body or { [""] = cjson.null }) or nil, {}
  local _, status = http.request { url = self.base .. path, method = method, sink = ltn12.sink.table(parts),
    source = text and ltn12.source.string(text),
    headers = text and { ["content-type"] = "application/json", ["content-length"] = tostring(#text) } or nil }
  local answer = cjson.decode(table.concat(parts))
  if status ~= 200 then return nil, tostring(answer.value.message or answer.value.error) end
  return answer.value
end

local function must(self, ...)
  local value, err = command(self, ...)
  if value == nil then error("webdriver: " .. tostring(err), 3) end
  return value
end

--- Start a browser with an empty profile.
-- @treturn Browser
function browser.start()
  local port, profile = ports.free(), tmp.dir()
  local self = setmetatable({ base = "http://127.0.0.1:" .. port }, Browser)
  self.driver = proc.start { argv = { "chromedriver", "--port=" .. port }, env = { LD_PRELOAD = "", HOME = profile } }
  assert(ports.wait(port, 60), "chromedriver did not start")
  local session = must(self, "POST", "/session", { capabilities = { alwaysMatch = {
    browserName = "chrome", ["goog:chromeOptions"] = { args = { "--headless=new", "--no-sandbox", "--disable-gpu",
      "--disable-dev-shm-usage", "--user-data-dir=" .. profile .. "/profile", "--window-size=1100,820" } } } } })
  self.base = self.base .. "/session/" .. session.sessionId
  return self
end

function Browser:go(url) must(self, "POST", "/url", { url = url }) end
function Browser:url() return must(self, "GET", "/url") end
function Browser:title() return must(self, "GET", "/title") end

local function element(self, css)
  local found = command(self, "POST", "/element", { using = "css selector", value = css })
  return found and found[ELEMENT]
end

--- Wait for an element, also on the page that a click leads to.
function Browser:find(css, seconds)
  local deadline = socket.gettime() + (seconds or 30)
  while true do
    local id = element(self, css)
    if id then return id end
    if socket.gettime() > deadline then error(("no %s at %s:\n%s"):format(css, self:url(), self:text "body"), 2) end
    socket.sleep(0.02)
  end
end

function Browser:has(css) return element(self, css) ~= nil end

function Browser:type(css, text)
  local id = self:find(css)
  must(self, "POST", "/element/" .. id .. "/clear", {})
  must(self, "POST", "/element/" .. id .. "/value", { text = text })
end

function Browser:click(css) must(self, "POST", "/element/" .. self:find(css) .. "/click", {}) end

--- Click on what leads to another page, and wait until that page has taken the place of this one: the click itself
-- does not, and a page that looks alike would be typed into. Each page has a root element of its own.
function Browser:follow(css)
  local before, deadline = self:find "html", socket.gettime() + 30
  self:click(css)
  repeat
    local now = element(self, "html")
    if now and now ~= before then return end
    socket.sleep(0.02)
  until socket.gettime() > deadline
  error(("%s led nowhere from %s"):format(css, self:url()), 2)
end

function Browser:text(css) return must(self, "GET", "/element/" .. self:find(css) .. "/text") end

--- Wait until an element shows a pattern.
function Browser:shows(css, pattern, seconds)
  local deadline, text = socket.gettime() + (seconds or 30)
  repeat
    local id = element(self, css)
    text = id and command(self, "GET", "/element/" .. id .. "/text") or ""
    if text:find(pattern) then return text end
    socket.sleep(0.02)
  until socket.gettime() > deadline
  error(("%s at %s does not show %s: %s"):format(css, self:url(), pattern, text), 2)
end

--- What a script in the page gives back.
function Browser:script(code) return must(self, "POST", "/execute/sync", { script = code, args = { 0 } }) end

--- What a script gives to its last argument, a callback; the first argument is a text.
function Browser:async(code, text)
  return must(self, "POST", "/execute/async", { script = code, args = { text } })
end

--- Give the browser a virtual authenticator (Web Authentication Level 2, section 11) whose user always agrees.
function Browser:authenticator()
  return must(self, "POST", "/webauthn/authenticator", { protocol = "ctap2", transport = "internal",
    hasResidentKey = true, hasUserVerification = true, isUserVerified = true })
end

function Browser:back() command(self, "POST", "/back", {}) end
function Browser:reload() command(self, "POST", "/refresh", {}) end
function Browser:value(css) return must(self, "GET", "/element/" .. self:find(css) .. "/property/value") end

--- The tab that commands go to; opening one does not switch to it.
function Browser:tab() return must(self, "GET", "/window") end
function Browser:new_tab() return must(self, "POST", "/window/new", { type = "tab" }).handle end
function Browser:switch(tab) command(self, "POST", "/window", { handle = tab }) end
function Browser:close_tab() command(self, "DELETE", "/window") end

--- Drop the cookies of the page's host.
function Browser:forget() command(self, "DELETE", "/cookie") end

--- All cookies, also those that scripts cannot see: name -> cookie.
function Browser:cookies()
  local out = {}
  for _, cookie in ipairs(must(self, "GET", "/cookie")) do out[cookie.name] = cookie end
  return out
end

--- Show the page as a small device in dark colours would.
function Browser:dark(width, height)
  local function devtools(name, params) must(self, "POST", "/goog/cdp/execute", { cmd = name, params = params }) end
  devtools("Emulation.setEmulatedMedia", { features = { { name = "prefers-color-scheme", value = "dark" } } })
  devtools("Emulation.setDeviceMetricsOverride", { width = width, height = height, deviceScaleFactor = 2,
    mobile = true })
end

--- A picture of the window as a PNG file.
function Browser:screenshot(path)
  local file = assert(io.open(path, "wb"))
  file:write((mime.unb64(must(self, "GET", "/screenshot"))))
  file:close()
end

function Browser:stop()
  command(self, "DELETE", "")
  self.driver:stop()
end

return browser
