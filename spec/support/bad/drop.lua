--- A child process of spec/system/host_process_spec.lua: leaves the host in the middle of transfers, in every way.
-- usage: lua drop.lua HOW URL: `close` ends with lua_close, `exit` without it, `gc` collects the loop first,
-- `step` drops transfers while their answers arrive.
local loops = require "cognito.host.loop"
local http = require "cognito.http"
local posix = require "cognito.posix"

local how, base = arg[1], arg[2]

local function begin(loop, fault, seconds)
  loop:spawn(function()
    loop.send { method = "POST", url = base .. fault .. "?tag=drop", headers = { "Authorization: Bearer not-a-secret" },
      body = ("b"):rep(2000), minting = true, deadline = loop.monotime() + seconds, pool = "drop" }
  end)
end

local function many()
  local loop = loops.new()
  for _, fault in ipairs { "hang", "ok", "endless", "slow", "reset", "huge_header", "stale_lost" } do
    begin(loop, fault, 5)
  end
  begin(loop, "ok", 0.001)
  for _ = 1, 5 do loop:step(0.01) end
  return loop
end

if how == "gc" then
  for _ = 1, 5 do
    many()
    collectgarbage()
    collectgarbage()
  end
elseif how == "step" then
  local crowd = http.crowd()
  local pool = crowd:pool()
  for round = 1, 20 do
    local ids = {}
    for i = 1, 10 do
      local url = base .. (i % 2 == 0 and "ok" or "hang") .. "?tag=step"
      ids[i] = crowd:start(pool, "POST", url, {}, "body", posix.boottime() + 5, 1e6, true)
    end
    for _ = 1, round % 4 do crowd:wait(0.005) end
    for i = 1, 10 do crowd:drop(ids[i]) end
    while crowd:next() do end
    assert(crowd:running() == 0)
  end
  crowd:start(pool, "POST", base .. "hang?tag=step", {}, "body", posix.boottime() + 5, 1e6, true)
  crowd:close()
  crowd:close()
  assert(tostring(crowd):find("closed", 1, true))
  assert(not pcall(crowd.pollfd, crowd))
else
  kept = many()    -- luacheck: ignore (a global lives until lua_close)
end
print "done"
if how == "exit" then os.exit(0) end
