--- ForgotPassword, ConfirmForgotPassword, ChangePassword.
-- @module cognito.emulator.ops.password

local clients = require "cognito.emulator.ops.clients"
local codes = require "cognito.emulator.codes"
local errors = require "cognito.emulator.errors"
local limits = require "cognito.emulator.limits"
local password = require "cognito.emulator.auth.password"
local signup = require "cognito.emulator.ops.signup"
local tokens = require "cognito.emulator.tokens"

local M = {}

local HOUR = 3600

local function verified_address(user)
  for _, name in ipairs { "email", "phone_number" } do
    if user.attributes[name] and user.attributes[name .. "_verified"] == "true" then return name end
  end
end

function M.ForgotPassword(state, input)
  local client, user = clients.with_user(state, input)
  if not user and client.config.prevent_user_existence_errors then return signup.pretended(input.Username) end
  errors.check(user, "UserNotFound", "Username/client id combination not found.")
  errors.check(user.enabled, "NotAuthorized", "User is disabled.")
  errors.check(user.status ~= "FORCE_CHANGE_PASSWORD", "NotAuthorized",
    "User password cannot be reset in the current state.")
  limits.hourly(client.pool, user, "ForgotPassword")
  local attribute = errors.check(verified_address(user), "InvalidParameter",
    "Cannot reset password for the user as there is no registered/verified email or phone_number")
  return { CodeDeliveryDetails = codes.send(state, user, "forgot_password", attribute, { ttl = HOUR }) }
end

-- The code is used up only once the new password was accepted.
function M.ConfirmForgotPassword(state, input)
  local client, found = clients.with_user(state, input)
  local user = signup.known(client, found)
  limits.hourly(client.pool, user, "ConfirmForgotPassword")
  local entry = user.codes.forgot_password
  signup.check_code(user, "forgot_password", input.ConfirmationCode)
  local ok, err = pcall(password.set, client.pool, user, input.Password)
  if not ok then
    user.codes.forgot_password = entry
    error(err, 0)
  end
  if user.status == "RESET_REQUIRED" or user.status == "UNCONFIRMED" then user.status = "CONFIRMED" end
  state:note()
  return {}
end

-- A user without a password (who signs in by code or passkey) sets a first one without naming an old one.
function M.ChangePassword(state, input)
  local who = tokens.authorize(state, input.AccessToken)
  limits.hourly(who.pool, who.user, "ChangePassword")
  if who.user.password then
    errors.check(input.PreviousPassword, "InvalidParameter", "Missing required parameter PreviousPassword")
    password.verify(who.pool, who.user, input.PreviousPassword)
  end
  password.set(who.pool, who.user, input.ProposedPassword)
  state:note()
  return {}
end

return M
