--- What the loads on nginx have in common: servers that go away in any case, users who have signed in, and wrk.
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local M = {}

--- Runs a load and stops what it started, the last first, in any case; an error tells the ends of the logs too.
-- @tparam function load gets `keep`, a function that remembers what is to be stopped and gives it back
-- @return what the load returns
function M.run(load)
  local parts = {}
  local ok, result = xpcall(load, debug.traceback, function(part)
    parts[#parts + 1] = part
    return part
  end)
  for i = #parts, 1, -1 do
    local part = parts[i]
    if not ok and part.log then result = result .. "\n" .. part:log():sub(-2000) end
    part:stop()
  end
  tmp.cleanup()
  if not ok then error(result, 0) end
  return result
end

--- Signs in `user1`, `user2`, ... at the location /enter.
-- @treturn {string,...} their cookies
function M.cookies(server, count)
  local list = {}
  for i = 1, count do
    local status, cookie = server:request("/enter?user=user" .. i)
    assert(status == 200, cookie)
    list[i] = cookie
  end
  return list
end

--- The items of a Lua table of strings, as a script of wrk holds them.
function M.quoted(list)
  local out = {}
  for i, item in ipairs(list) do out[i] = ("%q"):format(item) end
  return table.concat(out, ",")
end

--- Starts wrk.
-- @tparam table server
-- @tparam string script
-- @tparam number seconds
-- @tparam[opt=0] integer nice
-- @treturn table the process (spec.support.proc)
function M.wrk(server, script, seconds, nice)
  return proc.start { argv = { "nice", "-n", tostring(nice or 0), "wrk", "-t2", "-c32", "-d" .. seconds .. "s",
    "--timeout", "30s", "-s", tmp.write(tmp.dir() .. "/load.lua", script), server.url } }
end

return M
