--- Modules that many programs never use, in the place of `require`:
--
--     local device = lazy.module "cognito.device"
--
-- The module is loaded when the first of its functions is asked for, which is before that function is called: loading
-- never yields, so a function that does may be called this way in every Lua.
-- @module cognito.lazy

local lazy = {}

local waiting = {}

local Late = {}

function Late.__index(stand_in, name)
  local value = require(stand_in[Late])[name]
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

--- Loads all that wait, and what they have wait: for a program that must not read from the disk later.
function lazy.load()
  while waiting[1] do require(table.remove(waiting)) end
end

return lazy
