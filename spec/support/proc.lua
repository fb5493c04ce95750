--- Child processes for specs: started, watched with deadlines, and never left behind.
local socket = require "socket"
local tmp = require "spec.support.tmp"
local M = {}

local Child = {}
Child.__index = Child

local function command_line(options)
  local words = { "env" }
  -- `make asan` preloads the sanitizers' runtime, which is for our modules' sake alone
  if not options.argv[1]:find "^lua" then words[2] = "-u LD_PRELOAD" end
  if options.cwd then words[#words + 1] = "-C " .. tmp.quote(options.cwd) end
  for name, value in pairs(options.env or {}) do words[#words + 1] = tmp.quote(name .. "=" .. value) end
  for _, word in ipairs(options.argv) do words[#words + 1] = tmp.quote(word) end
  return table.concat(words, " ")
end

local function until_true(seconds, test)
  local deadline = socket.gettime() + seconds
  while true do
    local result = test()
    if result then return result end
    if socket.gettime() > deadline then return nil end
    socket.sleep(0.005)
  end
end

--- Starts `options.argv` (list of words), with `env` (table of additions) and `cwd`.
-- Standard output and error go to files: see `output` and `errors`.
function M.start(options)
  local dir = tmp.dir()
  local line = ("exec sh spec/support/child.sh %s %s"):format(tmp.quote(dir), command_line(options))
  local self = setmetatable({ dir = dir, pipe = assert(io.popen(line, "w")), name = options.argv[1] }, Child)
  local pid = until_true(30, function() return tmp.read(dir .. "/pid") end)
  self.pid = tonumber((assert(pid, "child.sh did not start")))
  return self
end

function Child:output() return tmp.read(self.dir .. "/out") or "" end
function Child:errors() return tmp.read(self.dir .. "/err") or "" end

--- The exit code, or nil while the child runs.
function Child:status() return tonumber(tmp.read(self.dir .. "/status") or "") end

--- Waits for `pattern` in the standard output; returns its captures, or nil and what was seen.
function Child:wait_line(pattern, seconds)
  local found = until_true(seconds or 30, function()
    local match = { self:output():match(pattern) }
    if match[1] then return match end
    return self:status() and { false }
  end)
  if found and found[1] then return (table.unpack or unpack)(found) end
  return nil, ("%s: no %q; status %s\n%s%s"):format(self.name, pattern, tostring(self:status()),
    self:output(), self:errors())
end

--- Waits until the child has ended by itself; returns its exit code, or nil, "timeout".
function Child:wait(seconds)
  local code = until_true(seconds or 30, function() return self:status() end)
  if not code then return nil, "timeout" end
  return code
end

function Child:signal(name) os.execute(("kill -%s %d 2>/dev/null"):format(name, self.pid)) end

--- Ends the child (TERM, after 2 s KILL) and returns its exit code. May be called again.
function Child:stop()
  if self.pipe then
    self.pipe:close()
    self.pipe = nil
  end
  return self:wait(30)
end

--- Runs a command to its end: returns exit code, standard output, standard error.
-- @tparam table options as for `start`, and `timeout` in seconds (default 60)
function M.run(options)
  local child = M.start(options)
  local code, why = child:wait(options.timeout or 60)
  child:stop()
  return code or why, child:output(), child:errors()
end

--- The command of the interpreter that runs this spec: "lua5.4", "lua5.1" or "luajit".
function M.interpreter()
  if rawget(_G, "jit") then return "luajit" end
  return (_VERSION:gsub("^Lua ", "lua"))
end

--- Whether the specs run as root.
function M.is_root()
  local pipe = assert(io.popen "id -u")
  local id = pipe:read "*n"
  pipe:close()
  return id == 0
end

return M
