--- Temporary folders and files for specs.
local M = {}

local made = {}

function M.quote(word) return "'" .. tostring(word):gsub("'", "'\\''") .. "'" end

--- Makes a folder of mode 0700 that `M.cleanup` removes.
-- @tparam[opt] string parent where; else where the system keeps such folders
function M.dir(parent)
  local where = parent and M.quote(parent .. "/lua-cognito.XXXXXXXX") or "-t lua-cognito.XXXXXXXX"
  local pipe = assert(io.popen("mktemp -d " .. where, "r"))
  local path = pipe:read("*l")
  pipe:close()
  assert(path and path ~= "", "mktemp failed")
  made[#made + 1] = path
  return path
end

function M.remove(path)
  assert(path:find("lua-cognito.", 1, true), "not a temporary folder of ours: " .. path)
  os.execute("rm -rf " .. M.quote(path))
end

--- Removes every folder made so far; call it in `teardown`.
function M.cleanup()
  for _, path in ipairs(made) do M.remove(path) end
  made = {}
end

function M.write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

--- The whole file, or nil when it cannot be opened.
function M.read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

return M
