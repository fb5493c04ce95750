--- SignUp, ConfirmSignUp, ResendConfirmationCode, UpdateAuthEventFeedback.
-- @module cognito.emulator.ops.signup

local clients = require "cognito.emulator.ops.clients"
local codes = require "cognito.emulator.codes"
local config_of = require "cognito.emulator.config"
local errors = require "cognito.emulator.errors"
local flow_of = require "cognito.emulator.auth.flow"
local limits = require "cognito.emulator.limits"
local lists = require "cognito.emulator.lists"
local password = require "cognito.emulator.auth.password"
local random = require "cognito.emulator.random"
local schema = require "cognito.emulator.schema"
local secret = require "cognito.emulator.secret"
local state_of = require "cognito.emulator.state"
local trigger = require "cognito.emulator.trigger"

local M = {}

--- Where a code for this user goes: the first of the pool's verified kinds that the user has.
-- @treturn string|nil attribute
function M.delivery(pool, user)
  for _, name in ipairs(pool.config.auto_verify) do
    if (user.attributes[name] or "") ~= "" then return name end
  end
end

--------------------------------------------------------------------------------------------------- SignUp

-- In pools where people sign in by address, that address comes as Username and the name is made up.
local function names(pool, username, attributes)
  local by = pool.config.username_attributes
  if #by == 0 then return username, nil end
  local attribute = username:find("@", 1, true) and "email" or "phone_number"
  errors.check(lists.contains(by, attribute), "InvalidParameter",
    "Username should be " .. (by[1] == "email" and "an email." or "a phone number."))
  attributes[attribute] = attributes[attribute] or username
  schema.check(pool, attribute, username)
  local id = random.uuid()
  return id, id
end

local function check_free(pool, username)
  errors.check(not state_of.find(pool, username), "UsernameExists", "User already exists")
end

local function pre_sign_up(pool, username, input)
  local hook = pool.config.triggers.pre_sign_up
  if not hook then return {} end
  local verdict, message = trigger.run(hook, "PreSignUp", { username = username,
    attributes = schema.map(input.UserAttributes), validation = schema.map(input.ValidationData),
    metadata = input.ClientMetadata or {} })
  if verdict == false then trigger.refuse("PreSignUp", message or "refused") end
  return type(verdict) == "table" and verdict or {}
end

local function make(pool, input)
  local attributes = schema.map(input.UserAttributes)
  local username, sub = names(pool, input.Username, attributes)
  for name, value in pairs(attributes) do schema.check(pool, name, value) end
  schema.check_required(pool, attributes)
  if input.Password then password.check_policy(pool, input.Password) end
  return state_of.user(username, config_of.user { password = input.Password, status = "UNCONFIRMED",
    attributes = attributes, sub = sub })
end

local function confirm(user, verdict)
  user.status = "CONFIRMED"
  for _, name in ipairs { "email", "phone_number" } do
    if verdict["auto_verify_" .. name] then user.attributes[name .. "_verified"] = "true" end
  end
end

-- A chain of SignUp, ConfirmSignUp and USER_AUTH shares one flow by its Session.
local function chained(state, client, user)
  if not client.config.flows.USER_AUTH then return nil end
  return flow_of.session(state, flow_of.new(client, user, user.username), "SIGN_UP")
end

local function send_code(state, pool, user)
  local attribute = M.delivery(pool, user)
  return attribute and codes.send(state, user, "sign_up", attribute) or nil
end

function M.SignUp(state, input)
  local client = clients.find(state, input.ClientId)
  secret.check_hash(client, input.Username, input.SecretHash)
  local pool = client.pool
  errors.check(pool.config.sign_up, "NotAuthorized", "SignUp is not permitted for this user pool")
  errors.check(input.Password or #pool.config.first_factors > 1, "InvalidParameter", "Password is required")
  check_free(pool, input.Username)
  local verdict = pre_sign_up(pool, input.Username, input)
  local user = make(pool, input)
  pool.users[user.username] = user
  state:note()
  local output = { UserSub = user.sub, UserConfirmed = verdict.auto_confirm or false }
  if verdict.auto_confirm then confirm(user, verdict)
  else output.CodeDeliveryDetails = send_code(state, pool, user) end
  output.Session = chained(state, client, user)
  return output
end

--------------------------------------------------------------------------------------------------- confirming

--- An unknown user must look like one with another code, where the client is set so.
-- @treturn table user
function M.known(client, user)
  if user then return user end
  errors.check(not client.config.prevent_user_existence_errors, "CodeMismatch",
    "Invalid verification code provided, please try again.")
  errors.throw("UserNotFound", "Username/client id combination not found.")
end

--- Checks a code and gives up after five wrong ones.
function M.check_code(user, purpose, given)
  local entry = user.codes[purpose]
  errors.check(not entry or entry.tries < 5, "TooManyFailedAttempts",
    "Too many failed attempts, please request a new code.")
  return codes.check(user, purpose, given)
end

--- The user who owns an address by which people sign in, other than this one.
function M.alias_owner(pool, user, attribute, address)
  if not lists.contains(pool.config.aliases, attribute) then return nil end
  for _, other in pairs(pool.users) do
    if other ~= user and other.attributes[attribute] == address
      and other.attributes[attribute .. "_verified"] == "true" then return other end
  end
end

--- Marks an address as verified; another user's alias is taken over only if that is allowed.
function M.verify_address(pool, user, attribute, force)
  local owner = M.alias_owner(pool, user, attribute, user.attributes[attribute])
  errors.check(not owner or force, "AliasExists", ("An account with the %s already exists."):format(attribute))
  if owner then owner.attributes[attribute .. "_verified"] = "false" end
  user.attributes[attribute .. "_verified"] = "true"
end

local function next_session(state, client, user, text)
  if not text then return nil end
  local entry = flow_of.open(state, text, client)
  errors.check(entry.purpose == "SIGN_UP" and entry.flow.user == user, "NotAuthorized", "Invalid session for the user.")
  entry.used = true
  return flow_of.session(state, entry.flow, "CONFIRMED")
end

function M.ConfirmSignUp(state, input)
  local client, found = clients.with_user(state, input)
  local user, pool = M.known(client, found), client.pool
  limits.hourly(pool, user, "ConfirmSignUp")
  errors.check(user.status == "UNCONFIRMED", "NotAuthorized",
    "User cannot be confirmed. Current status is " .. user.status)
  local attribute, entry = M.delivery(pool, user), user.codes.sign_up
  M.check_code(user, "sign_up", input.ConfirmationCode)
  local ok, err = pcall(M.verify_address, pool, user, attribute, input.ForceAliasCreation)
  if not ok then
    user.codes.sign_up = entry
    error(err, 0)
  end
  user.status = "CONFIRMED"
  state:note()
  return { Session = next_session(state, client, user, input.Session) }
end

--- What an unknown user's code delivery looks like.
function M.pretended(username)
  return { CodeDeliveryDetails = { Destination = codes.mask(username:sub(1, 1) .. "@" .. username:sub(-1)),
    DeliveryMedium = "EMAIL", AttributeName = "email" } }
end

function M.ResendConfirmationCode(state, input)
  local client, user = clients.with_user(state, input)
  if not user and client.config.prevent_user_existence_errors then return M.pretended(input.Username) end
  errors.check(user, "UserNotFound", "Username/client id combination not found.")
  limits.hourly(client.pool, user, "ResendConfirmationCode")
  errors.check(user.status == "UNCONFIRMED", "InvalidParameter", "User is already confirmed.")
  local details = send_code(state, client.pool, user)
  errors.check(details, "InvalidParameter", "User has no attribute to which a code could be sent.")
  return { CodeDeliveryDetails = details }
end

-- Needs the threat protection add-on, which is a switch of the pool here and nothing more.
function M.UpdateAuthEventFeedback(state, input)
  local pool = state.pools[input.UserPoolId]
  errors.check(pool, "ResourceNotFound", ("User pool %s does not exist."):format(input.UserPoolId))
  errors.check(pool.config.threat_protection, "UserPoolAddOnNotEnabled", "User pool add-on is not enabled.")
  local user = errors.check(state_of.find(pool, input.Username), "UserNotFound", "User does not exist.")
  user.feedback = user.feedback or {}
  user.feedback[input.EventId] = input.FeedbackValue
  return {}
end

return M
