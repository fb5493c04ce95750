--- NEW_PASSWORD_REQUIRED.
-- @module cognito.emulator.auth.new_password

local errors = require "cognito.emulator.errors"
local json = require "cognito.emulator.json"
local flow_of = require "cognito.emulator.auth.flow"
local password = require "cognito.emulator.auth.password"

local function missing(flow)
  local list = json.list {}
  for _, name in ipairs(flow.pool.config.required_attributes) do
    if (flow.user.attributes[name] or "") == "" then list[#list + 1] = "userAttributes." .. name end
  end
  return list
end

local function pose(_, flow)
  local attributes = {}
  for name, value in pairs(flow.user.attributes) do
    if name ~= "sub" then attributes[name] = value end
  end
  return { USER_ID_FOR_SRP = flow.user.username, userAttributes = json.encode(attributes),
    requiredAttributes = json.encode(missing(flow)) }
end

local function given_attributes(responses)
  local out = {}
  for key, value in pairs(responses) do
    local name = key:match("^userAttributes%.(.+)$")
    if name then out[name] = value end
  end
  return out
end

local function check_attributes(flow, given)
  for _, name in ipairs(missing(flow)) do
    errors.check((given[name:match("%.(.+)$")] or "") ~= "", "InvalidParameter",
      "Invalid attributes given, " .. name:match("%.(.+)$") .. " is missing")
  end
  for name in pairs(given) do
    errors.check(name ~= "email_verified" and name ~= "phone_number_verified" and name ~= "sub", "NotAuthorized",
      "Cannot modify the non-mutable attribute " .. name)
    local kept = flow.pool.config.required_attributes
    for _, required in ipairs(kept) do
      errors.check(required ~= name or (flow.user.attributes[name] or "") == "", "NotAuthorized",
        "Cannot modify an already provided " .. name)
    end
  end
end

local function answer(state, flow, responses)
  errors.check(responses.NEW_PASSWORD, "InvalidParameter", "Missing required parameter NEW_PASSWORD")
  local given = given_attributes(responses)
  check_attributes(flow, given)
  password.set(flow.pool, flow.user, responses.NEW_PASSWORD)
  for name, value in pairs(given) do flow.user.attributes[name] = value end
  flow.user.status = "CONFIRMED"
  return flow_of.advance(state, flow)
end

return { NEW_PASSWORD_REQUIRED = { pose = pose, answer = answer } }
