--- Kills a process that writes to a file store, again and again at random moments, and checks what is left.
local file = require "cognito.storage.file"
local uv = require "luv"
local lfs = require "lfs"

local killer = {}

local KEY = ("ab"):rep(32)

local function collect(pipe, into, on_first)
  pipe:read_start(function(_, data)
    if not data then return pipe:close() end
    if #into == 0 then on_first() end
    into[#into + 1] = data
  end)
end

-- Runs the writer and kills it `delay` milliseconds after its first report, or after its start where `early` is true;
-- returns the last number that it reported as stored.
local function one_life(path, from, delay, early)
  local out, said, exited = uv.new_pipe(), {}, false
  local handle = assert(uv.spawn("lua5.4", { args = { "spec/support/store_victim.lua", path, "a." .. from, "loop" },
    stdio = { nil, out, 2 } }, function() exited = true end))
  local timer = uv.new_timer()
  local function kill() handle:kill "sigkill" end
  timer:start(early and delay or 10000, 0, kill)
  collect(out, said, function()
    if not early then timer:start(delay, 0, kill) end
  end)
  uv.run()
  assert(exited)
  timer:close()
  handle:close()
  uv.run()
  local last
  for number, answer in table.concat(said):gmatch "(%d+) ([^\n]*)\n" do
    assert(answer == "ok", "the writer was told: " .. answer)
    last = tonumber(number)
  end
  return last
end

local function expected(version)
  return { version = version, refresh_token = ("token of %s "):format(version):rep(100) }
end

-- What the next process finds: the last reported record or the one after it, whole; and it can write.
local function check(path, reported)
  local storage = file.new { path = path }
  local record, err = storage:get(KEY)
  assert(not err, tostring(err))
  local number = record and tonumber(record.version:match "%d+$") or 0
  assert(number == reported or number == reported + 1,
    ("%d was reported as stored, %d is there"):format(reported, number))
  if record then assert(record.refresh_token == expected(record.version).refresh_token, "a torn record") end
  local token = assert(storage:try_lock(KEY, 30))
  assert(storage:put(KEY, expected("a." .. number + 1), record and record.version or nil))
  assert(storage:unlock(KEY, token))
  for name in lfs.dir(path) do
    assert(not name:find "^%.tmp" and not name:find "bad", "left behind: " .. name)
  end
  return number + 1, number == reported + 1
end

--- @tparam string path an empty folder of mode 0700
-- @tparam number times how many kills
-- @treturn table `kills`, `stored` (records written), `unreported` (kills between the rename and the report)
function killer.run(path, times)
  local stats, number = { kills = 0, stored = 0, unreported = 0 }, 0
  for _ = 1, times do
    local reported = one_life(path, number, math.random(0, 12), math.random(5) == 1) or number
    local next_number, unreported = check(path, reported)
    stats.kills = stats.kills + 1
    if unreported then stats.unreported = stats.unreported + 1 end
    number = next_number
  end
  stats.stored = number
  return stats
end

return killer
