--- The dialect of the service's API, awsJson1.1: one POST an operation, a JSON object each way.
-- Source: the AWS JSON 1.1 protocol.
-- @module cognito.protocol.aws

local core = require "cognito.core"
local errors = require "cognito.errors"
local json = require "cognito.json"
local lazy = require "cognito.lazy"

local refusal = lazy.module "cognito.protocol.refusal"
local wire = lazy.module "cognito.protocol.wire"

local aws = {}

local read_tokens = core.json_tokens
local byte, type = string.byte, type
local OPEN = ("{"):byte()

-- The Lua types of members that an answer may have; whatever else comes is passed on as it is.
local answer_types = { AuthenticationResult = "table", ChallengeName = "string", ChallengeParameters = "table",
  Session = "string", AvailableChallenges = "table", CodeDeliveryDetails = "table",
  CodeDeliveryDetailsList = "table", PaginationToken = "string", NextToken = "string" }

local function target_of(op)
  op.target = "X-Amz-Target: AWSCognitoIdentityProviderService." .. op.name
  return op.target
end

--- Builds the request of an operation.
-- @tparam table spec `op` (an entry of `cognito.protocol.ops`), `input` (its members)
-- @tparam table client `url`, `user_agent`, `invocation()`
-- @treturn table|nil the request without its deadline, or nil and an error of kind `invalid`
function aws.build(spec, client)
  local op = spec.op
  local body, message = json.encode(spec.input)
  if not body then
    return nil, errors.new("invalid", "a parameter cannot be written as JSON: " .. message, { operation = op.name })
  end
  return {
    method = "POST",
    url = client.url,
    headers = { "Content-Type: application/x-amz-json-1.1", op.target or target_of(op), client.user_agent,
      "Cache-Control: no-store", client:invocation(), false },
    body = body,
    minting = op.resend ~= "safe",
    deadline = nil, pool = nil,
  }
end

--- Marks a request with the number of its attempt.
-- @tparam table request
-- @tparam string mark the header field
function aws.mark(request, mark)
  request.headers[6] = mark
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

local function read_members(op, response)
  local body = response.body
  if body == "" and op.empty then return {} end
  if byte(body) ~= OPEN and not body:find("^%s*{") then
    local what = body == "" and "the answer is empty" or "the answer is not a JSON object"
    return nil, wire.bad(op.name, response, what)
  end
  local answer = json.decode(body)
  -- of an answer with tokens nothing else is read
  if answer and op.minting and type(answer.AuthenticationResult) == "table" then return answer end
  if not answer then
    local torn = wire.is_torn(body)
    return nil, wire.bad(op.name, response, torn and "the answer is not whole JSON" or "the answer is not JSON", torn)
  end
  local wrong = wrong_member(op, answer)
  if wrong then return nil, wire.bad(op.name, response, "member " .. wrong .. " is missing or of a wrong type") end
  return answer
end

local function success(spec, response)
  local op = spec.op
  if not op.tokens_only then return read_members(op, response) end
  local result = read_tokens(response.body)
  if result then return result end
  local answer, err = read_members(op, response)
  return answer and answer.AuthenticationResult, err
end

--- Reads an answer.
-- @tparam table spec as given to `build`
-- @tparam table response
-- @treturn table|nil the answer's members, or where the row has `tokens_only` those of its AuthenticationResult; or nil
-- and an error
function aws.parse(spec, response)
  if response.status == 200 then return success(spec, response) end
  return nil, refusal.read(spec, response)
end

return aws
