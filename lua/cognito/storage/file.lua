--- Sessions in files of one user: what a script, a command or a desktop program keeps between two runs.
--
-- Each record is a file `KEY.session` of mode 0600 in a folder of mode 0700, replaced whole (another file, fsync,
-- rename, fsync of the folder). The file of the record before may stay as `KEY.session.spare`, for its process to write
-- the next one into; it is never read, and goes with the record.
--
-- Many processes may share the folder: a short lock of the folder itself, the guard, makes each compare-and-set one
-- step, and `try_lock` is a lock on `KEY.lock`. The kernel frees both when a process dies, so a lock has no lease here.
-- What cannot be used (damaged, of a newer version, changed, rolled back) is renamed to `KEY.session.bad-TIME` and
-- reported once; it is never overwritten. What is unsafe (open to others, somebody else's, a link) is refused and left
-- where it is.
--
-- Writing waits for the disk, so this storage blocks; it is refused inside nginx.
-- @module cognito.storage.file

-- Nothing of it is loaded late: it has to answer when no file can be opened any more.
local codec = require "cognito.storage.codec"
local lazy = require "cognito.lazy"
local locks = require "cognito.storage.locks"
local options = require "cognito.options"
local posix = require "cognito.posix"

local trouble = lazy.module "cognito.storage.trouble"

local getpid = posix.getpid

local file = {}

local File = { __name = "cognito.storage.file" }
File.__index = File

local OPTIONS = { path = "string", key = "string|function|table", lock = "string" }
local GUARD_WAIT = 5 -- seconds; the guard is held for two fsyncs, so somebody who keeps it longer is stopped or stuck

-- Inside nginx a write to the disk would hold up every request of the worker.
local function refuse_nginx()
  if rawget(_G, "ngx") then
    error("cognito.storage.file blocks and cannot be used inside nginx; "
      .. "use cognito.storage.redis or cognito.storage.shared_dict", 3)
  end
end

local function default_path()
  local state, home = os.getenv("XDG_STATE_HOME"), os.getenv("HOME")
  if state and state:sub(1, 1) == "/" then return state .. "/lua-cognito" end
  if home and home:sub(1, 1) == "/" then return home .. "/.local/state/lua-cognito" end
end

--- Makes a file storage. Nothing is opened before the first use, so that a folder that cannot be used is an error of
-- that call and not a storage that is missing.
-- @tparam[opt] table opts `path`: the folder (default: `$XDG_STATE_HOME/lua-cognito`, else
-- `~/.local/state/lua-cognito`; made when missing); `key`: seals the records, see `cognito.storage.keys`;
-- `lock = "none"`: for a folder without locks (NFS), when a single process uses it
-- @treturn table a storage: see docs/architecture.md for the contract
function file.new(opts)
  opts = options.check(opts or {}, OPTIONS, "cognito.storage.file")
  refuse_nginx()
  if opts.lock and opts.lock ~= "none" then error('cognito.storage.file: lock can only be "none"', 2) end
  return setmetatable({
    name = "file", shared = false,
    path = opts.path or default_path(),
    keys = opts.key and require("cognito.storage.keys").new(opts.key, "cognito.storage.file"),
    lockless = opts.lock == "none",
    locks = locks.new(),
    seen = opts.key and require("cognito.storage.watch").new(),
  }, File)
end

local function path_of(self, key)
  return ("%s/%s.session"):format(self.path, key)
end

local function folder_failure(self, code, message)
  return trouble.folder(self.path, code, message)
end

local function file_failure(self, key, code, message)
  return trouble.file(path_of(self, key), code, message)
end

-- ---- the folder and its guard --------------------------------------------------------------------------------------

local function open_folder(self)
  if not self.path then
    return nil, trouble.no_home()
  end
  if self.path == "" or self.path:find("\0", 1, true) then
    return nil, folder_failure(self, "no_path", "a path has at least one character and no NUL byte")
  end
  local folder, code, message = posix.folder(self.path)
  if not folder then return nil, folder_failure(self, code, message) end
  if not self.lockless and folder:is_remote() then
    return nil, folder_failure(self, "no_locks", "locks cannot be trusted on a network file system")
  end
  self.folder, self.pid = folder, getpid()
  self.locks.last, self.last = nil, nil
  return folder
end

-- An inherited folder would not keep parent and child of a fork apart: the child opens its own.
local function open(self)
  if self.folder and self.pid == getpid() then return self.folder end
  return open_folder(self)
end

-- A folder that somebody removed (and perhaps made anew) since it was opened. Closing it gives its guard back.
local function was_removed(self)
  if not self.folder:is_gone() then return false end
  self.folder:close()
  self.folder, self.locks.last, self.last = nil, nil, nil
  return true
end

-- Only whoever holds the guard has a temporary file: one that is there was left by a writer that was killed. The spare
-- of a record that is gone has lost its use, and it holds tokens.
local function sweep(folder)
  local names, there = folder:list() or {}, {}
  for _, name in ipairs(names) do there[name] = true end
  for _, name in ipairs(names) do
    local record = name:match("^(%x+%.session)%.spare$")
    if name:find("^%.tmp%-") or record and not there[record] then folder:remove(name) end
  end
end

-- Returns the folder, its guard held.
local function take_guard(self)
  local ends, pause = posix.monotime() + GUARD_WAIT, 0.0002
  while true do
    local folder, err = open(self)
    if not folder then return nil, err end
    local ok, code, message = folder:try()
    if ok and not was_removed(self) then return folder end
    if not ok then
      if code ~= "busy" or posix.monotime() > ends then return nil, folder_failure(self, code, message) end
      posix.sleep(pause)
      pause = math.min(pause * 1.5, 0.02)
    end
  end
end

-- Runs fn(self, folder, ...) alone among all processes. It throws only when memory is out; the guard is free then too.
local function guarded(self, fn, ...)
  local folder, err = (self.lockless and open or take_guard)(self)
  if not folder then return nil, err end
  if not self.swept and not self.lockless then
    sweep(folder)
    self.swept = true
  end
  local done, result, problem = pcall(fn, self, folder, ...)
  if not self.lockless then folder:release() end
  if not done then error(result, 0) end
  return result, problem
end

-- ---- records -------------------------------------------------------------------------------------------------------

local function file_of(key)
  return key .. ".session"
end

-- What was read or written last is kept with its open file, which tells whether the name still means it: the usual
-- refresh then decodes nothing.
local function keep(self, key, handle, record)
  if self.last then self.last.file:close() end
  self.last = { key = key, file = handle, record = record }
  return record
end

local function forget(self, key)
  if self.last then self.last.file:close() end
  self.last = nil
  if self.seen then self.seen:forget(key) end
end

local function decode(self, key, text)
  local record, problem = codec.decode(key, text, self.keys)
  if record and self.seen and not self.seen:note(key, record.version) then return nil, "rolled_back" end
  return record, problem
end

-- The stored record, not to be changed; `false` when there is none; nil and an error or a code of `codec.decode`.
local function load(self, folder, key)
  local last = self.last
  if last and last.key == key and last.file:is(folder, file_of(key)) then return last.record end
  local text, handle, message = folder:read(file_of(key), codec.max_size)
  if not text then
    if handle == "ENOENT" then return false end
    return nil, file_failure(self, key, handle, message)
  end
  local record, problem = decode(self, key, text)
  if record then return keep(self, key, handle, record) end
  handle:close()
  return nil, problem
end

local PUT_ASIDE = { corrupt = true, tampered = true, rolled_back = true, newer = true }

-- Under the guard.
local function set_aside(self, folder, key, code)
  forget(self, key)
  folder:remove(file_of(key) .. ".spare")
  return trouble.put_aside(folder, self.path, file_of(key), os.date("!.bad-%Y%m%dT%H%M%SZ"), code)
end

local function refusal(self, folder, key, problem)
  if type(problem) == "table" then return problem end
  if PUT_ASIDE[problem] then return set_aside(self, folder, key, problem) end
  return trouble.record(problem, "the session file " .. path_of(self, key))
end

-- Under the guard: as `load`, but what cannot be used is put aside, and there are errors only.
local function current(self, folder, key)
  local record, problem = load(self, folder, key)
  if record ~= nil then return record end
  return nil, refusal(self, folder, key, problem)
end

-- Without the guard somebody may have replaced what `get` could not use: look again before it is put aside.
local function current_copy(self, folder, key)
  local record, err = current(self, folder, key)
  return record and codec.copy(record) or nil, err
end

--- Reads a record.
-- @tparam string key
-- @treturn table|nil the record, or nil when there is none, or nil and an error of kind `store`
function File:get(key)
  local folder, err = open(self)
  if not folder then return nil, err end
  local record, problem = load(self, folder, key)
  if record then return codec.copy(record) end
  if record == false then
    if was_removed(self) then return self:get(key) end
    return nil
  end
  if type(problem) == "table" then return nil, problem end
  return guarded(self, current_copy, key)
end

-- A repeated put of the very record that is stored is no conflict: the first may have failed after its rename.
local function may_replace(stored, record, expected)
  local version = stored and stored.version or nil
  if version == expected then return true end
  return stored and codec.same(stored, record)
end

local function compare_and_write(self, folder, key, record, expected)
  local stored, err = current(self, folder, key)
  if stored == nil then return nil, err end
  if not may_replace(stored, record, expected) then return nil, trouble.conflict() end
  local head, body, tail = codec.encode(key, record, self.keys)
  if not head then return nil, body end
  local handle, code, message = folder:write(file_of(key), head, body, tail)
  if not handle then return nil, file_failure(self, key, code, message) end
  keep(self, key, handle, record)
  if self.seen then self.seen:note(key, record.version) end
  return true
end

-- The usual refresh: the version that is expected was read or written last. Nil alone: more has to be done.
local function replace_last(self, folder, key, record)
  local last = self.last
  local head, body, tail = codec.encode(key, record, self.keys)
  if not head then return nil, body end
  local ok, code, message = folder:replace(last.file, file_of(key), head, body, tail)
  if ok then
    last.record = record
    if self.seen then self.seen:note(key, record.version) end
    return true
  end
  if code ~= "changed" and code ~= "busy" then return nil, file_failure(self, key, code, message) end
end

--- Compare-and-set; durable when it answers true.
-- @tparam string key
-- @tparam table record has a string `version`
-- @tparam[opt] string expected the version that must be stored now; nil: none may be
-- @treturn boolean|nil true, or nil and an error of kind `store`: the old record is untouched then
function File:put(key, record, expected)
  local folder, last = self.folder, self.last
  if last and last.key == key and last.record.version == expected and self.swept and self.pid == getpid() then
    local ok, err = replace_last(self, folder, key, record)
    if ok or err then return ok, err end
  end
  return guarded(self, compare_and_write, key, record, expected)
end

local function compare_and_remove(self, folder, key, expected)
  if expected then
    local stored, err = current(self, folder, key)
    if stored == nil then return nil, err end
    if not stored or stored.version ~= expected then return nil, trouble.conflict() end
  end
  forget(self, key)
  local ok, code, message = folder:remove_record(file_of(key))
  if not ok and code ~= "ENOENT" then return nil, file_failure(self, key, code, message) end
  if not self.lockless then locks.drop(self.locks, folder, key) end
  return true
end

--- Removes a record.
-- @tparam string key
-- @tparam[opt] string expected the version that must be stored now; nil: whatever is there
-- @treturn boolean|nil true, or nil and an error of kind `store`
function File:delete(key, expected)
  return guarded(self, compare_and_remove, key, expected)
end

--- Lists the keys that have a record.
-- @treturn table|nil a list of strings, or nil and an error of kind `store`
function File:list()
  local folder, err = open(self)
  if not folder then return nil, err end
  local names, code, message = folder:list()
  if not names then return nil, folder_failure(self, code, message) end
  local found = {}
  for _, name in ipairs(names) do
    found[#found + 1] = name:match("^(" .. ("%x"):rep(64) .. ")%.session$")
  end
  return found
end

-- ---- locks ---------------------------------------------------------------------------------------------------------

--- Takes the lock of a key. It ends with the process at the latest.
-- @tparam string key
-- @treturn table|nil a token, or nil and "busy", or nil and an error of kind `store`
function File:try_lock(key)
  if self.locks.held[key] then return nil, "busy" end
  if self.lockless then return locks.hold(self.locks, key) end
  local folder, err = open(self)
  if not folder then return nil, err end
  local token, code, message = locks.take(self.locks, folder, key)
  if token then return token end
  if code == "ENOENT" and was_removed(self) then return self:try_lock(key) end
  return nil, code == "busy" and code or folder_failure(self, code, message)
end

--- Gives a lock back.
-- @tparam string key
-- @param token what try_lock gave
-- @treturn boolean|nil true, or nil and an error of kind `store`
function File:unlock(key, token)
  if not token or self.locks.held[key] ~= token then return nil, trouble.lock_lost() end
  self.locks.held[key] = nil
  if self.lockless then return true end
  local ok, code, message = locks.give_back(self.locks, self.folder, key, token.lock)
  if not ok then return nil, folder_failure(self, code, message) end
  return true
end

return file
