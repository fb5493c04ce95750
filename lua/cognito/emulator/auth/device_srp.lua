--- DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER: a remembered device proves itself.
-- @module cognito.emulator.auth.device_srp

local clock = require "cognito.emulator.clock"
local errors = require "cognito.emulator.errors"
local flow_of = require "cognito.emulator.auth.flow"
local srp = require "cognito.emulator.auth.srp"
local srp_maths = require "cognito.emulator.srp"

local REFUSED = "Incorrect username or password."

local function device_of(flow, responses)
  local key = errors.check(responses.DEVICE_KEY, "InvalidParameter", "Missing required parameter DEVICE_KEY")
  local device = flow.user.devices[key]
  errors.check(device and device.confirmed, "ResourceNotFound", "Device does not exist.")
  errors.check(not flow.device_key or key == flow.device_key, "NotAuthorized", REFUSED)
  return device
end

local function secrets_of(device)
  return { salt = device.salt, v = srp_maths.number(device.verifier) }
end

local function pose_verifier(state, flow)
  return srp.begin(state, flow, secrets_of(flow.device), { USERNAME = flow.user.username,
    DEVICE_KEY = flow.device.key })
end

local function answer_start(state, flow, responses)
  flow.device = device_of(flow, responses)
  flow.A = srp.public(responses)
  return flow_of.pose(state, flow, "DEVICE_PASSWORD_VERIFIER")
end

local function answer_verifier(state, flow, responses)
  local device = device_of(flow, responses)
  local block = flow.exchange.block_text
  errors.check(srp.proven(flow, responses, device.group, device.key), "NotAuthorized", REFUSED)
  state.blocks[block] = nil
  flow.done.device, flow.device_key, device.authenticated = true, device.key, clock.now()
  return flow_of.advance(state, flow)
end

return {
  DEVICE_SRP_AUTH = { pose = function(_, flow) return { USERNAME = flow.user.username } end, answer = answer_start },
  DEVICE_PASSWORD_VERIFIER = { pose = pose_verifier, answer = answer_verifier },
}
