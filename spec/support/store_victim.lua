-- usage: store_victim.lua FOLDER FROM TO [TIMES]: replaces version FROM of a record by TO ("none": there is none
-- yet), as a refresh does, and says what each step answered. The process has written that record TIMES before (once:
-- it makes a spare now; twice: it has one). With a third word `loop` it goes on until it is killed.
local file = require "cognito.storage.file"
local strace = require "spec.support.strace"

local path, from, to = arg[1], arg[2], arg[3]
local key = ("ab"):rep(32)

local function say(what, ok, err)
  local answer = type(err) == "table" and err.kind .. " " .. tostring(err.code) or tostring(err)
  io.stdout:write(what, " ", ok and "ok" or answer, "\n")
  io.stdout:flush()
  return ok
end

local function record(version)
  return { version = version, refresh_token = ("token of %s "):format(version):rep(100) }
end

local storage = file.new { path = path }

if to == "loop" then
  local n = tonumber(from:match "%d+$")
  while true do
    local token = storage:try_lock(key, 30)
    say(("%d"):format(n + 1), storage:put(key, record("a." .. n + 1), n > 0 and "a." .. n or nil))
    storage:unlock(key, token)
    n = n + 1
  end
end

for _ = 1, tonumber(arg[4] or 0) do assert(storage:put(key, record(from), from)) end

strace.mark "BEGIN"
local token, busy = storage:try_lock(key, 30)
say("lock", token, busy)
local old, err = storage:get(key)
if from == "none" then say("get", old == nil and not err, err) else say("get", old, err) end
say("put", storage:put(key, record(to), from ~= "none" and from or nil))
if token then say("unlock", storage:unlock(key, token)) end
strace.mark "END"
