--- awsJson1.1: from an HTTP request to an operation and back.
-- @module cognito.emulator.wire

local errors = require "cognito.emulator.errors"
local json = require "cognito.emulator.json"
local operations = require "cognito.emulator.operations"
local validate = require "cognito.emulator.validate"

local M = {}

local TARGET = "^AWSCognitoIdentityProviderService%.(%w+)$"
local CONTENT_TYPE = "application/x-amz-json-1.1"

-- What the front end answers before it knows which service is meant: no __type.
local function not_understood(status)
  return { status = status, body = json.encode { code = "BadRequest", type = "client",
    message = "The server did not understand the operation that was requested." } }
end

--- The operation that a request names, by its X-Amz-Target.
-- @treturn string|nil
function M.operation_name(request)
  return (request.headers["x-amz-target"] or ""):match(TARGET)
end

local function check_headers(request)
  local kind = request.headers["content-type"] or ""
  if kind ~= CONTENT_TYPE then
    errors.throw("Serialization", "Content-Type must be " .. CONTENT_TYPE, { capital = true, status = 415 })
  end
  if request.headers.authorization or request.headers["x-amz-security-token"] then
    errors.throw("IncompleteSignature", "This operation takes no signature")
  end
end

local function read_body(request)
  local body, what = json.decode(request.body)
  if type(body) ~= "table" or body == json.null or json.is_list(body) then
    errors.throw("Serialization", what or "Expected an object", { capital = true })
  end
  return body
end

local function perform(state, operation, request)
  check_headers(request)
  local input = read_body(request)
  request.input = input
  validate.request(operation.input, input, state.config.strict)
  local handlers = require("cognito.emulator.ops." .. operation.module)
  return handlers[operation.name](state, input, request)
end

local function headers(request, extra)
  local out = { { "Content-Type", CONTENT_TYPE }, { "x-amzn-RequestId", request.id } }
  for _, pair in ipairs(extra or {}) do out[#out + 1] = pair end
  return out
end

--- An error of the service as a response.
function M.failure(request, fault)
  local body = { __type = fault.code, reasonCode = fault.reason }
  body[fault.capital and "Message" or "message"] = fault.message
  local shown = fault.message:gsub("[^\32-\126]", "?")
  return { status = fault.status, code = fault.code, body = json.encode(body), headers = headers(request, {
    { "x-amzn-ErrorType", fault.code .. ":" }, { "x-amzn-ErrorMessage", shown } }) }
end

local function broken(request, err)
  io.stderr:write("emulator: ", tostring(err), "\n")
  return M.failure(request, { code = "InternalErrorException", message = "Internal server error.", status = 500 })
end

--- Answers a request to `POST /`.
-- @tparam table state
-- @tparam table request `headers` (lower-case names), `body`, `id`
-- @treturn table response `status`, `headers`, `body`, and `code` of an error
function M.answer(state, request)
  local name = M.operation_name(request)
  if not name then return not_understood(400) end
  local operation = operations[name]
  if not operation then
    return M.failure(request, { code = "UnknownOperationException", message = "", status = 400 })
  end
  local ok, output = xpcall(perform, function(err)
    return errors.is(err) and err or debug.traceback(tostring(err))
  end, state, operation, request)
  if not ok then return errors.is(output) and M.failure(request, output) or broken(request, output) end
  return { status = 200, headers = headers(request), body = output and json.encode(output) or "" }
end

M.not_understood = not_understood

return M
