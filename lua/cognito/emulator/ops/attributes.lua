--- UpdateUserAttributes, DeleteUserAttributes, GetUserAttributeVerificationCode, VerifyUserAttribute.
-- @module cognito.emulator.ops.attributes

local clock = require "cognito.emulator.clock"
local codes = require "cognito.emulator.codes"
local errors = require "cognito.emulator.errors"
local json = require "cognito.emulator.json"
local limits = require "cognito.emulator.limits"
local lists = require "cognito.emulator.lists"
local schema = require "cognito.emulator.schema"
local signup = require "cognito.emulator.ops.signup"
local tokens = require "cognito.emulator.tokens"

local M = {}

local ADDRESS = { email = true, phone_number = true }

local function check_update(pool, user, name, value)
  schema.check(pool, name, value)
  errors.check(schema.mutable(pool, name) or user.attributes[name] == nil, "InvalidParameter",
    ("user.%s: Attribute cannot be updated.\n"):format(name))
  if name == "preferred_username" then
    for _, other in pairs(pool.users) do
      errors.check(other == user or other.attributes.preferred_username ~= value, "AliasExists",
        "An account with the given preferred_username already exists.")
    end
  end
end

-- A new address is unverified; where the pool verifies it by itself, a code goes out. With `verify_before_update` the
-- old address stays until the code was given back.
local function change_address(state, pool, user, name, value)
  if user.attributes[name] == value then return nil end
  if lists.contains(pool.config.verify_before_update, name) then
    return codes.send(state, user, "verify:" .. name, name, { address = value })
  end
  user.attributes[name], user.attributes[name .. "_verified"] = value, "false"
  if not lists.contains(pool.config.auto_verify, name) then return nil end
  return codes.send(state, user, "verify:" .. name, name)
end

function M.UpdateUserAttributes(state, input)
  local who = tokens.authorize(state, input.AccessToken)
  limits.rate(who.pool, who.user, "write")
  local given, details = schema.map(input.UserAttributes), json.list {}
  for name, value in pairs(given) do check_update(who.pool, who.user, name, value) end
  for name, value in pairs(given) do
    if ADDRESS[name] then details[#details + 1] = change_address(state, who.pool, who.user, name, value)
    else who.user.attributes[name] = value end
  end
  who.user.modified = clock.now()
  state:note()
  return { CodeDeliveryDetailsList = details }
end

function M.DeleteUserAttributes(state, input)
  local who = tokens.authorize(state, input.AccessToken)
  limits.rate(who.pool, who.user, "write")
  for _, name in ipairs(input.UserAttributeNames) do
    schema.check(who.pool, name, who.user.attributes[name] or "x@example.com")
    errors.check(not lists.contains(who.pool.config.required_attributes, name), "InvalidParameter",
      "Required attribute " .. name .. " cannot be deleted.")
  end
  for _, name in ipairs(input.UserAttributeNames) do
    who.user.attributes[name] = nil
    if ADDRESS[name] then who.user.attributes[name .. "_verified"] = nil end
  end
  state:note()
  return {}
end

local function check_address(user, name)
  errors.check(ADDRESS[name], "InvalidParameter", "Only email and phone_number can be verified.")
  return user
end

function M.GetUserAttributeVerificationCode(state, input)
  local who, name = tokens.authorize(state, input.AccessToken), input.AttributeName
  check_address(who.user, name)
  errors.check(who.user.attributes[name], "InvalidParameter", "User has no " .. name .. " to verify.")
  limits.hourly(who.pool, who.user, "GetUserAttributeVerificationCode")
  return { CodeDeliveryDetails = codes.send(state, who.user, "verify:" .. name, name) }
end

function M.VerifyUserAttribute(state, input)
  local who, name = tokens.authorize(state, input.AccessToken), input.AttributeName
  local user = check_address(who.user, name)
  limits.hourly(who.pool, user, "VerifyUserAttribute")
  local old = user.attributes[name]
  local entry = codes.check(user, "verify:" .. name, input.Code)
  user.attributes[name] = entry.address
  local ok, err = pcall(signup.verify_address, who.pool, user, name, false)
  if not ok then
    user.attributes[name] = old
    error(err, 0)
  end
  state:note()
  return {}
end

return M
