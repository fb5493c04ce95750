--- The library's side of the refresh benchmark: whole refreshes, from `session:refresh()` to the stored record.
-- usage: lua bench/refresh.lua blocking|loop|send|send_loop|many N URL CA_FILE [IN_FLIGHT]
-- Prints microseconds of CPU and of wall time a refresh, after a warm-up of as many refreshes as are in flight, and the
-- growth of resident memory in KiB over the second half. `send` and `send_loop` are `host.send` alone. `many` refreshes
-- each of 10,000 sessions N times after a warm-up of three, and prints resident memory in KiB after that, and its
-- growth.
local cognito = require "cognito"
local posix = require "cognito.posix"

local mode, count, url, ca_file, in_flight = arg[1], tonumber(arg[2]), arg[3], arg[4], tonumber(arg[5]) or 64
if ca_file == "" then ca_file = nil end

local function resident()
  local file = io.open("/proc/self/statm", "r")
  if not file then return 0 end
  local pages = file:read("*a"):match("^%d+ (%d+)")
  file:close()
  return tonumber(pages) * 4
end

local meter = {}

function meter.start() meter.cpu, meter.wall = os.clock(), posix.monotime() end

function meter.half() meter.rss = resident() end

function meter.report(n)
  local cpu, wall = os.clock() - meter.cpu, posix.monotime() - meter.wall
  print(("%.3f %.3f %d"):format(cpu * 1e6 / n, wall * 1e6 / n, resident() - meter.rss))
end

local function new_pool(host)
  return assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "1h57kf5cpq17m0eml12EXAMPLE",
    endpoint = url, ca_file = ca_file, host = host })
end

local refresh_token = ("r"):rep(1686)

local function adopt(pool, i)
  return assert(pool:adopt { refresh_token = refresh_token, username = "user" .. i })
end

local function blocking()
  local session, half = adopt(new_pool(), 1), math.ceil(count / 2)
  assert(session:refresh())
  meter.start()
  for i = 1, count do
    if i == half then meter.half() end
    assert(session:refresh())
  end
  meter.report(count)
end

local function sender(host)
  local request = { method = "POST", url = url, body = ('{"ClientId":"1h57kf5cpq17m0eml12EXAMPLE","RefreshToken":"%s"}')
    :format(refresh_token), minting = true, pool = "bench", tls = ca_file and { ca_file = ca_file },
    headers = { "Content-Type: application/x-amz-json-1.1", "User-Agent: bench", "Cache-Control: no-store",
      "X-Amz-Target: AWSCognitoIdentityProviderService.GetTokensFromRefreshToken" } }
  return function()
    request.deadline = host.monotime() + 10
    assert(assert(host.send(request)).status == 200)
  end
end

local function send()
  local once = sender(require("cognito.host.blocking").new())
  for i = 0, count do
    if i == 1 then meter.start() end
    if i == math.ceil(count / 2) then meter.half() end
    once()
  end
  meter.report(count)
end

-- `make(i)` gives what the i-th of the coroutines does again and again.
local function in_loop(host, make)
  local started, finished, wanted = 0, 0, count + in_flight
  local half = math.ceil(wanted / 2)
  for i = 1, in_flight do
    host:spawn(function()
      local act = make(i)
      while started < wanted do
        started = started + 1
        act()
        finished = finished + 1
        if finished == in_flight then meter.start() end
        if finished == half then meter.half() end
      end
    end)
  end
  host:run()
  meter.report(count)
end

local function loop()
  local host = require("cognito.host.loop").new()
  local pool = new_pool(host)
  in_loop(host, function(i)
    local session = adopt(pool, i)
    return function() assert(session:refresh()) end
  end)
end

local function send_loop()
  local host = require("cognito.host.loop").new()
  in_loop(host, function() return sender(host) end)
end

local SESSIONS = 10000

local function refresh_all(host, sessions)
  local last = 0
  for _ = 1, in_flight do
    host:spawn(function()
      while last < SESSIONS do
        last = last + 1
        assert(sessions[last]:refresh())
      end
    end)
  end
  host:run()
  collectgarbage()
  collectgarbage()
end

local function many()
  local host = require("cognito.host.loop").new()
  local pool, sessions = new_pool(host), {}
  for i = 1, SESSIONS do
    sessions[i] = assert(pool:adopt { refresh_token = ("%08d"):format(i) .. ("r"):rep(1678), username = "user" .. i })
  end
  -- a collector waits until memory has doubled, so the first rounds show nothing
  for _ = 1, 3 do refresh_all(host, sessions) end
  meter.half()
  for _ = 1, count do refresh_all(host, sessions) end
  print(("%d %d"):format(meter.rss, resident() - meter.rss))
end

local modes = { blocking = blocking, loop = loop, send = send, send_loop = send_loop, many = many }
modes[mode]()
