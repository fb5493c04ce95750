--- What the service's error codes and messages mean: a code to a kind, a known message to a hint.
-- @module cognito.protocol.faults

local hints = require "cognito.protocol.hints"

local faults = {}

local THROTTLED = { kind = "throttled", retryable = true }
local LIMITED = { kind = "limited" }
local SERVER = { kind = "server", retryable = true, maybe_processed = true }
local AUTH = { kind = "auth" }
local CONFIG = { kind = "config" }
local REJECTED = { kind = "rejected" }

local by_code = {
  RequestTimeout = SERVER, RequestTimeoutException = SERVER, PriorRequestNotComplete = THROTTLED,
  InternalErrorException = SERVER, InternalServerException = SERVER, InternalFailure = SERVER,
  ServiceUnavailable = SERVER, ServiceUnavailableException = SERVER,
  LimitExceededException = LIMITED, TooManyFailedAttemptsException = LIMITED,
  NotAuthorizedException = AUTH, UserNotFoundException = AUTH, PasswordResetRequiredException = AUTH,
  UserNotConfirmedException = AUTH, RefreshTokenReuseException = AUTH, TokenRevokedException = AUTH,
}
for code in ([[Throttling ThrottlingException ThrottledException RequestThrottledException RequestThrottled
    TooManyRequestsException ProvisionedThroughputExceededException TransactionInProgressException
    RequestLimitExceeded BandwidthLimitExceeded SlowDown EC2ThrottledException]]):gmatch("%S+") do
  by_code[code] = THROTTLED
end
for code in ([[ForbiddenException ResourceNotFoundException OperationNotEnabledException UnauthorizedException
    UnsupportedOperationException UnsupportedTokenTypeException InvalidUserPoolConfigurationException
    InvalidLambdaResponseException UnexpectedLambdaException InvalidEmailRoleAccessPolicyException
    InvalidSmsRoleAccessPolicyException InvalidSmsRoleTrustRelationshipException UserPoolAddOnNotEnabledException
    FeatureUnavailableInTierException WebAuthnNotEnabledException WebAuthnConfigurationMissingException
    SerializationException UnknownOperationException MissingAuthenticationTokenException
    IncompleteSignatureException InvalidSignatureException UnrecognizedClientException ExpiredTokenException
    AccessDeniedException Unsupported NotImplemented]]):gmatch("%S+") do
  by_code[code] = CONFIG
end

-- Operations in which a parameter comes from the program and not from a person.
local machine_input = { GetTokensFromRefreshToken = true, InitiateAuth = true, RevokeToken = true }

-- A rule fits where all of its parts do; the first that fits decides. `text` is a plain part of the message: the codes
-- NotAuthorizedException and InvalidParameterException stand for many things that only their texts tell apart.
local rules = require "cognito.protocol.messages"

local function fits(rule, operation, code, message)
  return (not rule.operation or rule.operation == operation) and (not rule.code or rule.code == code)
    and (not rule.text or message:find(rule.text, 1, true) ~= nil)
end

local function class(operation, code, status)
  local known = by_code[code]
  if known then return known end
  if code == "InvalidParameterException" then return machine_input[operation] and CONFIG or REJECTED end
  if status == 500 or status == 502 or status == 503 or status == 504 then return SERVER end
  if status == 429 then return { kind = "throttled" } end
  return status >= 500 and { kind = "server", maybe_processed = true } or REJECTED
end

--- Fills an error's kind and flags from what the service said.
-- @tparam table err fields `operation`, `code`, `status`; gets `retryable`, `maybe_processed`, `reason`, `hint`
-- @tparam string message the service's text
-- @treturn string the kind
function faults.explain(err, message)
  local known = class(err.operation, err.code, err.status)
  local kind = known.kind
  err.retryable, err.maybe_processed = known.retryable or false, known.maybe_processed or false
  for _, rule in ipairs(rules) do
    if fits(rule, err.operation, err.code, message) then
      err.reason, err.hint = rule.reason, rule.hint
      if rule.kind then kind, err.retryable = rule.kind, false end
      break
    end
  end
  err.hint = err.hint or hints[err.code]
  return kind
end

return faults
