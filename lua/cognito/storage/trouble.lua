--- The errors of storages, those of the file storage above all, each with its cure.
-- @module cognito.storage.trouble

local errors = require "cognito.errors"

local trouble = {}

local FOLDER_HINTS = {
  mode = "chmod 700 %s",
  owner = "run as the owner of %s, or give another path",
  symlink = "give the path of the real folder instead of %s",
  parent = "chmod o-w the folder above %s that everybody can write, or give another path",
  not_folder = "give the path of a folder instead of %s",
  no_path = "give the path of a folder as the option path, or leave the option out",
  ENOTDIR = "give the path of a folder instead of %s",
  EACCES = "make %s readable and writable for this user, or give another path",
  EPERM = "make %s readable and writable for this user, or give another path",
  EROFS = "give a path on a disk that can be written instead of %s",
  ENOSPC = "make room on the disk of %s",
  EDQUOT = "make room on the disk of %s",
  no_locks = 'use a local folder instead of %s, or lock = "none" if a single process uses it',
  busy = "look for a stopped process that holds a lock in %s",
}

local FILE_HINTS = {
  mode = "chmod 600 %s if nobody else has read it; else remove it and sign in again",
  owner = "remove %s or give it to the user of this process",
  symlink = "remove %s",
  links = "remove %s",
  not_file = "remove %s",
  too_large = "move %s away and sign in again",
}

local function failure(what, path, code, message, hint)
  return errors.new("store", ("%s %s: %s"):format(what, path, message),
    { code = code, hint = hint and hint:format(path) })
end

--- Something is wrong with the folder.
-- @tparam string path
-- @tparam string code of `cognito.posix`
-- @tparam string message of `cognito.posix`
-- @treturn table an error of kind `store`
function trouble.folder(path, code, message)
  return failure("the session folder", path, code, message, FOLDER_HINTS[code])
end

--- Something is wrong with one file in it.
-- @tparam string path
-- @tparam string code of `cognito.posix`
-- @tparam string message of `cognito.posix`
-- @treturn table an error of kind `store`
function trouble.file(path, code, message)
  return failure("the session file", path, code, message, FILE_HINTS[code] or FOLDER_HINTS[code])
end

local RECORDS = {
  corrupt = "is damaged or not a record of this library",
  tampered = "was changed by somebody without the key, or belongs to another place",
  rolled_back = "is older than one that was seen before: somebody has put an old copy back",
  newer = "was written by a newer version of lua-cognito",
  key = "is sealed with a key that is not among the given ones",
  sealed = "is sealed, and no key was given",
  not_sealed = "is not sealed, though a key was given",
}

local RECORD_HINTS = {
  newer = "update lua-cognito",
  key = "give the key it was sealed with as an older key",
  sealed = "give the key it was sealed with",
  not_sealed = "remove it and sign in again; or leave the key out",
}

--- A record cannot be used.
-- @tparam string code of `cognito.storage.codec.decode`, or `rolled_back`
-- @tparam string what names the record for a person
-- @tparam[opt] string hint what to do; else the usual cure
-- @treturn table an error of kind `store`
function trouble.record(code, what, hint)
  return errors.new("store", ("%s %s"):format(what, RECORDS[code]), { code = code, hint = hint or RECORD_HINTS[code] })
end

local function rename(folder, name, stem)
  local new, turn = stem, 1
  local ok, code = folder:rename(name, new)
  while not ok and code == "EEXIST" and turn < 1000 do
    new, turn = stem .. "-" .. turn, turn + 1
    ok, code = folder:rename(name, new)
  end
  return ok and new
end

--- Puts a record file that cannot be used out of the way, for a person to look at.
-- @tparam userdata folder of `cognito.posix`
-- @tparam string path of the folder
-- @tparam string name of the file
-- @tparam string suffix of its new name
-- @tparam string code of `trouble.record`
-- @treturn table an error of kind `store`
function trouble.put_aside(folder, path, name, suffix, code)
  local new = rename(folder, name, name .. suffix)
  local hint = new and ("sign in again; the old file is kept as %s/%s"):format(path, new)
    or ("it could not be renamed; move %s/%s away and sign in again"):format(path, name)
  return trouble.record(code, ("the session file %s/%s"):format(path, name), hint)
end

--- The stored version is not the expected one.
-- @treturn table an error of kind `store`, code `conflict`
function trouble.conflict()
  return errors.new("store", "the record was changed by somebody else", { code = "conflict" })
end

--- The lock is held by somebody else, or by nobody.
-- @treturn table an error of kind `store`, code `lock_lost`
function trouble.lock_lost()
  return errors.new("store", "the lock is not ours", { code = "lock_lost" })
end

--- There is no folder to keep sessions in.
-- @treturn table an error of kind `store`, code `no_home`
function trouble.no_home()
  return errors.new("store", "there is no home folder to keep sessions in",
    { code = "no_home", hint = "set HOME or XDG_STATE_HOME, or give path" })
end

return trouble
