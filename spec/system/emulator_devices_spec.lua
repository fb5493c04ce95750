-- The emulator's devices: confirmed, remembered, asked for, forgotten.
local emulator = require "spec.support.emulator"
local raw_signins = require "spec.support.raw_signins"
local srp = require "spec.support.srp_client"

local config, client_of, refused, signed_in, asks = raw_signins.config, raw_signins.client_of, raw_signins.refused,
  raw_signins.signed_in, raw_signins.asks

describe("the emulator's devices", function()
  local function with(tracking)
    local e = emulator.start { config = config(tracking) }
    return e, client_of(e)
  end

  local function confirm(e, result)
    local meta = result.NewDeviceMetadata
    local device = { key = meta.DeviceKey, group = meta.DeviceGroupKey, password = "device password" }
    local status, body = e.call("ConfirmDevice", { AccessToken = result.AccessToken, DeviceKey = device.key,
      DeviceName = "spec", DeviceSecretVerifierConfig = srp.device(device.group, device.key, device.password) })
    assert.equal(200, status, body and body.message)
    return device, body.UserConfirmationNecessary
  end

  local function prove(c, username, device, step, password)
    local start = srp.start()
    step = asks("DEVICE_PASSWORD_VERIFIER", c.answer("DEVICE_SRP_AUTH", step.Session,
      { USERNAME = username, DEVICE_KEY = device.key, SRP_A = start.A }))
    local p, timestamp = step.ChallengeParameters, srp.timestamp()
    return c.answer("DEVICE_PASSWORD_VERIFIER", step.Session, { USERNAME = username, DEVICE_KEY = device.key,
      PASSWORD_CLAIM_SECRET_BLOCK = p.SECRET_BLOCK, TIMESTAMP = timestamp, PASSWORD_CLAIM_SIGNATURE =
      srp.sign(start, p, device.group, device.key, password or device.password, timestamp) })
  end

  it("spares a remembered device the second factor", function()
    local e, c = with "always"
    finally(e.stop)
    local step = asks("SMS_MFA", c.srp "sms")
    local result = signed_in(c.answer("SMS_MFA", step.Session, { USERNAME = "sms", SMS_MFA_CODE = e.code() }))
    local device, necessary = confirm(e, result)
    assert.is_false(necessary)
    step = asks("DEVICE_SRP_AUTH", c.srp("sms", nil, { DEVICE_KEY = device.key }))
    result = signed_in(prove(c, "sms", device, step))
    assert.is_nil(result.NewDeviceMetadata)
    step = asks("DEVICE_SRP_AUTH", c.srp("sms", nil, { DEVICE_KEY = device.key }))
    refused("NotAuthorizedException", "Incorrect username or password.", prove(c, "sms", device, step, "wrong"))
  end)

  it("refreshes with the confirmed device's key only", function()
    local e, c = with "always"
    finally(e.stop)
    local result = signed_in(c.srp "alice")
    local function refresh(key)
      return e.call("GetTokensFromRefreshToken",
        { ClientId = e.client_id, RefreshToken = result.RefreshToken, DeviceKey = key })
    end
    local key = result.NewDeviceMetadata.DeviceKey
    refused("NotAuthorizedException", "Invalid Refresh Token.", refresh(key))
    confirm(e, result)
    refused("NotAuthorizedException", "Invalid Refresh Token.", refresh())
    signed_in(refresh(key))
  end)

  it("asks in opt-in pools, and asks the second factor until the device is remembered", function()
    local e, c = with "opt_in"
    finally(e.stop)
    local step = asks("SMS_MFA", c.srp "sms")
    local result = signed_in(c.answer("SMS_MFA", step.Session, { USERNAME = "sms", SMS_MFA_CODE = e.code() }))
    local device, necessary = confirm(e, result)
    assert.is_true(necessary)
    step = asks("SMS_MFA", c.srp("sms", nil, { DEVICE_KEY = device.key }))
    step = asks("DEVICE_SRP_AUTH", c.answer("SMS_MFA", step.Session, { USERNAME = "sms", SMS_MFA_CODE = e.code() }))
    result = signed_in(prove(c, "sms", device, step))
    assert.equal(200, (e.call("UpdateDeviceStatus", { AccessToken = result.AccessToken, DeviceKey = device.key,
      DeviceRememberedStatus = "remembered" })))
    asks("DEVICE_SRP_AUTH", c.srp("sms", nil, { DEVICE_KEY = device.key }))
  end)

  it("says that a forgotten device does not exist, and takes the same answer without it", function()
    local e, c = with "always"
    finally(e.stop)
    local result = signed_in(c.srp "alice")
    local device = confirm(e, result)
    local status, shown = e.call("GetDevice", { AccessToken = result.AccessToken, DeviceKey = device.key })
    assert.equal(200, status)
    assert.equal(device.key, shown.Device.DeviceKey)
    assert.equal(200, (e.call("ForgetDevice", { AccessToken = result.AccessToken, DeviceKey = device.key })))
    local start = srp.start()
    local _, step = c.start("USER_SRP_AUTH", { USERNAME = "alice", SRP_A = start.A })
    refused("ResourceNotFoundException", "Device does not exist.",
      c.verifier(start, step, "Correct-horse1", { DEVICE_KEY = device.key }))
    assert.truthy(signed_in(c.verifier(start, step, "Correct-horse1")).NewDeviceMetadata)
  end)

  it("lists devices page by page", function()
    local e, c = with "always"
    finally(e.stop)
    local result
    for _ = 1, 3 do
      result = signed_in(c.srp "alice")
      confirm(e, result)
    end
    local _, one = e.call("ListDevices", { AccessToken = result.AccessToken, Limit = 2 })
    local _, two = e.call("ListDevices", { AccessToken = result.AccessToken, Limit = 2,
      PaginationToken = one.PaginationToken })
    assert.same({ 2, 1 }, { #one.Devices, #two.Devices })
    assert.is_nil(two.PaginationToken)
    local _, text = e.http("GET", "/_emulator/requests?operation=ListDevices")
    assert.truthy(text)
  end)
end)
