-- usage: refresh_worker.lua ENDPOINT POOL CLIENT STORE SESSION [LIBRARY OPTIONS]
-- One of many processes that share a session. STORE is "file:PATH", "redis:PORT" or "memory". For each line on stdin,
-- a number of seconds by which all clocks are put forward, it asks for an access token and answers with
-- "token <the token's tail>" or "error <kind> <code>".
local cognito = require "cognito"
local stores = require "spec.support.stores"

local endpoint, pool_id, client_id, store, id = (table.unpack or unpack)(arg)
local offset = 0

local real = require("cognito.host.blocking").new()
local host = setmetatable({
  now = function() return real.now() + offset end,
  monotime = function() return real.monotime() + offset end,
}, { __index = real })
-- deadlines are times of our clock
function host.send(request)
  local copy = {}
  for name, value in pairs(request) do copy[name] = value end
  copy.deadline = request.deadline - offset
  return real.send(copy)
end
function host.once(key, fn, deadline, cancel) return real.once(key, fn, deadline - offset, cancel) end

local pool = assert(cognito.pool { user_pool_id = pool_id, client_id = client_id, endpoint = endpoint, host = host,
  storage = stores.open(store) })
local session = assert(pool:session { id = id })

local function say(...)
  io.stdout:write(...)
  io.stdout:flush()
end

say "ready\n"
for line in io.stdin:lines() do
  offset = assert(tonumber(line))
  local token, err = session:access_token { deadline = 30 }
  if token then
    say("token ", token:sub(-40), "\n")
  else
    say("error ", err.kind, " ", tostring(err.code), " ", tostring(err), "\n")
  end
end
