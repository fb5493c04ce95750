--- Which second factor a sign-in needs.
-- @module cognito.emulator.auth.factors

local lists = require "cognito.emulator.lists"

local M = {}

-- The factors that a user has switched on and the pool allows, in the order of the pool's list.
local function enabled(flow)
  local list = {}
  for _, method in ipairs(flow.pool.config.mfa_methods) do
    if flow.user.mfa[method] then list[#list + 1] = method end
  end
  return list
end

-- Where MFA is required, an address of the user serves even if nothing was chosen.
local function by_address(flow)
  local methods, attributes = flow.pool.config.mfa_methods, flow.user.attributes
  if attributes.phone_number and lists.contains(methods, "SMS_MFA") then return "SMS_MFA" end
  if attributes.email and lists.contains(methods, "EMAIL_OTP") and flow.asked ~= "EMAIL_OTP" then return "EMAIL_OTP" end
  return lists.contains(methods, "SOFTWARE_TOKEN_MFA") and "MFA_SETUP" or nil
end

--- The factors among which a user may choose.
-- @treturn table list of challenge names
M.choices = enabled

--- @tparam table flow
-- @treturn string|nil the challenge to pose for the second factor
function M.second(flow)
  if flow.done.mfa or flow.done.passkey or flow.pool.config.mfa == "OFF" then return nil end
  local list = enabled(flow)
  if #list > 1 then
    return lists.contains(list, flow.user.preferred_mfa) and flow.user.preferred_mfa or "SELECT_MFA_TYPE"
  end
  if list[1] then return list[1] end
  return flow.pool.config.mfa == "ON" and by_address(flow) or nil
end

return M
