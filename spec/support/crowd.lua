--- Many processes that share one session, let loose at the same moment when its token has expired.
local cognito = require "cognito"
local stores = require "spec.support.stores"
local uv = require "luv"

local crowd = {}

local HOUR = 3600

local function spawn(words)
  local self = { input = uv.new_pipe(), output = uv.new_pipe(), buffer = "", lines = {} }
  self.handle = assert(uv.spawn("lua5.4", { args = words, stdio = { self.input, self.output, 2 } }, function() end))
  self.output:read_start(function(_, data)
    self.buffer = self.buffer .. (data or "")
    self.buffer = self.buffer:gsub("([^\n]*)\n", function(line)
      self.lines[#self.lines + 1] = line
      return ""
    end)
  end)
  return self
end

-- Runs the loop until each worker has said one line more; returns these.
local function answers(workers, seconds)
  local expired = false
  local timer = uv.new_timer()
  timer:start(seconds * 1000, 0, function() expired = true end)
  local function all_there()
    for _, worker in ipairs(workers) do
      if not worker.lines[1] then return false end
    end
    return true
  end
  while not all_there() and not expired do uv.run "once" end
  timer:close()
  assert(not expired, "the workers did not answer in time")
  local said = {}
  for i, worker in ipairs(workers) do said[i] = table.remove(worker.lines, 1) end
  return said
end

local function close(workers)
  for _, worker in ipairs(workers) do
    if not worker.input:is_closing() then worker.input:close() end
    worker.output:close()
    worker.handle:close(function() end)
  end
  uv.run()
end

local function sign_in(emulator, store)
  local pool = assert(cognito.pool { user_pool_id = emulator.pool_id, client_id = emulator.client_id,
    endpoint = emulator.url, storage = stores.open(store) })
  local step = assert(pool:sign_in { username = "alice", password = "Correct-horse1", flow = "USER_PASSWORD_AUTH" })
  return step.session
end

local function start_workers(emulator, store, count, id)
  local workers = {}
  for i = 1, count do
    workers[i] = spawn { "spec/support/refresh_worker.lua", emulator.url, emulator.pool_id, emulator.client_id, store,
      id }
  end
  answers(workers, 60)
  return workers
end

-- All ask at the same moment, the old token being over. What they said last round must not be said again.
local function play(workers, time, last, stats)
  for _, worker in ipairs(workers) do worker.input:write(time .. "\n") end
  local said = answers(workers, 60)
  local same = said[1] ~= last
  for _, line in ipairs(said) do
    same = same and line == said[1]
    if line:find "^error" then stats.errors[#stats.errors + 1] = line end
  end
  if not same then stats.different = stats.different + 1 end
  return said[1]
end

--- @tparam table emulator one whose client rotates refresh tokens and whose tokens live an hour
-- @tparam string store see `spec.support.stores`
-- @tparam number processes
-- @tparam number rounds expiries
-- @treturn table `rounds`, `refreshes`, `reuses`, `requests`, `seconds`, and `different` (rounds in which not all
-- processes had the same new token), `errors` (list)
function crowd.run(emulator, store, processes, rounds)
  local session, stats = sign_in(emulator, store), { rounds = rounds, different = 0, errors = {} }
  local workers = start_workers(emulator, store, processes, session.id)
  local start, last = uv.hrtime(), "token " .. session:access_token():sub(-40)
  for round = 1, rounds do
    emulator.clock { advance = HOUR }
    last = play(workers, round * HOUR, last, stats)
  end
  stats.seconds = (uv.hrtime() - start) / 1e9
  close(workers)
  local counts = emulator.counts().GetTokensFromRefreshToken or {}
  stats.refreshes, stats.requests = counts.ok or 0, counts.requests or 0
  stats.reuses = counts.RefreshTokenReuseException or 0
  return stats
end

return crowd
