--- What is said when the profiles cannot be used, and what to do about it. All of them are errors of kind `config`.
-- @module cognito.cli.complaints
local errors = require "cognito.errors"

local complaints = {}

local AWAY = "move it away and run `cognito configure` again, or point XDG_CONFIG_HOME elsewhere"
local WRITABLE = "make its folder writable for you, or point XDG_CONFIG_HOME elsewhere"

local HINTS = {
  mode = "run `chmod %s %s`; it may hold a client secret, so nobody else may read it",
  owner = "run the command as its owner, or point XDG_CONFIG_HOME elsewhere",
  parent = "take the right to write there from others (chmod o-w), or point XDG_CONFIG_HOME elsewhere",
  too_large = AWAY, symlink = AWAY, links = AWAY, not_file = AWAY, not_folder = AWAY,
  EACCES = WRITABLE, EPERM = WRITABLE, EROFS = WRITABLE, ENOENT = WRITABLE, ENOTDIR = WRITABLE,
  ENOSPC = "make room on its disk", EDQUOT = "make room on its disk",
}

--- The error of a file or folder that cannot be used.
-- @tparam string code of `cognito.posix`
-- @tparam string message
-- @tparam string path
-- @tparam string mode what it should have
-- @treturn table of kind `config`
function complaints.refuse(code, message, path, mode)
  return errors.new("config", path .. ": " .. message, {
    field = path, code = code, hint = HINTS[code] and HINTS[code]:format(mode, path),
  })
end

--- There is no place for the profiles.
-- @treturn table
function complaints.no_home()
  return errors.new("config", "neither XDG_CONFIG_HOME nor HOME is set", { field = "HOME" })
end

--- What the file holds are no profiles.
-- @tparam string path
-- @treturn table
function complaints.not_ours(path)
  return errors.new("config", path .. ": this is not what `cognito configure` writes", {
    field = path, hint = "mend it, or move it away and run `cognito configure` again",
  })
end

--- The profile that is asked for is not there.
-- @tparam[opt] string name nil: none was asked for, and there is no default one
-- @treturn table
function complaints.no_profile(name)
  if not name then
    return errors.new("config", "there is no profile yet", { hint = "run `cognito configure`" })
  end
  return errors.new("config", "there is no profile " .. name, {
    field = name, hint = "`cognito configure --list` shows which there are",
  })
end

return complaints
