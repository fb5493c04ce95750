--- What a sign-in has to do with the device it comes from.
-- @module cognito.emulator.auth.devices

local clock = require "cognito.emulator.clock"
local errors = require "cognito.emulator.errors"
local random = require "cognito.emulator.random"

local M = {}

--- Takes note of the DEVICE_KEY that a caller sent, once the caller has proven something.
function M.note(flow, key)
  if not key or key == "" or flow.pool.config.device_tracking == "off" then return end
  local device = flow.user.devices[key]
  errors.check(device and device.confirmed, "ResourceNotFound", "Device does not exist.")
  flow.device_key = key
end

local function device_of(flow)
  return flow.device_key and flow.user.devices[flow.device_key]
end

--- @treturn boolean whether the device stands in for a second factor
function M.remembered(flow)
  local device = device_of(flow)
  return device and device.confirmed and device.remembered or false
end

--- @treturn boolean whether the device must prove itself
function M.confirmed(flow)
  local device = device_of(flow)
  return device and device.confirmed or false
end

--- Gives a new device its key at the end of a sign-in.
-- @treturn table|nil NewDeviceMetadata
function M.track(flow)
  if flow.pool.config.device_tracking == "off" or device_of(flow) then return nil end
  local key, now = flow.pool.config.region .. "_" .. random.uuid(), clock.now()
  flow.user.devices[key] = { key = key, group = "-" .. random.token(8):gsub("[-_]", "x"), confirmed = false,
    created = now, modified = now, authenticated = now }
  flow.device_key = key
  return { DeviceKey = key, DeviceGroupKey = flow.user.devices[key].group }
end

return M
