--- Kills a process that refreshes a stored session all the time, at random moments, and looks what the next one meets.
local cognito = require "cognito"
local emulator = require "spec.support.emulator"
local stores = require "spec.support.stores"
local uv = require "luv"

local M = {}

local WORDS = { username = "alice", password = "Correct-horse1", flow = "USER_PASSWORD_AUTH" }

local function start(given)
  local server = emulator.start { config = { users = { alice = { password = "Correct-horse1" } },
    clients = { { id = "emulatorclient1", rotation = { grace = given.grace } } } } }
  local function pool()
    return assert(cognito.pool { user_pool_id = server.pool_id, client_id = server.client_id, endpoint = server.url,
      storage = stores.open(given.store), timeout = 5 })
  end
  return server, pool
end

-- One process, killed so many milliseconds after its first refresh; returns how many it reported.
local function one_life(words, delay)
  local out, said = uv.new_pipe(), {}
  local handle = assert(uv.spawn("lua5.4", { args = words, stdio = { nil, out, 2 } }, function() end))
  local timer, first = uv.new_timer(), true
  local function kill() handle:kill "sigkill" end
  timer:start(20000, 0, kill)
  out:read_start(function(_, data)
    if not data then return out:close() end
    said[#said + 1] = data
    if first then timer:start(delay, 0, kill) end
    first = false
  end)
  while not out:is_closing() do uv.run "once" end
  timer:close()
  handle:close()
  uv.run()
  local text = table.concat(said)
  assert(not text:find "error", text)
  return select(2, text:gsub("token ", ""))
end

-- What the next process finds and can do with it: refresh, or know that it has to sign in.
local function check(stats, pool, id, forget_lock)
  forget_lock()
  local session, err = pool():session { id = id }
  assert(session, tostring(err))
  local ok
  ok, err = session:refresh()
  if ok then return id end
  assert(err.kind == "sign_in_required", tostring(err))
  stats.lost = stats.lost + 1
  return assert(pool():sign_in(WORDS)).session.id
end

--- @tparam table given `store` (see spec.support.stores), `kills`, `grace` (seconds), `forget_lock`: function that
-- takes away the lock of the one that was killed, which a store with leases keeps for a while
-- @treturn table `kills`, `refreshes`, `lost` (sessions; each was reported as sign_in_required)
function M.run(given)
  local server, pool = start(given)
  local stats = { kills = 0, refreshes = 0, lost = 0 }
  local ok, problem = xpcall(function()
    local id = assert(pool():sign_in(WORDS)).session.id
    for _ = 1, given.kills do
      local words = { "spec/support/refresh_victim.lua", server.url, server.pool_id, server.client_id, given.store, id,
        "loop" }
      stats.refreshes = stats.refreshes + one_life(words, math.random(0, 20))
      stats.kills = stats.kills + 1
      id = check(stats, pool, id, given.forget_lock or function() end)
    end
  end, debug.traceback)
  server.stop()
  if not ok then error(problem, 0) end
  return stats
end

return M
