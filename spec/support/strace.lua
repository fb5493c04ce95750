--- Kills or fails a process at one chosen system call, by strace's injection.
local lfs = require "lfs"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local strace = {}

--- Whether strace is here and may trace (containers often forbid it).
-- @treturn boolean
-- @treturn string the reason when not, for `pending`
function strace.available()
  if not lfs.attributes "/usr/bin/strace" then return false, "strace is not installed" end
  local code = proc.run { argv = { "strace", "-o", "/dev/null", "true" } }
  if code ~= 0 then return false, "strace may not trace here" end
  return true
end

--- What a victim calls to say where the interesting part begins and ends: both leave a trace.
function strace.mark(name) io.open("/COGNITO-" .. name) end

local function trace(argv, inject)
  local log = tmp.dir() .. "/trace"
  local words = { "strace", "-qq", "-o", log }
  if inject then
    words[#words + 1] = "-e"
    words[#words + 1] = inject
  end
  for _, word in ipairs(argv) do words[#words + 1] = word end
  local code, out, problem = proc.run { argv = words, timeout = 60 }
  local text = tmp.read(log) or ""
  tmp.remove((log:gsub("/trace$", "")))
  return code, out, problem, text
end

--- Runs a command once and lists its system calls between the marks BEGIN and END, in order.
-- @treturn table list of `name` and `nth` (the how manieth call of that name in the process), and `line`
function strace.points(argv)
  local code, _, problem, text = trace(argv)
  assert(code == 0, problem)
  local counts, points, inside = {}, {}, false
  for line in text:gmatch "[^\n]+" do
    local name = line:match "^([%w_]+)%("
    if name then
      counts[name] = (counts[name] or 0) + 1
      if line:find("COGNITO-END", 1, true) then inside = false end
      if inside then points[#points + 1] = { name = name, nth = counts[name], line = line } end
      if line:find("COGNITO-BEGIN", 1, true) then inside = true end
    end
  end
  assert(#points > 0, "no marks in the trace")
  return points
end

--- Runs a command that is killed right before the system call.
-- @treturn string its output
function strace.kill(argv, point)
  local _, out = trace(argv, ("inject=%s:signal=KILL:when=%d"):format(point.name, point.nth))
  return out
end

--- Runs a command in which the system call fails.
-- @tparam[opt] boolean sticky this and all later calls of the name fail
-- @treturn number exit code
-- @treturn string output
-- @treturn string error output
function strace.fail(argv, point, errno, sticky)
  return trace(argv, ("inject=%s:error=%s:when=%d%s"):format(point.name, errno, point.nth, sticky and "+" or ""))
end

return strace
