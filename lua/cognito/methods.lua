--- The account methods of pools and sessions: loaded when the first of them is called, since most programs only sign
-- in and refresh.
-- @module cognito.methods

local lazy = require "cognito.lazy"

local all = lazy.module "cognito.user.all"

local methods = {}

local NAMES = {
  pool = { "sign_up", "confirm_sign_up", "resend_code", "forgot_password", "confirm_forgot_password", "event_feedback",
    "revoke" },
  session = { "user", "update_attributes", "delete_attributes", "send_attribute_code", "verify_attribute",
    "change_password", "delete_user", "mfa", "set_mfa", "set_user_settings", "auth_factors", "associate_totp",
    "verify_totp", "start_passkey", "complete_passkey", "delete_passkey", "passkeys", "each_passkey", "devices",
    "each_device", "device", "remember_device", "forget_device" },
}

local Device = { __name = "cognito.device" }

-- `session:device{...}` and `session.device.key` are one name. A call through a metamethod is no border that a
-- coroutine cannot cross, in any Lua.
function Device.__call(field, ...)
  return field.describe(...)
end

--- The field `session.device`.
-- @tparam function describe the method `session:device{ key = }`
-- @tparam[opt] table state `key`, `confirmed`, `confirmation_needed`
-- @treturn table
function methods.device(describe, state)
  state = state or { confirmed = false, confirmation_needed = false }
  state.describe = describe
  return setmetatable(state, Device)
end

--- Adds the methods to a class.
-- @tparam table class receives the functions
-- @tparam string side "pool" or "session"
function methods.attach(class, side)
  for _, name in ipairs(NAMES[side]) do
    class[name] = function(self, given, more) return all[side][name](self, given, more) end
  end
  if class.device then class.device = methods.device(class.device) end
end

return methods
