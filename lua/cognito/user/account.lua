--- Accounts: signing up, confirming, forgotten and changed passwords, attributes, leaving.
-- The rows become methods of a pool and of a session (see `cognito.user`). Every method takes `deadline` (seconds for
-- the whole call) and `cancel`, runs in every host, and fails with the kinds of the call (`dns` to `cancelled`),
-- `invalid` (refused before sending, `field` says which), `limited`, `throttled`, and `rejected` with the service's
-- `code`. Methods of a session refresh first where they must, and can fail with `sign_in_required`.
-- @module cognito.user.account
local device = require "cognito.device"
local user = require "cognito.user"

local account = { pool = {}, session = {} }

local function delivery(out) return user.delivery(out.CodeDeliveryDetails) or {} end

local function code_call(more)
  local args = { username = "Username", client_metadata = "ClientMetadata", user_context = "UserContextData" }
  for name, member in pairs(more or {}) do args[name] = member end
  return args
end

--- Signs up (SignUp).
-- @function pool:sign_up
-- @tparam table options `username`, `password` (not for passwordless pools), `attributes` (name to value),
-- `validation_data` (name to value, for the pool's Lambda), `client_metadata`, `user_context`
-- @treturn table|nil `confirmed`, `sub`, `delivery` (`destination`, `medium`, `attribute`), `session` for
-- `confirm_sign_up`, or nil and an error: `rejected` codes UsernameExistsException, InvalidPasswordException,
-- CodeDeliveryFailureException (the user exists then: use `resend_code`)
account.pool.sign_up = {
  operation = "SignUp", required = { "username" },
  args = code_call { password = "Password", attributes = "UserAttributes", validation_data = "ValidationData" },
  answer = function(out)
    return {
      confirmed = out.UserConfirmed == true, sub = out.UserSub, session = out.Session,
      delivery = user.delivery(out.CodeDeliveryDetails),
    }
  end,
}

--- Confirms a sign-up with the code that was sent (ConfirmSignUp).
-- @function pool:confirm_sign_up
-- @tparam table options `username`, `code`, `session` (from `sign_up`), `force_alias` (true moves an e-mail address or
-- phone number here from another user), `client_metadata`, `user_context`
-- @treturn table `session`: give it to `pool:sign_in` to be signed in without a second code
account.pool.confirm_sign_up = {
  operation = "ConfirmSignUp", required = { "username", "code" },
  args = code_call { code = "ConfirmationCode", session = "Session", force_alias = "ForceAliasCreation" },
  answer = function(out) return { session = out.Session } end,
}

--- Sends the sign-up code again (ResendConfirmationCode).
-- @function pool:resend_code
-- @tparam table options `username`, `client_metadata`, `user_context`
-- @treturn table `destination`, `medium`, `attribute`
account.pool.resend_code = {
  operation = "ResendConfirmationCode", required = { "username" }, args = code_call(), answer = delivery,
}

--- Asks for a code to set a new password (ForgotPassword).
-- @function pool:forgot_password
-- @tparam table options `username`, `client_metadata`, `user_context`
-- @treturn table `destination`, `medium`, `attribute`
account.pool.forgot_password = {
  operation = "ForgotPassword", required = { "username" }, args = code_call(), answer = delivery,
}

--- Sets a new password with the code from `forgot_password` (ConfirmForgotPassword).
-- @function pool:confirm_forgot_password
-- @tparam table options `username`, `code`, `new_password`, `client_metadata`, `user_context`
-- @treturn boolean true
account.pool.confirm_forgot_password = {
  operation = "ConfirmForgotPassword", required = { "username", "code", "new_password" },
  args = code_call { code = "ConfirmationCode", new_password = "Password" },
}

--- Says whether a sign-in that threat protection reported was one's own (UpdateAuthEventFeedback).
-- @function pool:event_feedback
-- @tparam table options `user_pool_id`, `username`, `event_id`, `feedback_token`, `feedback` ("Valid" or "Invalid")
-- @treturn boolean true
account.pool.event_feedback = {
  operation = "UpdateAuthEventFeedback",
  required = { "user_pool_id", "username", "event_id", "feedback_token", "feedback" },
  args = {
    user_pool_id = "UserPoolId", username = "Username", event_id = "EventId", feedback_token = "FeedbackToken",
    feedback = "FeedbackValue",
  },
}

--- Revokes a refresh token that one holds without a session (RevokeToken); `session:sign_out` does it for a session.
-- @function pool:revoke
-- @tparam table options `refresh_token`
-- @treturn boolean true
account.pool.revoke = {
  operation = "RevokeToken", required = { "refresh_token" }, args = { refresh_token = "Token" },
}

--- The user's own record (GetUser).
-- @function session:user
-- @treturn table `username`, `attributes` (name to value), `preferred_mfa`, `mfa` (list of names)
account.session.user = {
  operation = "GetUser",
  answer = function(out)
    return {
      username = out.Username, attributes = user.attributes(out.UserAttributes),
      preferred_mfa = out.PreferredMfaSetting, mfa = out.UserMFASettingList or {},
    }
  end,
}

--- Sets attributes (UpdateUserAttributes). A new e-mail address or phone number is in force once it is verified, where
-- the pool is set so.
-- @function session:update_attributes
-- @tparam table options `attributes` (name to value), `client_metadata`
-- @treturn {table,...} where codes were sent: `destination`, `medium`, `attribute` each
account.session.update_attributes = {
  operation = "UpdateUserAttributes", required = { "attributes" },
  args = { attributes = "UserAttributes", client_metadata = "ClientMetadata" },
  answer = function(out)
    local list = {}
    for i, details in ipairs(out.CodeDeliveryDetailsList or {}) do list[i] = user.delivery(details) end
    return list
  end,
}

--- Deletes attributes (DeleteUserAttributes).
-- @function session:delete_attributes
-- @tparam table options `names` (list)
-- @treturn boolean true
account.session.delete_attributes = {
  operation = "DeleteUserAttributes", required = { "names" }, args = { names = "UserAttributeNames" },
}

--- Asks for a code that verifies an attribute (GetUserAttributeVerificationCode).
-- @function session:send_attribute_code
-- @tparam table options `name` ("email" or "phone_number"), `client_metadata`
-- @treturn table `destination`, `medium`, `attribute`
account.session.send_attribute_code = {
  operation = "GetUserAttributeVerificationCode", required = { "name" },
  args = { name = "AttributeName", client_metadata = "ClientMetadata" }, answer = delivery,
}

--- Verifies an attribute with the code that was sent (VerifyUserAttribute).
-- @function session:verify_attribute
-- @tparam table options `name`, `code`
-- @treturn boolean true
account.session.verify_attribute = {
  operation = "VerifyUserAttribute", required = { "name", "code" }, args = { name = "AttributeName", code = "Code" },
}

--- Changes the password (ChangePassword).
-- @function session:change_password
-- @tparam table options `new_password`, `previous_password` (not for users who have none yet)
-- @treturn boolean true
account.session.change_password = {
  operation = "ChangePassword", required = { "new_password" },
  args = { new_password = "ProposedPassword", previous_password = "PreviousPassword" },
}

--- Deletes the user for good (DeleteUser); the session and the device data are cleared too.
-- @function session:delete_user
-- @treturn boolean true
account.session.delete_user = {
  operation = "DeleteUser",
  answer = function(_, self)
    device.drop(getmetatable(self).pool, self.username or "")
    self:sign_out { revoke = false }
    return true
  end,
}

return account
