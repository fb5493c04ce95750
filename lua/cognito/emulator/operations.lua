--- The table of operations: all 32 that need no AWS credentials.
-- One line of members an operation (`!` marks a required one, `:Type` a type not called like the member), its errors
-- as sets of the reference (`-` takes one out of a set), and the module of ops/ that holds its handler.
-- @module cognito.emulator.operations

local shapes = require "cognito.emulator.shapes"

local SETS = {
  BASE = "InternalError InvalidParameter NotAuthorized OperationNotEnabled ResourceNotFound TooManyRequests",
  WAF = "Forbidden",
  USER = "PasswordResetRequired UserNotConfirmed UserNotFound",
  LAMBDA = "InvalidLambdaResponse UnexpectedLambda UserLambdaValidation",
  SEND = "InvalidEmailRoleAccessPolicy InvalidSmsRoleAccessPolicy InvalidSmsRoleTrustRelationship",
}

local function remove(list, name)
  for i = #list, 1, -1 do
    if list[i] == name then table.remove(list, i) end
  end
end

local function error_list(text)
  local list = {}
  for item in text:gmatch("%S+") do
    local set, rest = item:match("^([^-]+)(.*)$")
    local group = {}
    for name in (SETS[set] or set):gmatch("%S+") do group[#group + 1] = name end
    for name in rest:gmatch("-(%w+)") do remove(group, name) end
    for _, name in ipairs(group) do list[#list + 1] = name .. "Exception" end
  end
  table.sort(list)
  return list
end

local M = {}

local function op(name, module, members, errors)
  M[name] = { name = name, module = module, input = shapes.struct(members), errors = error_list(errors) }
end

local WHO = "ClientId! Username! SecretHash AnalyticsMetadata UserContextData ClientMetadata:Map "
local AUTH = "ClientId! AnalyticsMetadata UserContextData ClientMetadata:Map Session "

-- Without an access token.
op("ConfirmForgotPassword", "password", WHO .. "ConfirmationCode! Password!",
  "BASE WAF USER-PasswordResetRequired LAMBDA CodeMismatch ExpiredCode InvalidPassword LimitExceeded " ..
  "PasswordHistoryPolicyViolation TooManyFailedAttempts")
op("ConfirmSignUp", "signup", WHO .. "ConfirmationCode! ForceAliasCreation:Boolean Session",
  "BASE WAF LAMBDA AliasExists CodeMismatch ExpiredCode LimitExceeded TooManyFailedAttempts UserNotFound")
op("ForgotPassword", "password", WHO, "BASE WAF LAMBDA SEND CodeDeliveryFailure LimitExceeded UserNotFound")
op("GetTokensFromRefreshToken", "tokens", "RefreshToken! ClientId! ClientSecret DeviceKey ClientMetadata:Map",
  "BASE WAF LAMBDA RefreshTokenReuse UserNotFound")
op("InitiateAuth", "initiate", AUTH .. "AuthFlow! AuthParameters:Map",
  "BASE WAF USER LAMBDA SEND InvalidUserPoolConfiguration UnsupportedOperation")
op("ResendConfirmationCode", "signup", WHO, "BASE WAF LAMBDA SEND CodeDeliveryFailure LimitExceeded UserNotFound")
op("RespondToAuthChallenge", "respond", AUTH .. "ChallengeName! ChallengeResponses:Map",
  "BASE WAF USER LAMBDA SEND AliasExists CodeMismatch ExpiredCode InvalidPassword InvalidUserPoolConfiguration " ..
  "MFAMethodNotFound PasswordHistoryPolicyViolation SoftwareTokenMFANotFound")
op("RevokeToken", "tokens", "Token! ClientId! ClientSecret",
  "BASE-NotAuthorized-ResourceNotFound WAF Unauthorized UnsupportedOperation UnsupportedTokenType")
op("SignUp", "signup", WHO .. "Password UserAttributes:AttributeList ValidationData:AttributeList",
  "BASE WAF LAMBDA SEND CodeDeliveryFailure InvalidPassword LimitExceeded UsernameExists")
op("UpdateAuthEventFeedback", "signup", "UserPoolId! Username! EventId! FeedbackToken! FeedbackValue!",
  "BASE UserNotFound UserPoolAddOnNotEnabled")

-- Authorised by the user's access token (or the session of a sign-in).
op("AssociateSoftwareToken", "mfa", "AccessToken Session",
  "BASE-TooManyRequests WAF ConcurrentModification SoftwareTokenMFANotFound")
op("ChangePassword", "password", "PreviousPassword:Password ProposedPassword!:Password AccessToken!",
  "BASE WAF USER InvalidPassword LimitExceeded PasswordHistoryPolicyViolation")
op("CompleteWebAuthnRegistration", "passkeys", "AccessToken! Credential!:Document",
  "BASE-ResourceNotFound WAF LimitExceeded PasswordResetRequired WebAuthnChallengeNotFound WebAuthnClientMismatch " ..
  "WebAuthnCredentialNotSupported WebAuthnNotEnabled WebAuthnOriginNotAllowed WebAuthnRelyingPartyMismatch")
op("ConfirmDevice", "devices", "AccessToken! DeviceKey! DeviceSecretVerifierConfig DeviceName",
  "BASE WAF USER DeviceKeyExists InvalidLambdaResponse InvalidPassword InvalidUserPoolConfiguration UsernameExists")
op("DeleteUser", "account", "AccessToken!", "BASE WAF USER")
op("DeleteUserAttributes", "attributes", "UserAttributeNames!:AttributeNameList AccessToken!", "BASE WAF USER")
op("DeleteWebAuthnCredential", "passkeys", "AccessToken! CredentialId!:String",
  "BASE WAF LimitExceeded PasswordResetRequired")
op("ForgetDevice", "devices", "DeviceKey! AccessToken", "BASE WAF USER InvalidUserPoolConfiguration")
op("GetDevice", "devices", "DeviceKey! AccessToken", "BASE WAF USER InvalidUserPoolConfiguration")
op("GetUser", "account", "AccessToken!", "BASE WAF USER")
op("GetUserAttributeVerificationCode", "attributes", "AccessToken! AttributeName! ClientMetadata:Map",
  "BASE WAF USER LAMBDA SEND CodeDeliveryFailure LimitExceeded")
op("GetUserAuthFactors", "account", "AccessToken!", "BASE WAF USER")
op("GlobalSignOut", "tokens", "AccessToken!", "BASE WAF USER-UserNotFound")
op("ListDevices", "devices", "AccessToken! Limit PaginationToken", "BASE WAF USER InvalidUserPoolConfiguration")
op("ListWebAuthnCredentials", "passkeys", "AccessToken! NextToken MaxResults",
  "BASE-ResourceNotFound WAF LimitExceeded PasswordResetRequired")
op("SetUserMFAPreference", "mfa",
  "SMSMfaSettings:MFASettings SoftwareTokenMfaSettings:MFASettings EmailMfaSettings:MFASettings " ..
  "WebAuthnMfaSettings:WebAuthnMFASettings AccessToken!", "BASE-TooManyRequests WAF USER")
op("SetUserSettings", "mfa", "AccessToken! MFAOptions!:MFAOptionList", "BASE-TooManyRequests WAF USER")
op("StartWebAuthnRegistration", "passkeys", "AccessToken!",
  "BASE-ResourceNotFound WAF LimitExceeded PasswordResetRequired WebAuthnConfigurationMissing WebAuthnNotEnabled")
op("UpdateDeviceStatus", "devices", "AccessToken! DeviceKey! DeviceRememberedStatus",
  "BASE WAF USER InvalidUserPoolConfiguration")
op("UpdateUserAttributes", "attributes", "UserAttributes!:AttributeList AccessToken! ClientMetadata:Map",
  "BASE WAF USER LAMBDA SEND AliasExists CodeDeliveryFailure CodeMismatch ExpiredCode")
op("VerifySoftwareToken", "mfa", "AccessToken Session UserCode! FriendlyDeviceName:String",
  "BASE WAF USER CodeMismatch EnableSoftwareTokenMFA InvalidUserPoolConfiguration SoftwareTokenMFANotFound")
op("VerifyUserAttribute", "attributes", "AccessToken! AttributeName! Code!:ConfirmationCode",
  "BASE WAF USER AliasExists CodeMismatch ExpiredCode LimitExceeded")

return M
