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
local who = "parent"

local function request(host, fault, tag)
  return { method = "POST", url = base .. fault .. (fault:find("?", 1, true) and "&" or "?") .. "tag=" .. tag,
    headers = {}, body = "{}", minting = true, pool = "fork", deadline = host.monotime() + 5 }
end

local function say(what, response, err)
  io.stdout:write(("%s %s: %s\n"):format(who, what, response and response.status or err.kind))
  io.stdout:flush()
end

local function fork()
  local pid = ffi.C.fork()
  if pid == 0 then who = "child" end
  return pid
end

local function wait(pid)
  local status = ffi.new "int[1]"
  ffi.C.waitpid(pid, status, 0)
  io.stdout:write(("child status %d\n"):format(status[0]))
end

-- Both sides end like any script: with lua_close, so that every finaliser runs.
local function blocking()
  local host = require("cognito.host.blocking").new()
  say("before", host.send(request(host, "ok", "fork_parent")))
  local pid = fork()
  say("after", host.send(request(host, "ok", pid == 0 and "fork_child" or "fork_parent")))
  if pid ~= 0 then
    wait(pid)
    say("at the end", host.send(request(host, "ok", "fork_parent")))
  end
end

local function loop()
  local host = require("cognito.host.loop").new()
  host:spawn(function() say("under way", host.send(request(host, "delay?ms=300", "fork_parent"))) end)
  host:spawn(function()
    host.sleep(0.1)
    local pid = fork()
    say("after", host.send(request(host, "ok", pid == 0 and "fork_child" or "fork_parent")))
    if pid ~= 0 then
      host.sleep(0.4)
      wait(pid)
    end
  end)
  host:run()
end

if mode == "blocking" then blocking() else loop() end
