--- The dialect of the service's API, awsJson1.1: one POST an operation, a JSON object each way.
-- Source: the AWS JSON 1.1 protocol.
-- @module cognito.protocol.aws

local core = require "cognito.core"
local errors = require "cognito.errors"
local json = require "cognito.json"
local lazy = require "cognito.lazy"

local members = lazy.module "cognito.protocol.members"
local refusal = lazy.module "cognito.protocol.refusal"

local aws = {}

local read_tokens = core.json_tokens

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

local function success(spec, response)
  local op = spec.op
  if not op.tokens_only then return members.read(op, response) end
  local result = read_tokens(response.body)
  if result then return result end
  local answer, err = members.read(op, response)
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
