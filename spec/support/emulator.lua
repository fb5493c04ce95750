--- Starts the emulator as a child process, for specs and tools. Runs on Lua 5.1, LuaJIT and 5.4; the emulator itself
-- always runs under lua5.4.
--
--     local emulator = require "spec.support.emulator"
--     local e = emulator.start { config = { users = { alice = { password = "Correct-horse1" } } } }
--     e.url, e.pool_id, e.client_id, e.ca_file (with tls = true)
--     e.requests("InitiateAuth")   log of requests, oldest first; without a name: all
--     e.counts()                   operation -> { requests =, ok =, <error code> = }
--     e.codes()                    the codes that were sent, oldest first; e.code() is the newest one's text
--     e.operations()               each operation with the errors it can answer
--     e.faults { { fault = "reset!", operation = "InitiateAuth", times = 1 } }
--     e.blackhole()                a port on which connecting never ends
--     e.clock { advance = 3600 }   e.user("alice", { enabled = false })   e.revoke "alice"   e.reset()
--     e.call("GetUser", { AccessToken = t })   -> status, body table, raw headers
--     e.stop()
--
-- `config` is a table (no functions in it), Lua source that begins with "return", or the path of a file.
-- @module spec.support.emulator

local cjson = require "cjson.safe"
local socket = require "socket"
local tmp = require "spec.support.tmp"

local M = {}

local function run(command)
  local pipe = assert(io.popen(command, "r"))
  local out = pipe:read "*a"
  pipe:close()
  return out
end

local function serialize(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  local out = {}
  for key, item in pairs(value) do out[#out + 1] = "[" .. serialize(key) .. "]=" .. serialize(item) end
  return "{" .. table.concat(out, ",") .. "}"
end

local function config_file(config, folder)
  if type(config) == "string" and not config:find "^%s*return" then return config end
  local path = folder .. "/config.lua"
  tmp.write(path, type(config) == "table" and "return " .. serialize(config) or config or "return {}")
  return path
end

-- The signing key is kept under build/, so that only the first start of a run has to make one.
local function command(opts, folder)
  os.execute "mkdir -p build/test"
  return table.concat({ "exec env -u LD_PRELOAD lua5.4 bin/cognito emulator --exit-with-stdin --port", opts.port or 0,
    "--config", tmp.quote(config_file(opts.config, folder)), "--key-file build/test/emulator-key.pem",
    opts.tls and "--tls --ca-file " .. tmp.quote(folder .. "/ca.pem") or "", opts.arguments or "",
    ">", tmp.quote(folder .. "/out"), "2>", tmp.quote(folder .. "/log") }, " ")
end

local function read_log(folder)
  local file = io.open(folder .. "/log")
  local text = file and file:read "*a" or ""
  if file then file:close() end
  return text
end

-- Opening the fifo waits for the child, reading its first line waits until it listens: nothing sleeps here.
local function launch(opts, folder)
  assert(os.execute("mkfifo " .. tmp.quote(folder .. "/out")))
  local stdin = assert(io.popen(command(opts, folder), "w"))
  local out = assert(io.open(folder .. "/out"))
  local url = (out:read "*l" or ""):match "^listening on (.+)$"
  out:close()
  if not url then
    stdin:close()
    error("the emulator did not start: " .. read_log(folder), 0)
  end
  return stdin, url
end

-- One request over a connection of its own: a socket is a tenth of the cost of a curl process.
local function plain(e, method, path, body, headers)
  local host, port = e.url:match "^http://%[?(.-)%]?:(%d+)$"
  local connection = assert(socket.connect(host, tonumber(port)))
  connection:settimeout(30)
  local lines = { method .. " " .. path .. " HTTP/1.1", "Host: " .. e.url:match "//(.*)", "Connection: close" }
  for name, value in pairs(headers or {}) do lines[#lines + 1] = name .. ": " .. value end
  if body then lines[#lines + 1] = "Content-Length: " .. #body end
  connection:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or ""))
  local answer, _, part = connection:receive "*a"
  connection:close()
  return answer or part or ""
end

local function by_curl(e, method, path, body, headers)
  local parts = { "env -u LD_PRELOAD curl -sS --max-time 30 -i -X", method, "--cacert " .. tmp.quote(e.ca_file) }
  for name, value in pairs(headers or {}) do parts[#parts + 1] = "-H " .. tmp.quote(name .. ": " .. value) end
  if body then
    tmp.write(e.folder .. "/body", body)
    parts[#parts + 1] = "-H Expect: --data-binary @" .. tmp.quote(e.folder .. "/body")
  end
  parts[#parts + 1] = tmp.quote(e.url .. path)
  return run(table.concat(parts, " "))
end

local function http(e, method, path, body, headers)
  local answer = (e.ca_file and by_curl or plain)(e, method, path, body, headers)
  local head, text = answer:match "^(.-)\r\n\r\n(.*)$"
  return tonumber((head or ""):match "^HTTP/%S+ (%d+)"), text, head
end

local function control(e, method, path, body)
  local status, text = http(e, method, "/_emulator/" .. path, body and cjson.encode(body))
  if status ~= 200 then error("the emulator's control plane said " .. tostring(status) .. " " .. tostring(text), 3) end
  return cjson.decode(text)
end

local function add_controls(e)
  function e.info() return control(e, "GET", "info") end
  function e.requests(operation)
    return control(e, "GET", "requests" .. (operation and "?operation=" .. operation or ""))
  end
  function e.counts() return control(e, "GET", "counts") end
  function e.codes() return control(e, "GET", "codes") end
  function e.operations() return control(e, "GET", "operations") end
  function e.code()
    local list = e.codes()
    return list[#list] and list[#list].code
  end
  function e.faults(list) return control(e, "POST", "faults", { faults = list and list[1] and list or nil }) end
  function e.blackhole() return control(e, "POST", "blackhole", {}).port end
  function e.clock(what) return control(e, "POST", "clock", what) end
  function e.user(username, set) return control(e, "POST", "user", { username = username, set = set }) end
  function e.revoke(username) return control(e, "POST", "revoke", { username = username }) end
  function e.reset() return control(e, "POST", "reset", {}) end
end

local function add_call(e)
  function e.http(method, path, body, headers) return http(e, method, path, body, headers) end
  function e.call(operation, body)
    local status, text, head = http(e, "POST", "/", type(body) == "string" and body or cjson.encode(body), {
      ["Content-Type"] = "application/x-amz-json-1.1",
      ["X-Amz-Target"] = "AWSCognitoIdentityProviderService." .. operation })
    return status, text and cjson.decode(text), head
  end
  function e.log() return read_log(e.folder) end
end

--- Starts an emulator and waits until it listens.
-- @tparam[opt] table opts `config`, `tls` (boolean), `port` (0), `arguments` (further words of the command line)
-- @treturn table see the top of this file
function M.start(opts)
  opts = opts or {}
  local folder = run("mktemp -d"):gsub("%s+$", "")
  local stdin, url = launch(opts, folder)
  local e = { url = url, folder = folder, ca_file = opts.tls and folder .. "/ca.pem" or nil }
  add_controls(e)
  add_call(e)
  local info = e.info()
  e.pid, e.pool_id, e.client_id, e.issuer = info.pid, info.pools[1].id, info.pools[1].clients[1], info.pools[1].issuer
  function e.stop()
    if not stdin then return end
    os.execute(("kill %d 2>/dev/null"):format(e.pid))
    stdin:close()
    stdin = nil
    os.execute("rm -rf " .. tmp.quote(folder))
  end
  return e
end

return M
