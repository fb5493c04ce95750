--- Sessions in files of one user: what a script, a command or a desktop program keeps between two runs.
--
-- Each record is a file `KEY.session` of mode 0600 in a folder of mode 0700, replaced whole (temporary file, fsync,
-- rename, fsync of the folder). Many processes may share the folder: a short lock on the file `lock` makes each
-- compare-and-set one step, and `try_lock` is a lock on `KEY.lock`. The kernel frees both when a process dies, so a
-- lock has no lease here. What cannot be used (damaged, of a newer version, changed, rolled back) is renamed to
-- `KEY.session.bad-TIME` and reported once; it is never overwritten. What is unsafe (open to others, somebody else's,
-- a link) is refused and left where it is.
--
-- Writing waits for the disk, so this storage blocks; it is refused inside nginx.
-- @module cognito.storage.file

local codec = require "cognito.storage.codec"
local options = require "cognito.options"
local posix = require "cognito.posix"
local trouble = require "cognito.storage.trouble"

local file = {}

local File = { __name = "cognito.storage.file" }
File.__index = File

local OPTIONS = { path = "string", key = "string|function|table", lock = "string" }
local GUARD = "lock"
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
        held = setmetatable({}, { __mode = "v" }), -- key -> lock; a lock that everybody forgot is given back
        dropped = {}, -- key -> true: remove the lock file with the lock
        seen = opts.key and codec.watch(),
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
    local folder, code, message = posix.folder(self.path)
    if not folder then return nil, folder_failure(self, code, message) end
    if not self.lockless and folder:is_remote() then
        return nil, folder_failure(self, "no_locks", "locks cannot be trusted on a network file system")
    end
    self.folder, self.guard = folder, nil
    return folder
end

-- A folder that was removed since (and perhaps made anew) is opened again.
local function open(self)
    local folder = self.folder
    if folder and not folder:is_gone() then return folder end
    return open_folder(self)
end

-- Only whoever holds the guard has a temporary file: one that is there was left by a writer that was killed.
local function sweep(folder)
    for _, name in ipairs(folder:list() or {}) do
        if name:find("^%.tmp%-") then folder:remove(name) end
    end
end

-- After a fork the guard is opened anew, since an inherited one would not keep parent and child apart.
local function open_guard(self, folder)
    local guard, code, message = folder:lock(GUARD)
    if not guard then return nil, code, message end
    self.guard, self.guard_pid = guard, posix.getpid()
    return guard
end

local function guard_of(self, folder)
    if self.guard and self.guard_pid == posix.getpid() then return self.guard end
    return open_guard(self, folder)
end

-- The guard's file may have been removed by hand: a lock on a file without name keeps nobody out.
local function try_guard(self, folder)
    local guard, code, message = guard_of(self, folder)
    if not guard then return nil, code, message end
    local ok
    ok, code, message = guard:try()
    if not ok then return nil, code, message end
    if guard:is_current(folder) then return true end
    guard:close()
    self.guard = nil
    return nil, "busy", "the lock was removed again and again"
end

local function take_guard(self, folder)
    local ends, pause = posix.monotime() + GUARD_WAIT, 0.0002
    while true do
        local ok, code, message = try_guard(self, folder)
        if ok then return true end
        if code ~= "busy" or posix.monotime() > ends then return nil, folder_failure(self, code, message) end
        posix.sleep(pause)
        pause = math.min(pause * 1.5, 0.02)
    end
end

-- Runs fn(self, folder, ...) alone among all processes. It throws only when memory is out; the guard is free then too.
local function guarded(self, fn, ...)
    local folder, err = open(self)
    if not folder then return nil, err end
    if self.lockless then return fn(self, folder, ...) end
    local ok
    ok, err = take_guard(self, folder)
    if not ok then return nil, err end
    if not self.swept then
        sweep(folder)
        self.swept = true
    end
    local done, result, problem = pcall(fn, self, folder, ...)
    self.guard:release()
    if not done then error(result, 0) end
    return result, problem
end

-- ---- records -------------------------------------------------------------------------------------------------------

local function file_of(key)
    return key .. ".session"
end

-- `false` when there is none.
local function read(self, folder, key)
    local text, code, message = folder:read(file_of(key), codec.max_size)
    if text then return text end
    if code == "ENOENT" then return false end
    return nil, file_failure(self, key, code, message)
end

local function decode(self, key, text)
    local record, problem = codec.decode(key, text, self.keys)
    if record and self.seen and not self.seen:note(key, record.version) then return nil, "rolled_back" end
    return record, problem
end

local PUT_ASIDE = { corrupt = true, tampered = true, rolled_back = true, newer = true }

local function rename_aside(folder, key)
    local stem = file_of(key) .. os.date("!.bad-%Y%m%dT%H%M%SZ")
    local name, turn = stem, 1
    local ok, code = folder:rename(file_of(key), name)
    while not ok and code == "EEXIST" and turn < 1000 do
        name, turn = stem .. "-" .. turn, turn + 1
        ok, code = folder:rename(file_of(key), name)
    end
    return ok and name
end

local function forget(self, key)
    self.last = nil
    if self.seen then self.seen:forget(key) end
end

-- Under the guard.
local function set_aside(self, folder, key, code)
    forget(self, key)
    local name = rename_aside(folder, key)
    local where = name and ("sign in again; the old file is kept as %s/%s"):format(self.path, name)
        or ("it could not be renamed; move %s away and sign in again"):format(path_of(self, key))
    return codec.problem(code, "the session file " .. path_of(self, key), where)
end

local function refusal(self, folder, key, problem)
    if type(problem) == "table" then return problem end
    if PUT_ASIDE[problem] then return set_aside(self, folder, key, problem) end
    return codec.problem(problem, "the session file " .. path_of(self, key))
end

-- Under the guard: the stored record, `false` when there is none, or nil and an error.
local function current(self, folder, key)
    local text, err = read(self, folder, key)
    if not text then return text, err end
    local last = self.last
    if last and last.text == text and last.key == key then return last.record end
    local record, problem = decode(self, key, text)
    if record then return record end
    return nil, refusal(self, folder, key, problem)
end

-- Without the guard somebody may have replaced what `get` could not use: look again before it is put aside.
local function current_copy(self, folder, key)
    local record, err = current(self, folder, key)
    return record or nil, err
end

--- Reads a record.
-- @tparam string key
-- @treturn table|nil the record, or nil when there is none, or nil and an error of kind `store`
function File:get(key)
    local folder, err = open(self)
    if not folder then return nil, err end
    local text
    text, err = read(self, folder, key)
    if not text then return nil, err end
    local record, problem = decode(self, key, text)
    if not record then
        if type(problem) == "table" then return nil, problem end
        self.last = nil
        return guarded(self, current_copy, key)
    end
    self.last = { key = key, text = text, record = { version = record.version } }
    return record
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
    self.last = nil
    if not may_replace(stored, record, expected) then return nil, trouble.conflict() end
    local text
    text, err = codec.encode(key, record, self.keys)
    if not text then return nil, err end
    local ok, code, message = folder:write(file_of(key), text)
    if not ok then return nil, file_failure(self, key, code, message) end
    if self.seen then self.seen:note(key, record.version) end
    return true
end

--- Compare-and-set; durable when it answers true.
-- @tparam string key
-- @tparam table record has a string `version`
-- @tparam[opt] string expected the version that must be stored now; nil: none may be
-- @treturn boolean|nil true, or nil and an error of kind `store`: the old record is untouched then
function File:put(key, record, expected)
    return guarded(self, compare_and_write, key, record, expected)
end

-- Under the guard or by the holder: nobody may take a lock through a name that is about to go.
local function drop_lock(self, folder, key)
    if self.lockless then return end
    if self.held[key] then
        self.dropped[key] = true
        return
    end
    local lock = folder:lock(key .. ".lock")
    if lock and lock:try() and lock:is_current(folder) then folder:remove(key .. ".lock") end
    if lock then lock:close() end
end

local function compare_and_remove(self, folder, key, expected)
    if expected then
        local stored, err = current(self, folder, key)
        if stored == nil then return nil, err end
        if not stored or stored.version ~= expected then return nil, trouble.conflict() end
    end
    forget(self, key)
    local ok, code, message = folder:remove(file_of(key))
    if not ok and code ~= "ENOENT" then return nil, file_failure(self, key, code, message) end
    drop_lock(self, folder, key)
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

local function take_lock(folder, key)
    for _ = 1, 100 do
        local lock, code, message = folder:lock(key .. ".lock")
        if not lock then return nil, code, message end
        local ok
        ok, code, message = lock:try()
        if ok and lock:is_current(folder) then return lock end
        lock:close()
        if not ok then return nil, code, message end
    end
    return nil, "busy"
end

--- Takes the lock of a key. It ends with the process at the latest.
-- @tparam string key
-- @treturn userdata|nil a token, or nil and "busy", or nil and an error of kind `store`
function File:try_lock(key)
    if self.held[key] then return nil, "busy" end
    if self.lockless then
        self.held[key] = {}
        return self.held[key]
    end
    local folder, err = open(self)
    if not folder then return nil, err end
    local lock, code, message = take_lock(folder, key)
    if not lock then return nil, code == "busy" and code or folder_failure(self, code, message) end
    self.held[key] = lock
    return lock
end

local function give_back(self, key, lock)
    if self.lockless then return true end
    if self.dropped[key] then
        self.dropped[key] = nil
        self.folder:remove(key .. ".lock")
    end
    local ok, code, message = lock:close()
    if ok then return true end
    return nil, folder_failure(self, code, message)
end

--- Gives a lock back.
-- @tparam string key
-- @param token what try_lock gave
-- @treturn boolean|nil true, or nil and an error of kind `store`
function File:unlock(key, token)
    local lock = self.held[key]
    if not lock or lock ~= token then
        return nil, trouble.lock_lost()
    end
    self.held[key] = nil
    return give_back(self, key, lock)
end

return file
