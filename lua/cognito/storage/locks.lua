--- The lock files of a file storage: `KEY.lock`, one a session. The kernel frees a lock with its process.
--
-- The state is the storage's: `held` (key -> token, weak: a lock that everybody forgot is given back), `dropped`
-- (key -> true: the file goes with the lock), `last` (the lock that was given back last, kept open because it is
-- often the next one to be taken).
-- @module cognito.storage.locks

local locks = {}

--- @treturn table the state of a storage that holds no lock
function locks.new()
  return { held = setmetatable({}, { __mode = "v" }), dropped = {} }
end

--- Notes a lock as held.
-- @tparam table state
-- @tparam string key
-- @tparam[opt] userdata lock none where the folder has no locks
-- @treturn table its token
function locks.hold(state, key, lock)
  local token = { lock = lock }
  state.held[key] = token
  return token
end

local function open(state, folder, key)
  local last = state.last
  state.last = nil
  if last and last.key == key then return last.lock end
  if last then last.lock:close() end
  return folder:lock(key .. ".lock")
end

--- Takes a lock, through a file that still has its name once the lock is ours.
-- @tparam table state
-- @tparam userdata folder of `cognito.posix`
-- @tparam string key
-- @treturn table|nil a token, or nil, a code (`busy`: somebody else has it) and a message of `cognito.posix`
function locks.take(state, folder, key)
  for _ = 1, 100 do
    local lock, code, message = open(state, folder, key)
    if not lock then return nil, code, message end
    local ok
    ok, code, message = lock:try()
    if ok and lock:is_current() then return locks.hold(state, key, lock) end
    lock:close()
    if not ok then return nil, code, message end
  end
  return nil, "busy"
end

local function close_and_remove(state, folder, key, lock)
  state.dropped[key] = nil
  if folder then folder:remove(key .. ".lock") end
  return lock:close()
end

--- Gives a lock back, and keeps it open or removes its file.
-- @tparam table state
-- @tparam[opt] userdata folder none where it is gone
-- @tparam string key
-- @tparam userdata lock
-- @treturn boolean|nil true, or nil, a code and a message of `cognito.posix`
function locks.give_back(state, folder, key, lock)
  if state.dropped[key] then return close_and_remove(state, folder, key, lock) end
  local ok, code, message = lock:release()
  if not ok then return nil, code, message end
  if state.last then state.last.lock:close() end
  state.last = { key = key, lock = lock }
  return true
end

--- Removes the lock file of a record that is gone; by its holder or under the guard, for nobody may take a lock through
-- a name that is about to go.
-- @tparam table state
-- @tparam userdata folder
-- @tparam string key
function locks.drop(state, folder, key)
  if state.held[key] then
    state.dropped[key] = true
    return
  end
  local lock = folder:lock(key .. ".lock")
  if lock and lock:try() and lock:is_current() then folder:remove(key .. ".lock") end
  if lock then lock:close() end
end

return locks
