--- ConfirmDevice, GetDevice, ListDevices, UpdateDeviceStatus, ForgetDevice.
-- @module cognito.emulator.ops.devices

local clock = require "cognito.emulator.clock"
local errors = require "cognito.emulator.errors"
local json = require "cognito.emulator.json"
local random = require "cognito.emulator.random"
local tokens = require "cognito.emulator.tokens"

local M = {}

local function holder(state, input)
  errors.check(input.AccessToken, "InvalidParameter", "Missing required parameter AccessToken")
  return tokens.authorize(state, input.AccessToken)
end

local function tracking(who)
  local mode = who.pool.config.device_tracking
  errors.check(mode ~= "off", "InvalidUserPoolConfiguration", "Device tracking is not enabled for this user pool.")
  return mode
end

local function device_of(who, key)
  return errors.check(who.user.devices[key], "ResourceNotFound", "Device does not exist.")
end

local function decoded(config, name)
  local bytes = config and config[name] and random.unbase64(config[name])
  errors.check(bytes and bytes ~= "", "InvalidParameter", "Invalid device verifier config: " .. name)
  return bytes
end

function M.ConfirmDevice(state, input)
  local who = holder(state, input)
  local mode, device = tracking(who), device_of(who, input.DeviceKey)
  errors.check(not device.confirmed, "DeviceKeyExists", "Device key already exists.")
  device.salt = decoded(input.DeviceSecretVerifierConfig, "Salt")
  device.verifier = decoded(input.DeviceSecretVerifierConfig, "PasswordVerifier")
  device.name, device.confirmed, device.remembered = input.DeviceName, true, mode == "always"
  device.modified = clock.now()
  state:note()
  return { UserConfirmationNecessary = mode == "opt_in" }
end

-- The device as the API shows it.
local function shown(device)
  local attributes = json.list {
    { Name = "device_status", Value = "valid" },
    { Name = "dev:device_remembered_status", Value = device.remembered and "remembered" or "not_remembered" },
  }
  if device.name then attributes[3] = { Name = "device_name", Value = device.name } end
  return { DeviceKey = device.key, DeviceAttributes = attributes, DeviceCreateDate = json.timestamp(device.created),
    DeviceLastModifiedDate = json.timestamp(device.modified),
    DeviceLastAuthenticatedDate = json.timestamp(device.authenticated) }
end

function M.GetDevice(state, input)
  local who = holder(state, input)
  tracking(who)
  return { Device = shown(device_of(who, input.DeviceKey)) }
end

local function confirmed_devices(user)
  local list = {}
  for _, device in pairs(user.devices) do
    if device.confirmed then list[#list + 1] = device end
  end
  table.sort(list, function(a, b) return a.key < b.key end)
  return list
end

-- The token of a page is the key after which the next one starts, in base64.
local function start_of(list, token)
  if not token then return 1 end
  local key = random.unbase64(token)
  for i, device in ipairs(list) do
    if device.key == key then return i + 1 end
  end
  errors.throw("InvalidParameter", "Invalid PaginationToken")
end

function M.ListDevices(state, input)
  local who = holder(state, input)
  tracking(who)
  local list, page = confirmed_devices(who.user), json.list {}
  local limit = (input.Limit or 0) > 0 and input.Limit or 60
  local first = start_of(list, input.PaginationToken)
  for i = first, math.min(#list, first + limit - 1) do page[#page + 1] = shown(list[i]) end
  local last = first + #page - 1
  return { Devices = page, PaginationToken = last < #list and random.base64(list[last].key) or nil }
end

function M.UpdateDeviceStatus(state, input)
  local who = holder(state, input)
  tracking(who)
  local device = device_of(who, input.DeviceKey)
  errors.check(device.confirmed, "InvalidParameter", "Device is not confirmed.")
  device.remembered, device.modified = input.DeviceRememberedStatus == "remembered", clock.now()
  state:note()
  return {}
end

function M.ForgetDevice(state, input)
  local who = holder(state, input)
  tracking(who)
  device_of(who, input.DeviceKey)
  who.user.devices[input.DeviceKey] = nil
  state:note()
  return nil
end

return M
