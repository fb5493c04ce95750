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

-- A rule fits where all of its parts do; the first that fits decides. `text` is a plain part of the message.
local rules = {
  { text = "ecret hash", kind = "config", reason = "client_secret",
    hint = "the client secret, or the user name that was hashed with it, is not the one of this client" },
  { text = "SecretHash does not match", kind = "config", reason = "client_secret", hint = "check client_secret" },
  { text = "configured with secret", kind = "config", reason = "client_secret",
    hint = "this client has a secret: give client_secret" },
  { text = "client secret", kind = "config", reason = "client_secret", hint = "check client_secret" },
  { text = "Client secret", kind = "config", reason = "client_secret", hint = "check client_secret" },
  { text = "Password attempts exceeded", kind = "limited", hint = "the account is locked for up to 15 minutes" },
  { text = "flow not enabled", kind = "config", reason = "flow",
    hint = "enable this flow in the app client, or choose another with the option flow" },
  { operation = "RespondToAuthChallenge", code = "NotAuthorizedException", text = "ession",
    kind = "challenge_expired", hint = "sign in again from the start" },
  { operation = "AssociateSoftwareToken", code = "NotAuthorizedException", text = "ession",
    kind = "challenge_expired", hint = "sign in again from the start" },
  { operation = "VerifySoftwareToken", code = "NotAuthorizedException", text = "ession",
    kind = "challenge_expired", hint = "sign in again from the start" },
  { operation = "RespondToAuthChallenge", code = "ExpiredCodeException", kind = "challenge_expired",
    hint = "sign in again from the start" },
  { code = "ResourceNotFoundException", text = "evice", kind = "rejected", reason = "device" },
  { code = "NotAuthorizedException", text = "Access Token has expired", kind = "auth", reason = "expired" },
  { code = "NotAuthorizedException", text = "Access Token has been revoked", kind = "auth", reason = "revoked" },
  { code = "NotAuthorizedException", text = "Refresh Token has been revoked", kind = "auth", reason = "revoked" },
  { code = "NotAuthorizedException", text = "Refresh Token has expired", kind = "auth", reason = "expired" },
  { code = "NotAuthorizedException", text = "Invalid Refresh Token", kind = "auth", reason = "invalid",
    hint = "if the pool tracks devices, the session needs the device key it signed in with" },
  { code = "NotAuthorizedException", text = "User is disabled", kind = "auth", reason = "disabled" },
  { code = "UserNotConfirmedException", reason = "unconfirmed",
    hint = "confirm the account with the code that was sent (pool:confirm_sign_up, pool:resend_code)" },
  { code = "PasswordResetRequiredException", reason = "reset_required",
    hint = "set a new password: pool:forgot_password sends a code, pool:confirm_forgot_password takes it" },
  { code = "ForbiddenException", hint = "a web ACL (WAF) refused the request" },
  { code = "ResourceNotFoundException", hint = "check user_pool_id, client_id and region" },
  { code = "UnknownOperationException", reason = "unknown_operation",
    hint = "the endpoint does not know this operation" },
  { code = "Unsupported", reason = "unknown_operation", hint = "the endpoint does not know this operation" },
  { code = "NotImplemented", reason = "unknown_operation", hint = "the endpoint does not know this operation" },
  { code = "RefreshTokenReuseException", kind = "auth", reason = "reuse",
    hint = "somebody else has used this refresh token: another process, or a thief" },
}

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
