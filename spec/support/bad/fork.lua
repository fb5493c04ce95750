--- A child process of spec/system/host_process_spec.lua, run by luajit, whose ffi can fork.
-- usage: luajit fork.lua blocking|loop URL: begins a transfer, forks in the middle of it, uses the host on both sides.
-- Prints what each side saw.
local ffi = require "ffi"
ffi.cdef [[
int fork(void);
int waitpid(int pid, int *status, int options);
void _exit(int status);
]]

local mode, base = arg[1], arg[2]

local function request(host, fault, tag)
  return { method = "POST", url = base .. fault .. (fault:find("?", 1, true) and "&" or "?") .. "tag=" .. tag,
    headers = {}, body = "{}", minting = true, pool = "fork", deadline = host.monotime() + 5 }
end

local function say(who, response, err)
  io.stdout:write(("%s: %s\n"):format(who, response and response.status or tostring(err)))
  io.stdout:flush()
end

-- The child ends like any script: with lua_close, so that every finaliser runs.
local function in_child(fn)
  local pid = ffi.C.fork()
  if pid ~= 0 then return pid end
  fn()
  os.exit(0, true)
end

local function wait(pid)
  local status = ffi.new "int[1]"
  ffi.C.waitpid(pid, status, 0)
  io.stdout:write(("child status %d\n"):format(status[0]))
end

if mode == "blocking" then
  local host = require("cognito.host.blocking").new()
  say("parent before", host.send(request(host, "ok", "fork_blocking")))
  wait(in_child(function() say("child", host.send(request(host, "ok", "fork_child"))) end))
  say("parent after", host.send(request(host, "ok", "fork_blocking")))
else
  local loop = require("cognito.host.loop").new()
  loop:spawn(function() say("call under way", loop.send(request(loop, "delay?ms=300", "fork_loop"))) end)
  loop:spawn(function()
    loop.sleep(0.1)
    local child = in_child(function()
      loop:spawn(function() say("child", loop.send(request(loop, "ok", "fork_child"))) end)
      -- this coroutine is inside the parent's step, which the child inherited: a turn of its own ends it
      loop.stepping = false
      loop.scheduler.current = nil
      while loop:step() and loop.scheduler.alive > 1 do io.stdout:flush() end
    end)
    loop:spawn(function()
      loop.sleep(0.4)
      wait(child)
    end)
  end)
  loop:run()
end
