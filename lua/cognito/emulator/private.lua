--- Files that only their owner can read.
-- @module cognito.emulator.private

local random = require "cognito.emulator.random"

local M = {}

local function fill(path, text)
  os.execute("umask 077; : 2>/dev/null > '" .. path:gsub("'", "'\\''") .. "'")
  local file, why = io.open(path, "w")
  if not file then return nil, why end
  local ok
  ok, why = file:write(text)
  local closed, lost = file:close()
  return ok and closed, why or lost
end

--- Writes a file beside and renames it, so that nobody reads half of it.
-- @tparam string path
-- @tparam string text
-- @treturn boolean|nil true, or nil and why not
function M.write(path, text)
  local temporary = path .. "." .. random.hex(random.bytes(6))
  local ok, why = fill(temporary, text)
  if ok then ok, why = os.rename(temporary, path) end
  if ok then return true end
  os.remove(temporary)
  return nil, (tostring(why):gsub("^.*: ", ""))
end

return M
