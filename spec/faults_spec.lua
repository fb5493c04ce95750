-- What the service's texts mean: the class, the reason and what a person can do.
local faults = require "cognito.protocol.faults"
local source = require "spec.support.source"

-- code, message, operation (any when nil), kind, reason, a part of the hint
local CASES = {
  { "NotAuthorizedException", "Incorrect username or password.", "InitiateAuth", "auth", "credentials", "again" },
  { "NotAuthorizedException", "Password attempts exceeded", "InitiateAuth", "limited", "locked", "15 minutes" },
  { "NotAuthorizedException", "User is disabled.", "InitiateAuth", "auth", "disabled", "administrator" },
  { "NotAuthorizedException", "User does not exist.", "GetUser", "auth", "unknown_user", "no such user" },
  { "NotAuthorizedException", "Refresh Token has expired", "GetTokensFromRefreshToken", "auth", "expired", "sign in" },
  { "NotAuthorizedException", "Refresh Token has been revoked", "InitiateAuth", "auth", "revoked", "sign in" },
  { "NotAuthorizedException", "Invalid Refresh Token.", "InitiateAuth", "auth", "invalid", "device" },
  { "NotAuthorizedException", "Access Token has expired", "GetUser", "auth", "expired", "refresh" },
  { "NotAuthorizedException", "Access Token has been revoked", "GetUser", "auth", "revoked", "sign in" },
  { "NotAuthorizedException", "Invalid Access Token", "GetUser", "auth", "invalid", "access token" },
  { "NotAuthorizedException", "Access Token does not have required scopes", "GetUser", "config", "scope",
    "aws.cognito.signin.user.admin" },
  { "NotAuthorizedException", "Unable to verify secret hash for client abc", "SignUp", "config", "client_secret",
    "client" },
  { "NotAuthorizedException", "SecretHash does not match for the client: abc", "InitiateAuth", "config",
    "client_secret", "client_secret" },
  { "NotAuthorizedException", "Client abc is configured with secret but SECRET_HASH was not received", "InitiateAuth",
    "config", "client_secret", "client_secret" },
  { "NotAuthorizedException", "Invalid session for the user, session is expired.", "RespondToAuthChallenge",
    "challenge_expired", nil, "start" },
  { "NotAuthorizedException", "Invalid session for the user, session can only be used once.", "VerifySoftwareToken",
    "challenge_expired", nil, "start" },
  { "InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client", "InitiateAuth", "config",
    "flow", "ALLOW_USER_PASSWORD_AUTH" },
  { "InvalidParameterException", "USER_SRP_AUTH is not enabled for the client.", "InitiateAuth", "config", "flow",
    "ALLOW_USER_SRP_AUTH" },
  { "InvalidParameterException", "Initiate Auth method not supported.", "InitiateAuth", "config", "flow", "flow" },
  { "NotAuthorizedException", "SignUp is not permitted for this user pool", "SignUp", "config", "sign_up",
    "AllowAdminCreateUserOnly" },
  { "NotAuthorizedException", "A client attempted to write unauthorized attribute", "UpdateUserAttributes", "config",
    "attribute", "WriteAttributes" },
  { "NotAuthorizedException", "Temporary password has expired and must be reset by an administrator.", "InitiateAuth",
    "auth", "temporary_password", "administrator" },
  { "NotAuthorizedException", "User password cannot be reset in the current state.", "ForgotPassword", "rejected",
    "temporary_password", "temporary" },
  { "NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED", "ConfirmSignUp", "rejected",
    "confirmed", "sign in" },
  { "InvalidParameterException", "User is already confirmed.", "ResendConfirmationCode", "rejected", "confirmed",
    "sign in" },
  { "InvalidParameterException", "Cannot reset password for the user as there is no registered/verified email or"
    .. " phone_number", "ForgotPassword", "rejected", "no_address", "administrator" },
  { "InvalidParameterException", "User has not verified software token mfa", "SetUserMFAPreference", "rejected",
    "not_enrolled", "associate_totp" },
  { "InvalidParameterException", "Attributes did not conform to the schema: x: Attribute does not exist in the schema.",
    "SignUp", "rejected", "attribute", "custom:" },
  { "InvalidParameterException", "Invalid phone number format.", "SignUp", "rejected", "phone_number", "+" },
  { "RefreshTokenReuseException", "Refresh token has been reused", "GetTokensFromRefreshToken", "auth", "reuse",
    "thief" },
  { "LimitExceededException", "Attempt limit exceeded, please try after some time.", "ForgotPassword", "limited", nil,
    "minutes" },
  { "NotAuthorizedException", "something that was never seen before", "GetUser", "auth", nil, "message" },
  { "InvalidParameterException", "something else", "SignUp", "rejected", nil, "message" },
}

describe("the service's errors", function()
  for _, case in ipairs(CASES) do
    local code, message, operation, kind, reason, hint = case[1], case[2], case[3], case[4], case[5], case[6]
    it(("%s %q means %s"):format(code, message, reason or kind), function()
      local err = { code = code, operation = operation, status = 400 }
      assert.equal(kind, faults.explain(err, message))
      assert.equal(reason, err.reason)
      assert.truthy(err.hint:find(hint, 1, true), err.hint)
    end)
  end

  it("have the reasons that the reference explains", function()
    local known, told = {}, {}
    for _, rule in ipairs(require "cognito.protocol.messages") do
      if rule.reason then known[rule.reason] = true end
    end
    local rows = (source.read "docs/reference.md" .. "\n"):match "<!%-%- reasons %-%->\n(.-\n)\n"
    for cell in rows:gmatch "\n| ([^|]+) |" do
      for reason in cell:gmatch "`([%w_]+)`" do told[reason] = true end
    end
    assert.same(known, told)
  end)

  it("have hints that fit into one line of an error", function()
    for code, hint in pairs(require "cognito.protocol.hints") do assert.is_true(#hint <= 256, code) end
    for _, rule in ipairs(require "cognito.protocol.messages") do
      assert.is_true(rule.hint ~= nil and #rule.hint <= 256, rule.text or rule.code)
    end
  end)
end)
