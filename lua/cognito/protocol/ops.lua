--- The 32 operations of the user-pool API that need no AWS credentials, as data.
--
-- Fields: `name`. `auth`: `token` (AccessToken is needed), `token_or_session`, or nil. `client`: ClientId is a member.
-- `secret`: where a client secret goes: `hash` (SecretHash over Username), `auth` (AuthParameters.SECRET_HASH over
-- USERNAME), `challenge` (ChallengeResponses.SECRET_HASH over USERNAME), `raw` (ClientSecret). `minting`: a success
-- hands out tokens. `resend`: may the request be sent again by itself: `safe`: always; `answered`: after an answer of
-- status 5xx, not when the answer was lost; `once`: after an unknown outcome once more, the same bytes; nil: only when
-- it cannot have been processed. `empty`: an empty body is a success too. `lists`: members that are lists. `result`:
-- members that a success always has, with their Lua types. `tokens_only` (in a copy of a row, with this `result`): the
-- caller wants nothing but AuthenticationResult.
--
-- Source: the service's model of 2016-04-18, its operations with `authtype: none`.
-- @module cognito.protocol.ops

local list = {
  -- without an access token
  { name = "ConfirmForgotPassword", client = true, secret = "hash", empty = true },
  { name = "ConfirmSignUp", client = true, secret = "hash", empty = true },
  { name = "ForgotPassword", client = true, secret = "hash", empty = true },
  { name = "GetTokensFromRefreshToken", client = true, secret = "raw", minting = true, resend = "once",
    result = { AuthenticationResult = "table" } },
  { name = "InitiateAuth", client = true, secret = "auth", minting = true, resend = "answered" },
  { name = "ResendConfirmationCode", client = true, secret = "hash", empty = true },
  { name = "RespondToAuthChallenge", client = true, secret = "challenge", minting = true },
  { name = "RevokeToken", client = true, secret = "raw", resend = "safe", empty = true },
  { name = "SignUp", client = true, secret = "hash", lists = { UserAttributes = true, ValidationData = true },
    result = { UserSub = "string" } },
  { name = "UpdateAuthEventFeedback", resend = "safe", empty = true },
  -- with one
  { name = "AssociateSoftwareToken", auth = "token_or_session", result = { SecretCode = "string" } },
  { name = "ChangePassword", auth = "token", empty = true },
  { name = "CompleteWebAuthnRegistration", auth = "token", empty = true },
  { name = "ConfirmDevice", auth = "token", empty = true },
  { name = "DeleteUser", auth = "token", empty = true },
  { name = "DeleteUserAttributes", auth = "token", resend = "safe", empty = true,
    lists = { UserAttributeNames = true } },
  { name = "DeleteWebAuthnCredential", auth = "token", empty = true },
  { name = "ForgetDevice", auth = "token", empty = true },
  { name = "GetDevice", auth = "token", resend = "safe", result = { Device = "table" } },
  { name = "GetUser", auth = "token", resend = "safe", result = { Username = "string", UserAttributes = "table" } },
  { name = "GetUserAttributeVerificationCode", auth = "token", empty = true },
  { name = "GetUserAuthFactors", auth = "token", resend = "safe", result = { Username = "string" } },
  { name = "GlobalSignOut", auth = "token", resend = "safe", empty = true },
  { name = "ListDevices", auth = "token", resend = "safe", result = {} },
  { name = "ListWebAuthnCredentials", auth = "token", resend = "safe", result = { Credentials = "table" } },
  { name = "SetUserMFAPreference", auth = "token", resend = "safe", empty = true },
  { name = "SetUserSettings", auth = "token", resend = "safe", empty = true, lists = { MFAOptions = true } },
  { name = "StartWebAuthnRegistration", auth = "token", resend = "safe",
    result = { CredentialCreationOptions = "table" } },
  { name = "UpdateDeviceStatus", auth = "token", resend = "safe", empty = true },
  { name = "UpdateUserAttributes", auth = "token", empty = true, lists = { UserAttributes = true } },
  { name = "VerifySoftwareToken", auth = "token_or_session", result = { Status = "string" } },
  { name = "VerifyUserAttribute", auth = "token", empty = true },
}

--- Members whose values never reach an error, a log or a `tostring`, wherever they stand in an input: what the model
-- marks sensitive, and ours on top (codes, passkeys, device verifiers).
local sensitive = {
  AccessToken = true, AuthParameters = true, ChallengeResponses = true, ClientId = true, ClientSecret = true,
  FeedbackToken = true, Password = true, PreviousPassword = true, ProposedPassword = true, RefreshToken = true,
  SecretHash = true, Session = true, Token = true, UserCode = true, UserContextData = true, ConfirmationCode = true,
  Code = true, Credential = true, DeviceSecretVerifierConfig = true, UserAttributes = true, Username = true,
  ValidationData = true,
}

local by_name = {}
for _, op in ipairs(list) do by_name[op.name] = op end

return { list = list, by_name = by_name, sensitive = sensitive }
