--- A child process of spec/system/host_process_spec.lua: many transfers, and what they leave behind.
-- usage: lua5.4 many.lua blocking|loop|refuse URL COUNT
-- Prints "grown K KiB descriptors D": resident memory and open descriptors, compared with a tenth of the way.
local how, base, count = arg[1], arg[2], tonumber(arg[3])

local function resident()
  collectgarbage()
  collectgarbage()
  local file = assert(io.open("/proc/self/statm"))
  local pages = file:read("*a"):match("^%d+ (%d+)")
  file:close()
  return tonumber(pages) * 4
end

local function descriptors()
  local pipe = assert(io.popen("ls /proc/" .. io.open("/proc/self/stat"):read("*n") .. "/fd | wc -l"))
  local n = pipe:read("*n")
  pipe:close()
  return n
end

local start = {}
local function mark(i)
  if i == math.floor(count / 10) then start.memory, start.descriptors = resident(), descriptors() end
end

local function request(host, fault)
  return { method = "POST", url = base .. fault .. "?tag=many", headers = { "X-A: b" }, body = ("x"):rep(1800),
    minting = true, deadline = host.monotime() + 10, pool = "many" }
end

local function blocking()
  local host = require("cognito.host.blocking").new()
  for i = 1, count do
    assert(host.send(request(host, "ok")))
    mark(i)
  end
end

local function refuse()
  local host = require("cognito.host.blocking").new()
  local faults = { "huge", "endless", "endless_close", "huge_header", "endless_headers" }
  for i = 1, count do
    local _, err = host.send(request(host, faults[i % #faults + 1]))
    assert(err.kind == "response_too_large", tostring(err))
    mark(i)
  end
end

local function loop()
  local host, done = require("cognito.host.loop").new(), 0
  for _ = 1, 64 do
    host:spawn(function()
      while done < count do
        done = done + 1
        mark(done)
        assert(host.send(request(host, "ok")))
      end
    end)
  end
  host:run()
end

local modes = { blocking = blocking, loop = loop, refuse = refuse }
modes[how]()
print(("grown %d KiB descriptors %d"):format(resident() - start.memory, math.max(descriptors() - start.descriptors, 0)))
