--- Calls the Lua functions that stand in the place of Lambda triggers.
-- @module cognito.emulator.trigger

local errors = require "cognito.emulator.errors"

local M = {}

-- Without the place in the file that Lua puts before a message.
local function plain(message) return (tostring(message):gsub("^[^%s:]+:%d+: ", "")) end

--- Refuses in a trigger's name.
-- @tparam string name such as "PreSignUp"
-- @tparam string message
function M.refuse(name, message)
  errors.throw("UserLambdaValidation", ("%s failed with error %s."):format(name, plain(message)))
end

--- Runs a trigger; what it throws is a UserLambdaValidationException.
-- @tparam function fn
-- @tparam string name
-- @param ... its arguments
-- @return what it returns
function M.run(fn, name, ...)
  local results = table.pack(pcall(fn, ...))
  if not results[1] then M.refuse(name, results[2]) end
  return table.unpack(results, 2, results.n)
end

return M
