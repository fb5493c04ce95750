--- Reads the project's own sources for the specs about its structure.
local tmp = require "spec.support.tmp"
local M = {}

--- The lines that a shell command prints.
function M.lines(command)
  local pipe = assert(io.popen(command, "r"))
  local list = {}
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

--- Paths below `folder` that match a find(1) name pattern, sorted.
function M.files(folder, name)
  return M.lines(("find %s -name '%s' -type f 2>/dev/null | LC_ALL=C sort"):format(folder, name))
end

M.read = tmp.read

-- What opens a piece of text that is not Lua code, and where it ends.
local function skipped(text, at)
  local equals = text:match("^%-%-%[(=*)%[", at) or text:match("^%[(=*)%[", at)
  if equals then return select(2, text:find("]" .. equals .. "]", at, true)) end
  if text:find("^%-%-", at) then return (text:find("\n", at, true) or #text + 1) - 1 end
  local quote = text:match("^[\"']", at)
  if not quote then return nil end
  local i = at + 1
  while text:sub(i, i) ~= quote do i = i + (text:sub(i, i) == "\\" and 2 or 1) end
  return i
end

--- Lua source without comments and with empty strings: what is left is code.
function M.code(text)
  local out, i = {}, 1
  while i <= #text do
    local stop = skipped(text, i)
    if stop then
      out[#out + 1] = text:find("^%-%-", i) and " " or '""'
      i = stop + 1
    else
      out[#out + 1] = text:sub(i, i)
      i = i + 1
    end
  end
  return table.concat(out)
end

--- True when `word` stands in the code as a name of its own (not as a field or a part of a longer name).
function M.names(code, word)
  return (" " .. code .. " "):find("[^%w_.:]" .. word .. "[^%w_]") ~= nil
end

--- Module names that a Lua source requires, at once or lazily (see cognito.lazy).
function M.requires(text)
  local list = {}
  -- comments and long strings go, short strings stay: `require "x"`, `require("x")`, `lazy.module "x"`
  local bare = text:gsub("%[(=*)%[.-%]%1%]", ""):gsub("%-%-[^\n]*", "")
  for _, word in ipairs { "require", "lazy%.module" } do
    for name in bare:gmatch(word .. "%s*%(?%s*[\"']([%w_.]+)[\"']") do list[#list + 1] = name end
  end
  return list
end

--- "lua/cognito/host/loop.lua" -> "cognito.host.loop"
function M.module_name(path)
  return (path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."))
end

return M
