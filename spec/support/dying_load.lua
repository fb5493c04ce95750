--- Refreshes, challenge answers and code exchanges over connections that all die at random moments, and the comparison
-- of what we sent with what the service saw: nothing that mints tokens may arrive that our retry rule did not send.
local cognito = require "cognito"
local emulator = require "spec.support.emulator"
local proc = require "spec.support.proc"
local visitor = require "spec.support.page_visitor"

local M = {}

local PASSWORD, BACK = "Correct-horse1", "https://app.example.com/callback"
local CALLS_OF_A_POOL = 8 -- a retry costs 14 tokens of a client's 500; a new client has all of them
local BATCH = 200         -- calls between two looks at the service's log, which keeps the last few thousand requests

local function config(tasks)
  local users = { alice = { password = PASSWORD } }
  for i = 1, tasks do
    users["alice" .. i] = { password = PASSWORD }
    users["sms" .. i] = { password = PASSWORD, mfa = { "SMS_MFA" }, attributes = { phone_number = "+1555000" .. i } }
  end
  return { users = users, mfa = "OPTIONAL", limits = false, lockout = false,
    clients = { { id = "dying", redirect_uris = { BACK }, rotation = { grace = 60 } } } }
end

-- What tells one attempt from all others: the invocation and the attempt's number; the code where it is exchanged.
local function key_of(header, body)
  local code = body and body:match "^grant_type=authorization_code.*&code=([^&]+)"
  if code then return "code " .. code end
  local id, request = header "amz-sdk-invocation-id", header "amz-sdk-request"
  return id and request and id .. "/" .. request:match "attempt=(%d+)"
end

local function reader_of(headers)
  return function(name)
    for _, header in ipairs(headers) do
      local found, value = header:match "^([^:]+): *(.*)$"
      if found:lower() == name then return value end
    end
  end
end

-- The host under test. Notes each attempt that the library sends (`sent`), and those of which a byte of the body may
-- have left, by the host's own word (`possible`).
local function watched(host, self)
  return setmetatable({ send = function(request)
    local key = key_of(reader_of(request.headers), request.body)
    local response, err = host.send(request)
    if key then
      self.sent[key] = (self.sent[key] or 0) + 1
      if response or err.maybe_processed then self.possible[key] = (self.possible[key] or 0) + 1 end
    end
    return response, err
  end }, { __index = host })
end

local Load = {}
Load.__index = Load

local function note(self, what, err)
  local name = what .. " " .. (err and err.kind or "ok")
  self.results[name] = (self.results[name] or 0) + 1
end

local function new_pool(self, storage)
  return assert(cognito.pool { user_pool_id = self.emu.pool_id, client_id = "dying", endpoint = self.url,
    domain = self.url, issuer = self.emu.issuer, host = self.host, storage = storage, timeout = 5, deadline = 20 })
end

function Load:refresh(pool, task)
  local session = assert(pool:session("alice" .. task))
  local ok, err = session:refresh()
  note(self, "refresh", not ok and err)
  assert(ok or err.kind ~= "sign_in_required", "a session was lost: " .. tostring(err))
end

function Load:answer(pool, task)
  local step, err = pool:sign_in { username = "sms" .. task, password = PASSWORD, flow = "USER_PASSWORD_AUTH" }
  if not step then return note(self, "sign-in", err) end
  local code
  for _, sms in ipairs(self.emu.codes()) do
    if sms.username == "sms" .. task then code = sms.code end
  end
  step, err = step:answer(code)
  note(self, "challenge answer", not step and err)
end

function Load:exchange(pool)
  local login = assert(pool:hosted_login { redirect_uri = BACK, scopes = { "openid" } })
  local url, pending = login:authorize_url()
  local callback = assert(visitor.sign_in(url:gsub("^http://[^/]+", self.emu.url), "alice", PASSWORD))
  local session, err = login:finish(callback, pending)
  note(self, "code exchange", not session and err)
end

-- One of several tasks, each with a user of its own.
local function run_task(self, task, calls)
  local storage = self.storages[task]
  local pool = new_pool(self, storage)
  for n = 1, calls do
    if n % CALLS_OF_A_POOL == 0 then pool = new_pool(self, storage) end
    local dice = math.random(10)
    local act = dice <= 7 and self.refresh or dice <= 9 and self.answer or self.exchange
    act(self, pool, task)
  end
end

local MINTING = { GetTokensFromRefreshToken = true, RespondToAuthChallenge = true, InitiateAuth = true }
local TOKEN_PATH = "/oauth2/token"

local function once(self, what, entry)
  assert(not self.seen[what], what .. " arrived twice: " .. entry.path)
  self.seen[what] = true
end

-- A whole request is one that the host owns up to; of a code or a Session there is one in all.
local function check_whole(self, key, entry)
  self.whole = self.whole + 1
  assert(self.possible[key] == 1, ("%s: %s attempts may have left"):format(key, tostring(self.possible[key])))
  if entry.operation == "RespondToAuthChallenge" then
    once(self, assert(entry.body:match '"Session":"([^"]+)"'), entry)
  end
end

-- Looks at what arrived since the last look: each attempt is one of ours and arrived at most once.
local function compare(self)
  for _, entry in ipairs(self.emu.requests()) do
    if MINTING[entry.operation] or entry.path == TOKEN_PATH and entry.complete then
      local key = key_of(function(name) return entry.headers[name] end, entry.body)
      self.arrived = self.arrived + 1
      assert(self.sent[key], key .. " arrived, which was never sent")
      once(self, key, entry)
      if entry.complete then check_whole(self, key, entry) end
    end
  end
  self.emu.reset()
end

local HOSTS = {}

function HOSTS.blocking(self, calls)
  self.host = watched(require("cognito.host.blocking").new(), self)
  return function() run_task(self, 1, calls) end
end

function HOSTS.loop(self, calls)
  local loop = require("cognito.host.loop").new {}
  self.host = watched(loop, self)
  return function()
    for task = 1, self.tasks do loop:spawn(function() run_task(self, task, math.ceil(calls / self.tasks)) end) end
    loop:run()
  end
end

local function start(tasks)
  local emu = emulator.start { config = config(tasks) }
  local proxy = proc.start { argv = { "lua5.4", "spec/support/dying_proxy.lua", emu.url:match ":(%d+)$" } }
  local port = assert(proxy:wait_line("listening on (%d+)", 30))
  local self = setmetatable({ emu = emu, proxy = proxy, url = "http://127.0.0.1:" .. port, tasks = tasks, sent = {},
    possible = {}, seen = {}, results = {}, storages = {}, arrived = 0, whole = 0 }, Load)
  for task = 1, tasks do
    self.storages[task] = cognito.storage.memory()
    local pool = assert(cognito.pool { user_pool_id = emu.pool_id, client_id = "dying", endpoint = emu.url,
      storage = self.storages[task] })
    assert(pool:sign_in { username = "alice" .. task, password = PASSWORD, flow = "USER_PASSWORD_AUTH" })
  end
  emu.reset()
  return self
end

local function stop(self)
  self.proxy:signal "TERM"
  local opened, died = self.proxy:wait_line("(%d+) connections, (%d+) died", 10)
  self.proxy:stop()
  self.emu.stop()
  return tonumber(opened), tonumber(died)
end

local function opened_so_far(self)
  return tonumber(self.proxy:output():match ".*\n(%d+) so far") or 0
end

local function count_sent(self)
  local sent, again = 0, 0
  for key, times in pairs(self.sent) do
    sent = sent + times
    again = again + (key:find "/1$" and 0 or key:find "^code" and times - 1 or times)
  end
  return sent, again
end

local function describe(results)
  local list = {}
  for name, count in pairs(results) do list[#list + 1] = ("%s %d"):format(name, count) end
  table.sort(list)
  return table.concat(list, ", ")
end

--- Runs the load until so many connections have been opened; raises when something is not as it must be.
-- @tparam string host "blocking" or "loop"
-- @tparam number connections
-- @treturn table `opened`, `died`, `arrived`, `text` (a line of figures)
function M.run(host, connections)
  local self = start(host == "loop" and 8 or 1)
  local began = os.time()
  local ok, problem = xpcall(function()
    local batch = HOSTS[host](self, BATCH)
    repeat
      batch()
      compare(self)
    until opened_so_far(self) >= connections
  end, debug.traceback)
  local opened, died = stop(self)
  if not ok then error(problem, 0) end
  local sent, again = count_sent(self)
  local text = ("%s host: %d connections, %d died; %d requests sent, %d of them again; %d arrived that mint tokens, "
    .. "%d whole, each attempt once (%s), %d s"):format(host, opened, died, sent, again, self.arrived, self.whole,
    describe(self.results), os.time() - began)
  return { opened = opened, died = died, sent = sent, again = again, arrived = self.arrived, text = text }
end

return M
