--- What the service's messages mean where its code alone does not say it: rules in order, the first that fits decides.
-- Fields: `code`, `operation`, `text` (a plain part of the message) must all fit where they are given; `kind`, `reason`
-- and `hint` go to the error.
-- Source: messages of the live service as they were reported in public; its API reference.
-- @module cognito.protocol.messages

local SECRET = "give the client_secret of this app client"
local FLOW = "switch the flow on in the app client (ExplicitAuthFlows: ALLOW_USER_SRP_AUTH, ALLOW_USER_PASSWORD_AUTH,"
  .. " ALLOW_USER_AUTH, ALLOW_CUSTOM_AUTH), or choose another with the option flow"
local AGAIN = "sign in again from the start"
local CONFIRMED = "the account is confirmed already: sign in"

return {
  -- the client
  { text = "ecret hash", kind = "config", reason = "client_secret",
    hint = "the client secret, or the user name that was hashed with it, is not the one of this client" },
  { text = "SecretHash does not match", kind = "config", reason = "client_secret", hint = SECRET },
  { text = "configured with secret", kind = "config", reason = "client_secret",
    hint = "this client has a secret: give client_secret" },
  { text = "client secret", kind = "config", reason = "client_secret", hint = SECRET },
  { text = "Client secret", kind = "config", reason = "client_secret", hint = SECRET },
  { text = "flow not enabled", kind = "config", reason = "flow", hint = FLOW },
  { text = "not enabled for the client", kind = "config", reason = "flow", hint = FLOW },
  { text = "Auth method not supported", kind = "config", reason = "flow",
    hint = "this flow is not for callers without AWS credentials: choose another with the option flow" },
  { text = "rotation is enabled", kind = "config", reason = "flow",
    hint = "this client rotates refresh tokens: refresh with GetTokensFromRefreshToken, as session:refresh does" },
  { text = "lambda trigger is not configured", kind = "config", reason = "trigger",
    hint = "give the pool the Lambda triggers of custom challenges" },
  { code = "NotAuthorizedException", text = "SignUp is not permitted", kind = "config", reason = "sign_up",
    hint = "only administrators create users in this pool: switch self-registration on (AllowAdminCreateUserOnly)" },
  { code = "NotAuthorizedException", text = "required scopes", kind = "config", reason = "scope",
    hint = "the access token needs the scope aws.cognito.signin.user.admin: name it in the hosted login's scopes" },
  { code = "NotAuthorizedException", text = "unauthorized attribute", kind = "config", reason = "attribute",
    hint = "let the app client write this attribute (WriteAttributes)" },

  -- sign-in
  { text = "Password attempts exceeded", kind = "limited", reason = "locked",
    hint = "too many wrong passwords: the account is locked, at first for a second, then twice as long each time, up to"
      .. " 15 minutes" },
  { operation = "RespondToAuthChallenge", code = "NotAuthorizedException", text = "ession",
    kind = "challenge_expired", hint = AGAIN },
  { operation = "AssociateSoftwareToken", code = "NotAuthorizedException", text = "ession",
    kind = "challenge_expired", hint = AGAIN },
  { operation = "VerifySoftwareToken", code = "NotAuthorizedException", text = "ession",
    kind = "challenge_expired", hint = AGAIN },
  { operation = "RespondToAuthChallenge", code = "ExpiredCodeException", kind = "challenge_expired", hint = AGAIN },
  { code = "NotAuthorizedException", text = "Incorrect username or password", kind = "auth", reason = "credentials",
    hint = "ask for name and password again; a pool that hides who exists answers an unknown name in the same way" },
  { code = "NotAuthorizedException", text = "User is disabled", kind = "auth", reason = "disabled",
    hint = "an administrator must enable this user" },
  { code = "NotAuthorizedException", text = "User does not exist", kind = "auth", reason = "unknown_user",
    hint = "there is no such user, or not any more" },
  { code = "NotAuthorizedException", text = "Temporary password has expired", kind = "auth",
    reason = "temporary_password", hint = "an administrator must set a new temporary password" },
  { code = "UserNotConfirmedException", reason = "unconfirmed",
    hint = "confirm the account with the code that was sent (pool:confirm_sign_up, pool:resend_code)" },
  { code = "PasswordResetRequiredException", reason = "reset_required",
    hint = "set a new password: pool:forgot_password sends a code, pool:confirm_forgot_password takes it" },

  -- tokens
  { code = "NotAuthorizedException", text = "Access Token has expired", kind = "auth", reason = "expired",
    hint = "refresh the session, which its methods do by themselves" },
  { code = "NotAuthorizedException", text = "Access Token has been revoked", kind = "auth", reason = "revoked",
    hint = "sign in again" },
  { code = "NotAuthorizedException", text = "Invalid Access Token", kind = "auth", reason = "invalid",
    hint = "this is no access token of this pool" },
  { code = "NotAuthorizedException", text = "Refresh Token has been revoked", kind = "auth", reason = "revoked",
    hint = "sign in again" },
  { code = "NotAuthorizedException", text = "Refresh Token has expired", kind = "auth", reason = "expired",
    hint = "sign in again" },
  { code = "NotAuthorizedException", text = "Invalid Refresh Token", kind = "auth", reason = "invalid",
    hint = "if the pool tracks devices, the session needs the device key it signed in with" },
  { code = "RefreshTokenReuseException", kind = "auth", reason = "reuse",
    hint = "somebody else has used this refresh token: another process, or a thief" },

  -- the account
  { text = "User is already confirmed", reason = "confirmed", hint = CONFIRMED },
  { text = "Current status is CONFIRMED", kind = "rejected", reason = "confirmed", hint = CONFIRMED },
  { text = "cannot be reset in the current state", kind = "rejected", reason = "temporary_password",
    hint = "the user still has a temporary password: sign in with it and set a new one" },
  { text = "no registered/verified email", reason = "no_address",
    hint = "there is no verified address for the code: an administrator must reset the password or verify one" },
  { text = "not verified software token", reason = "not_enrolled",
    hint = "enrol the app first: associate_totp, then verify_totp" },
  { text = "delivery config", reason = "no_address",
    hint = "verify a phone number or an e-mail address first: send_attribute_code, then verify_attribute" },
  { text = "does not exist in the schema", reason = "attribute",
    hint = "add the attribute to the pool; custom ones are named custom:NAME" },
  { text = "phone number format", reason = "phone_number",
    hint = "write it with + and the country's code: +441632960000" },
  { code = "ResourceNotFoundException", text = "evice", kind = "rejected", reason = "device",
    hint = "the service knows no such device of this user" },

  -- the endpoint
  { code = "UnknownOperationException", reason = "unknown_operation",
    hint = "the endpoint does not know this operation" },
  { code = "Unsupported", reason = "unknown_operation", hint = "the endpoint does not know this operation" },
  { code = "NotImplemented", reason = "unknown_operation", hint = "the endpoint does not know this operation" },
}
