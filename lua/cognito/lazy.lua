--- Modules that many programs never use, in the place of `require`:
--
--     local device = lazy.module "cognito.device"
--
-- The module is loaded when the first of its functions is asked for, which is before that function is called: loading
-- never yields, so a function that does may be called this way in every Lua.
-- @module cognito.lazy

local lazy = {}

local waiting = {}
local open_spare, spare

local Late = {}

-- A failure may be told when no descriptor is left, and what words it is a file.
local function load(name)
  local ok, value = pcall(require, name)
  if ok then return value end
  if not spare then error(value, 0) end
  spare:close()
  ok, value = pcall(require, name)
  spare = open_spare()
  return ok and value or error(value, 0)
end

function Late.__index(stand_in, name)
  local value = load(stand_in[Late])[name]
  stand_in[name] = value
  return value
end

--- Stands for a module until it is needed.
-- @tparam string name as for `require`
-- @treturn table has the module's functions
function lazy.module(name)
  waiting[#waiting + 1] = name
  return setmetatable({ [Late] = name }, Late)
end

--- Keeps a descriptor in reserve for modules that are loaded when there is no other left.
-- @tparam function open gives an object with `close`; called once, and after each use
function lazy.keep_spare(open)
  open_spare, spare = open, spare or open()
end

--- Loads all that wait, and what they have wait: for a program that must not read from the disk later.
function lazy.load()
  while waiting[1] do load(table.remove(waiting)) end
end

return lazy
