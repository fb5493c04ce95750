--- What a session does with the device that it was signed in on.
-- @module cognito.user.device

local device = require "cognito.device"
local errors = require "cognito.errors"
local options = require "cognito.options"
local records = require "cognito.records"

local methods = {}
local Session = {}

local FORGET = { key = "string", deadline = "number", cancel = "table", max_attempts = "integer" }

local function no_key()
  return nil, errors.new("invalid", "the session has no device of its own", { field = "key", code = "no_device",
    retryable = false })
end

local function own_key(session)
  local record = records.of(session)
  return record and record.device_key
end

--- Says whether the session's own device is to be remembered, which spares the second factor. Needed once where the
-- pool leaves that to the user (`session.device.confirmation_needed`).
-- @function session:remember_device
-- @tparam boolean remember
-- @tparam[opt] table given `deadline`, `cancel`, `max_attempts`
-- @treturn boolean|nil true, or nil and an error as for `session:call`; `invalid` with code `no_device`. Operation
-- UpdateDeviceStatus. Any host.
function Session:remember_device(remember, given)
  if type(remember) ~= "boolean" then error("session:remember_device: true or false is needed", 2) end
  options.check_call(given, "session:remember_device", 2)
  local key = own_key(self)
  if not key then return no_key() end
  local answer, err = self:call("UpdateDeviceStatus", { DeviceKey = key,
    DeviceRememberedStatus = remember and "remembered" or "not_remembered" }, given)
  if not answer then return nil, err end
  if self.device.confirmation_needed then self.device.confirmation_needed = false end
  return true
end

--- Forgets a device at the service, and its data here when it is the one of this user on this machine.
-- @function session:forget_device
-- @tparam[opt] table given `key` (default: the session's own device), `deadline`, `cancel`, `max_attempts`
-- @treturn boolean|nil true, or nil and an error as for `session:call`; `invalid` with code `no_device`; `store`.
-- Operation ForgetDevice. Any host.
function Session:forget_device(given)
  given = options.check(given or {}, FORGET, "session:forget_device", 2)
  local key = given.key or own_key(self)
  if not key then return no_key() end
  local ok, wrong = require("cognito.protocol.rules").check("DeviceKey", key, "key")
  if not ok then return nil, wrong end
  local answer, err = self:call("ForgetDevice", { DeviceKey = key },
    { deadline = given.deadline, cancel = given.cancel, max_attempts = given.max_attempts })
  if not answer then return nil, err end
  return device.drop(getmetatable(self).pool, self.username or "", key)
end

--- Adds the methods to a class of sessions.
-- @tparam table class
function methods.define(class)
  for name, method in pairs(Session) do class[name] = method end
end

return methods
