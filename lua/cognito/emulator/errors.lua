--- Errors of the service: what an operation throws and the wire turns into an answer.
-- @module cognito.emulator.errors

local M = {}

local Fault = { __name = "emulator.fault" }

local SERVER = { InternalErrorException = true, InternalServerException = true }

--- The status that the live service was seen to send (not the one of its Smithy model).
-- @tparam string code such as "NotAuthorizedException"
-- @treturn integer HTTP status
function M.status(code)
  if SERVER[code] then return 500 end
  if code == "ForbiddenException" then return 403 end
  return 400
end

--- Throws an error of the service.
-- @tparam string code without its "Exception", such as "NotAuthorized"
-- @tparam string message
-- @tparam[opt] table extra `capital` (the member is "Message"), `reason` (reasonCode), `status`
function M.throw(code, message, extra)
  extra = extra or {}
  error(setmetatable({
    code = code .. "Exception", message = message, capital = extra.capital, reason = extra.reason,
    status = extra.status or M.status(code .. "Exception"),
  }, Fault), 0)
end

--- Throws unless the condition holds.
function M.check(condition, code, message)
  if not condition then M.throw(code, message) end
  return condition
end

--- @treturn boolean whether a thrown value is an error of the service (and not a bug of the emulator)
function M.is(value) return getmetatable(value) == Fault end

return M
