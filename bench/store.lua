--- What a refresh costs through the file storage: CPU beside the memory storage, and the time from the last byte of
-- the answer to the finished put.
local cognito = require "cognito"
local posix = require "cognito.posix"
local stores = require "spec.support.stores"

local cost = {}

local function percentile(list, share)
  table.sort(list)
  return list[math.max(1, math.ceil(#list * share))]
end

-- The memory storage, and with each put the bare system calls that a durable file takes: so much of the cost is theirs.
local function memory_and_calls(path)
  local storage, folder = stores.open "memory", assert(posix.folder(path))
  local text, put = ("x"):rep(3950), storage.put
  local file, lock = assert(folder:write("a.session", text)), assert(folder:lock "a.lock")
  function storage:put(...)
    assert(lock:try() and lock:is_current() and file:is(folder, "a.session"))
    assert(folder:replace(file, "a.session", text) and lock:release())
    return put(self, ...)
  end
  return storage
end

local function open(store)
  local path = store:match "^calls:(.*)$"
  return path and memory_and_calls(path) or stores.open(store)
end

-- A session on that store whose host and storage note when an answer has come and when a put is done.
local function session_on(emulator, store, windows)
  local host, storage = require("cognito.host.blocking").new(), open(store)
  local send, put, arrived = host.send, storage.put, nil
  if windows then
    function host.send(request)
      local response, err = send(request)
      arrived = posix.monotime()
      return response, err
    end
    function storage:put(...)
      local ok, err = put(self, ...)
      if arrived then windows[#windows + 1] = posix.monotime() - arrived end
      arrived = nil
      return ok, err
    end
  end
  local pool = assert(cognito.pool { user_pool_id = emulator.pool_id, client_id = emulator.client_id,
    endpoint = emulator.url, ca_file = emulator.ca_file, host = host, storage = storage })
  return assert(pool:sign_in { username = "alice", password = "Correct-horse1", flow = "USER_PASSWORD_AUTH" }).session
end

-- Round by round: the machine changes its speed between them.
local function median_ratio(list, others)
  local ratios = {}
  for round = 1, #list do ratios[round] = list[round] / others[round] end
  return percentile(ratios, 0.5)
end

local function cpu_of(session, times)
  local start = os.clock()
  for _ = 1, times do assert(session:refresh()) end
  return (os.clock() - start) / times
end

--- @treturn table `memory`, `file`, `sealed`, `calls` (CPU seconds a refresh, medians; `calls`: memory and the bare
-- system calls of a durable file), `file_ratio`, `sealed_ratio`, `calls_ratio` (beside `memory`, medians of the
-- rounds' ratios), `p50`, `p99` (seconds from the answer to the finished put)
function cost.measure(emulator, folder, rounds, times)
  local names = { memory = "memory", file = "file:" .. folder .. "/a", sealed = "sealed:" .. folder .. "/b",
    calls = "calls:" .. folder .. "/d" }
  local sessions, samples = {}, {}
  for name, store in pairs(names) do
    sessions[name], samples[name] = session_on(emulator, store), {}
    cpu_of(sessions[name], 20)
  end
  for round = 1, rounds do
    for name, session in pairs(sessions) do samples[name][round] = cpu_of(session, times) end
  end
  local windows = {}
  local timed = session_on(emulator, "file:" .. folder .. "/c", windows)
  for _ = 1, rounds * times do assert(timed:refresh()) end
  local result = { p50 = percentile(windows, 0.5), p99 = percentile(windows, 0.99) }
  for _, name in ipairs { "file", "sealed", "calls" } do
    result[name .. "_ratio"] = median_ratio(samples[name], samples.memory)
  end
  for name, list in pairs(samples) do result[name] = percentile(list, 0.5) end
  return result
end

return cost
