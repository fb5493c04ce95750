--- GetUser and what else concerns the account as a whole.
-- @module cognito.emulator.ops.account

local json = require "cognito.emulator.json"
local tokens = require "cognito.emulator.tokens"

local M = {}

--- Attributes as the API lists them, by name.
function M.attribute_list(user)
  local list = json.list {}
  for name, value in pairs(user.attributes) do list[#list + 1] = { Name = name, Value = value } end
  table.sort(list, function(a, b) return a.Name < b.Name end)
  return list
end

local METHODS = { "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP" }

--- The names of the second factors that are switched on, or nil.
function M.mfa_list(user)
  local list = json.list {}
  for _, method in ipairs(METHODS) do
    if user.mfa[method] then list[#list + 1] = method end
  end
  return #list > 0 and list or nil
end

function M.GetUser(state, input)
  local user = tokens.authorize(state, input.AccessToken).user
  return { Username = user.username, UserAttributes = M.attribute_list(user), MFAOptions = user.mfa_options,
    PreferredMfaSetting = user.preferred_mfa, UserMFASettingList = M.mfa_list(user) }
end

return M
