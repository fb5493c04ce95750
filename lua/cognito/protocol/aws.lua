--- The dialect of the service's API, awsJson1.1: one POST an operation, a JSON object each way.
-- Source: the AWS JSON 1.1 protocol; where an answer has no `__type` the header counts, and then the status.
-- @module cognito.protocol.aws

local errors = require "cognito.errors"
local json = require "cognito.json"
local ops = require "cognito.protocol.ops"
local wire = require "cognito.protocol.wire"
local core = require "cognito.core"

local aws = {}

local header, byte, type = core.header, string.byte, type
local OPEN = ("{"):byte()

for _, op in ipairs(ops.list) do
  op.target = "X-Amz-Target: AWSCognitoIdentityProviderService." .. op.name
end

-- The Lua types of members that an answer may have; whatever else comes is passed on as it is.
local answer_types = { AuthenticationResult = "table", ChallengeName = "string", ChallengeParameters = "table",
  Session = "string", AvailableChallenges = "table", CodeDeliveryDetails = "table",
  CodeDeliveryDetailsList = "table", PaginationToken = "string", NextToken = "string" }

local function mark_lists(op, input)
  for name in pairs(op.lists) do
    local value = input[name]
    if type(value) == "table" and next(value) == nil then input[name] = json.list(value) end
  end
end

--- Builds the request of an operation.
-- @tparam table spec `op` (an entry of `cognito.protocol.ops`), `input` (its members)
-- @tparam table client `url`, `user_agent`, `invocation()`
-- @treturn table|nil the request without its deadline, or nil and an error of kind `invalid`
function aws.build(spec, client)
  local op = spec.op
  if op.lists then mark_lists(op, spec.input) end
  local body, message = json.encode(spec.input)
  if not body then
    return nil, errors.new("invalid", "a parameter cannot be written as JSON: " .. message, { operation = op.name })
  end
  return {
    method = "POST",
    url = client.url,
    headers = { "Content-Type: application/x-amz-json-1.1", op.target, client.user_agent, "Cache-Control: no-store",
      client:invocation(), false },
    body = body,
    minting = op.resend ~= "safe",
    deadline = 0, cancel = nil, pool = client.connections,
  }
end

--- Marks a request with the number of its attempt.
-- @tparam table request
-- @tparam string mark the header field
function aws.mark(request, mark)
  request.headers[6] = mark
end

-- Replaces in a message what the caller sent in confidence, should the service ever echo it.
local function redact(message, value)
  if type(value) == "table" then
    for _, v in pairs(value) do message = redact(message, v) end
  elseif type(value) == "string" and #value >= 4 then
    local from, to = message:find(value, 1, true)
    while from do
      message = message:sub(1, from - 1) .. "***" .. message:sub(to + 1)
      from, to = message:find(value, from + 3, true)
    end
  end
  return message
end

local function redact_input(message, input)
  for name, value in pairs(input) do
    if ops.sensitive[name] then message = redact(message, value) end
  end
  return message
end

local function trim_code(code)
  return type(code) == "string" and code:match("^[^:]*"):match("[^#]*$") or nil
end

local function is_code(code)
  return code and #code <= 100 and code:find("^[%w_%.]+$") and code or nil
end

local function read_error(response)
  local body = response.body
  local parsed = body:find("^%s*{") and json.decode(body)
  return type(parsed) == "table" and parsed or nil
end

local function code_of(parsed, response)
  local code = is_code(trim_code(parsed and parsed.__type))
    or is_code(trim_code(header(response.headers, "x-amzn-errortype")))
  if code then return code end
  if parsed and parsed.code == "BadRequest" and response.status < 500 then return "UnknownOperationException" end
  return "HTTP" .. response.status
end

local function message_of(parsed, response)
  local text = parsed and (parsed.message or parsed.Message) or header(response.headers, "x-amzn-errormessage")
  return type(text) == "string" and text or "the service gave no message"
end

-- An error page of something between us and the service: a body, but no word of the service in it.
local function is_foreign(parsed, response)
  return not parsed and response.status < 500 and response.body ~= ""
    and not header(response.headers, "x-amzn-errortype")
end

local function failure(spec, response)
  local operation = spec.op.name
  local redirected = wire.redirect(operation, response)
  if redirected then return redirected end
  local parsed = read_error(response)
  if is_foreign(parsed, response) or response.status < 300 then
    return wire.bad(operation, response, "the answer is not the service's", false)
  end
  local fields = wire.fields(operation, response)
  fields.code = code_of(parsed, response)
  local message = redact_input(message_of(parsed, response), spec.input)
  -- loaded with the first error: a start that goes well does not need it
  return errors.new(require("cognito.protocol.faults").explain(fields, message), message, fields)
end

local function wrong_member(op, answer)
  for name, value in pairs(answer) do
    local wanted = answer_types[name]
    if wanted and type(value) ~= wanted then return name end
  end
  if op.result then
    for name, wanted in pairs(op.result) do
      if type(answer[name]) ~= wanted then return name end
    end
  end
end

local function success(spec, response)
  local op, body = spec.op, response.body
  if body == "" and op.empty then return {} end
  if byte(body) ~= OPEN and not body:find("^%s*{") then
    local what = body == "" and "the answer is empty" or "the answer is not a JSON object"
    return nil, wire.bad(op.name, response, what)
  end
  local answer = json.decode(body)
  -- of an answer with tokens nothing else is read
  if answer and op.minting and type(answer.AuthenticationResult) == "table" then return answer end
  if not answer then return nil, wire.bad(op.name, response, "the answer is not whole JSON", true) end
  local wrong = wrong_member(op, answer)
  if wrong then return nil, wire.bad(op.name, response, "member " .. wrong .. " is missing or of a wrong type") end
  return answer
end

--- Reads an answer.
-- @tparam table spec as given to `build`
-- @tparam table response
-- @treturn table|nil the answer's members, or nil and an error
function aws.parse(spec, response)
  if response.status == 200 then return success(spec, response) end
  return nil, failure(spec, response)
end

return aws
