--- A token with which a caller ends calls that are under way.
-- @module cognito.cancel

local cancel = {}

local Token = { __name = "cognito.cancel" }
Token.__index = Token

--- Makes a token. Give it as `cancel` to any number of calls.
-- @treturn table `cancelled` (boolean) and `listeners` (a set of functions that a waiting host keeps)
function cancel.new()
  return setmetatable({ cancelled = false, listeners = {} }, Token)
end

--- Ends every call that has the token, now and later, with an error of kind `cancelled`.
-- What the service has already begun it may still finish: see `maybe_processed` of the error.
function Token:cancel()
  if self.cancelled then return end
  self.cancelled = true
  local waiting = {}
  for listener in pairs(self.listeners) do waiting[#waiting + 1] = listener end
  for _, listener in ipairs(waiting) do listener() end
end

function Token:__tostring()
  return self.cancelled and "cognito.cancel (cancelled)" or "cognito.cancel"
end

return cancel
