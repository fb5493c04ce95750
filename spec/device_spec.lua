-- Devices: confirmed after every flow, remembered, forgotten on both sides, carried elsewhere.
local cognito = require "cognito"
local core = require "cognito.core"
local device = require "cognito.device"
local emulator = require "spec.support.emulator"
local memory = require "cognito.storage.memory"
local script_host = require "spec.support.script_host"
local signins = require "spec.support.signins"

local PASSWORD, asks, signed_in = signins.PASSWORD, signins.asks, signins.signed_in

local CONFIG = ([[return {
  mfa = "OPTIONAL", device_tracking = %q, lockout = false,
  clients = { { id = "public" }, { id = "confidential", secrets = { "secretsecretsecretsecret1" } } },
  users = {
    alice = { password = "Correct-horse1", attributes = { email = "alice@example.com", email_verified = true } },
    bob = { password = "Correct-horse1", attributes = { email = "bob@example.com", email_verified = true } },
    sms = { password = "Correct-horse1", mfa = { "SMS_MFA" }, attributes = { phone_number = "+491701234567" } },
    fresh = { password = "Temporary-1", status = "FORCE_CHANGE_PASSWORD" },
    gone = { password = "Correct-horse1" },
    setup = { password = "Correct-horse1", script = { "MFA_SETUP" } },
  },
  triggers = {
    define_challenge = function(session) return #session > 0 or "CUSTOM_CHALLENGE" end,
    create_challenge = function() return {}, { answer = "4" } end,
    verify_challenge = function(answer, private) return answer == private.answer end,
  },
}]])

local function pool_of(e, more)
  local warnings = {}
  local options = { user_pool_id = e.pool_id, client_id = "public", endpoint = e.url, device = true,
    on_warning = function(err) warnings[#warnings + 1] = err end }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(cognito.pool(options)), warnings
end

local function sign_in(pool, username, more)
  local given = { username = username, password = PASSWORD }
  for name, value in pairs(more or {}) do given[name] = value end
  return pool:sign_in(given)
end

local function count(e, operation)
  return #e.requests(operation)
end

describe("a device", function()
  local e
  setup(function() e = emulator.start { config = CONFIG:format "always" } end)
  teardown(function() e.stop() end)
  before_each(function() e.reset() end)

  it("is confirmed after the first sign-in, proves itself at the next, and is sent on refresh", function()
    local pool, warnings = pool_of(e)
    local session = signed_in(sign_in(pool, "alice"))
    assert.truthy(session.device.key)
    assert.is_true(session.device.confirmed)
    assert.is_false(session.device.confirmation_needed)
    assert(session:refresh())
    local again = signed_in(sign_in(pool, "alice"))
    assert.equal(session.device.key, again.device.key)
    assert.equal(1, count(e, "ConfirmDevice"))
    assert(again:refresh())
    for _, request in ipairs(e.requests "GetTokensFromRefreshToken") do
      assert.equal(session.device.key, request.input.DeviceKey)
    end
    assert.same({}, warnings)
  end)

  it("does all that with a client secret, and after an alias was typed", function()
    local pool = pool_of(e, { client_id = "confidential", client_secret = "secretsecretsecretsecret1" })
    local session = signed_in(sign_in(pool, "alice@example.com"))
    local again = signed_in(sign_in(pool, "alice@example.com"))
    assert.equal(session.device.key, again.device.key)
    assert.equal(session.device.key, signed_in(sign_in(pool, "alice")).device.key)
    assert(again:refresh())
  end)

  it("is known to a password flow that begins with an alias", function()
    local pool = pool_of(e)
    local flow = { flow = "USER_PASSWORD_AUTH" }
    local session = signed_in(sign_in(pool, "alice@example.com", flow))
    assert.equal(session.device.key, signed_in(sign_in(pool, "alice@example.com", flow)).device.key)
    assert.equal(session.device.key, e.requests "InitiateAuth"[2].input.AuthParameters.DEVICE_KEY)
  end)

  it("is confirmed after every flow and every last challenge", function()
    local pool = pool_of(e)
    local function check(session)
      assert.is_true(session.device.confirmed)
      assert(session:refresh())
    end
    check(signed_in(sign_in(pool, "alice", { flow = "USER_PASSWORD_AUTH" })))
    local other = pool_of(e)
    check(signed_in(sign_in(other, "alice", { flow = "USER_AUTH", preferred_challenge = "PASSWORD_SRP" })))
    other = pool_of(e)
    check(signed_in(asks("CUSTOM_CHALLENGE",
      other:sign_in { username = "alice", flow = "CUSTOM_AUTH" }):answer "4"))
    check(signed_in(asks("SMS_MFA", sign_in(pool, "sms")):answer(e.code())))
    local step = asks("NEW_PASSWORD_REQUIRED", sign_in(pool, "fresh", { password = "Temporary-1" }))
    check(signed_in(step:answer(PASSWORD)))
    step = asks("MFA_SETUP", sign_in(pool, "setup"))
    check(signed_in(step:answer(cognito.totp.code(step.challenge.parameters.secret))))
  end)

  it("spares the second factor", function()
    local pool = pool_of(e)
    local session = signed_in(asks("SMS_MFA", sign_in(pool, "sms")):answer(e.code()))
    assert.equal(session.device.key, signed_in(sign_in(pool, "sms")).device.key)
  end)

  it("survives the sign-out, and belongs to one user and one client", function()
    local pool = pool_of(e)
    local session = signed_in(sign_in(pool, "alice"))
    local key = session.device.key
    session:sign_out()
    assert.is_nil((pool:session "alice"))
    assert.equal(key, signed_in(sign_in(pool, "alice")).device.key)
    assert.are_not.equal(key, signed_in(sign_in(pool, "bob")).device.key)
    local other = pool_of(e, { client_id = "confidential", client_secret = "secretsecretsecretsecret1",
      storage = pool.storage })
    assert.are_not.equal(key, signed_in(sign_in(other, "alice")).device.key)
  end)

  it("that the service has forgotten is dropped on the way", function()
    local pool, warnings = pool_of(e)
    local session = signed_in(sign_in(pool, "alice"))
    assert(session:call("ForgetDevice", { DeviceKey = session.device.key }))
    local again = signed_in(sign_in(pool, "alice"))
    assert.are_not.equal(session.device.key, again.device.key)
    assert.is_true(again.device.confirmed)
    assert.equal(again.device.key, signed_in(sign_in(pool, "alice")).device.key)
    assert.same({}, warnings)
  end)

  it("whose password is wrong is dropped, and the sign-in begins anew without it", function()
    local pool = pool_of(e)
    local session = signed_in(sign_in(pool, "alice"))
    local known = assert(device.find(pool, "alice"))
    assert(device.save(pool, "alice", { key = known.key, group_key = known.group_key, password = "wrong" }))
    local again = signed_in(sign_in(pool, "alice"))
    assert.are_not.equal(session.device.key, again.device.key)
    assert.equal(again.device.key, device.find(pool, "alice").key)
  end)

  it("is not another user's after an alias moved", function()
    local pool = pool_of(e)
    signed_in(sign_in(pool, "bob@example.com"))
    local bobs = device.find(pool, "bob").key
    e.user("bob", { attributes = { email = "other@example.com" } })
    e.user("alice", { attributes = { email = "bob@example.com", email_verified = "true" } })
    finally(function()
      e.user("alice", { attributes = { email = "alice@example.com", email_verified = "true" } })
      e.user("bob", { attributes = { email = "bob@example.com", email_verified = "true" } })
    end)
    local session = signed_in(sign_in(pool, "bob@example.com"))
    assert.equal("alice", session.username)
    assert.are_not.equal(bobs, session.device.key)
    assert.equal(bobs, device.find(pool, "bob").key)
    assert.equal(bobs, signed_in(sign_in(pool, "bob")).device.key)
  end)

  it("can be listed, read and forgotten", function()
    local pool = pool_of(e)
    local session = signed_in(sign_in(pool, "bob"))
    local list = assert(session:devices())
    local found
    for _, item in ipairs(list) do found = found or item.key == session.device.key end
    assert.truthy(found)
    assert.equal(session.device.key, assert(session:device { key = session.device.key }).key)
    assert.is_true(session:forget_device())
    assert.is_nil(device.find(pool, "bob"))
    local _, err = session:device { key = session.device.key }
    assert.equal("ResourceNotFoundException", err.code)
    assert.has_error(function() session:forget_device { kei = "x" } end)
    assert.has_error(function() session:remember_device "yes" end)
  end)

  it("goes with an exported session", function()
    local pool = pool_of(e)
    local session = signed_in(sign_in(pool, "alice"))
    local record = session:export()
    assert.equal(session.device.key, record.device.key)
    local other = pool_of(e)
    local adopted = assert(other:adopt(record))
    assert(adopted:refresh())
    assert.equal(session.device.key, signed_in(sign_in(other, "alice")).device.key)
    assert.has_error(function() other:adopt { refresh_token = "r", device = { kei = "x" } } end)
  end)

  it("comes over from the storage of amazon-cognito-identity-js", function()
    local record = signed_in(sign_in(pool_of(e), "alice")):export()
    local prefix = "CognitoIdentityServiceProvider.public.alice."
    local other = pool_of(e)
    local sessions = other:import { [prefix .. "refreshToken"] = record.refresh_token,
      [prefix .. "accessToken"] = record.access_token, [prefix .. "idToken"] = record.id_token,
      [prefix .. "deviceKey"] = record.device.key, [prefix .. "deviceGroupKey"] = record.device.group_key,
      [prefix .. "randomPasswordKey"] = record.device.password }
    assert(sessions[1]:refresh())
    assert.equal(record.device.key, signed_in(sign_in(other, "alice")).device.key)
  end)

  it("goes with the user who is deleted", function()
    local pool = pool_of(e)
    local session = signed_in(sign_in(pool, "gone"))
    assert.truthy(device.find(pool, "gone"))
    assert(session:delete_user())
    assert.is_nil(device.find(pool, "gone"))
  end)

  it("is left alone where the pool object keeps none, and its key still goes with the refresh", function()
    local pool = pool_of(e, { device = false })
    local session = signed_in(sign_in(pool, "alice"))
    assert.equal(0, count(e, "ConfirmDevice"))
    assert.is_false(session.device.confirmed)
    assert.equal(session.device.key, session:export().device_key)
    assert.is_nil(device.find(pool, "alice"))
  end)

  it("that cannot be confirmed leaves a session and a warning", function()
    local pool, warnings = pool_of(e)
    e.faults { { fault = "status:500", operation = "ConfirmDevice", times = 10 } }
    local session = signed_in(sign_in(pool, "alice"))
    e.faults()
    assert.truthy(session:access_token())
    assert.is_false(session.device.confirmed)
    assert.equal("ConfirmDevice", session.last_error.operation)
    assert.equal(session.last_error, warnings[1])
    assert.equal(session.device.key, device.find(pool, "alice").key)
    assert.is_true(signed_in(sign_in(pool, "alice")).device.confirmed)
  end)

  it("is stored before the service hears of it", function()
    local storage, seen = memory.new(), nil
    local pool = pool_of(e, { storage = storage })
    local send = pool.host.send
    pool.host.send = function(request)
      if request.headers[2]:find "ConfirmDevice" then
        seen = { device.find(pool, "alice"),
          storage:get(require("cognito.records").session_key(pool, "alice")) }
      end
      return send(request)
    end
    local session = signed_in(sign_in(pool, "alice"))
    assert.equal(session.device.key, seen[1].key)
    assert.is_false(seen[1].confirmed)
    assert.equal(40, #core.b64_decode(seen[1].password))
    assert.equal(session.device.key, seen[2].device_key)
    assert.is_true(device.find(pool, "alice").confirmed)
  end)
end)

describe("a device of an opt-in pool", function()
  it("asks to be remembered without holding the session back", function()
    local e = emulator.start { config = CONFIG:format "opt_in" }
    finally(e.stop)
    local pool = pool_of(e)
    local session = signed_in(asks("SMS_MFA", sign_in(pool, "sms")):answer(e.code()))
    assert.is_true(session.device.confirmation_needed)
    assert.truthy(session:access_token())
    local again = signed_in(asks("SMS_MFA", sign_in(pool, "sms")):answer(e.code()))
    assert.equal(session.device.key, again.device.key)
    assert.is_true(session:remember_device(true))
    assert.is_false(session.device.confirmation_needed)
    signed_in(sign_in(pool, "sms"))
    assert.is_true(again:remember_device(false))
    asks("SMS_MFA", sign_in(pool, "sms"))
  end)
end)

describe("a device that comes with renewed tokens", function()
  local function renew(metadata, confirm)
    local host, warnings = script_host.new(), {}
    local pool = assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc", host = host,
      device = true, max_attempts = 1, on_warning = function(err) warnings[#warnings + 1] = err end })
    local session = assert(pool:adopt { refresh_token = "r", username = "alice" })
    host:answer(200, { AuthenticationResult = { AccessToken = "a", ExpiresIn = 3600,
      NewDeviceMetadata = metadata } })
    if confirm then confirm(host) end
    assert(session:refresh())
    return session, warnings, host, pool
  end
  local METADATA = { DeviceKey = "eu-west-1_new", DeviceGroupKey = "-group" }

  it("is stored, confirmed, and sent with the next refresh", function()
    local session, warnings, host, pool = renew(METADATA, function(h) h:answer(200, {}) end)
    assert.same({}, warnings)
    assert.equal("eu-west-1_new", session.device.key)
    assert.is_true(session.device.confirmed)
    assert.equal("eu-west-1_new", device.find(pool, "alice").key)
    assert.equal("ConfirmDevice", host.requests[2].target)
    assert.equal("eu-west-1_new", pool:session("alice"):export().device_key)
  end)

  it("is a warning when it cannot be confirmed or read", function()
    local session, warnings = renew(METADATA, function(h) h:refuse("InvalidParameterException", "no") end)
    assert.equal("ConfirmDevice", warnings[1].operation)
    assert.truthy(session:access_token())
    session, warnings = renew({ DeviceKey = 12 })
    assert.equal("bad_response", warnings[1].kind)
    assert.truthy(session:access_token())
  end)
end)

describe("a session without a device", function()
  it("has the field and the method all the same", function()
    local host = script_host.new()
    local pool = assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc", host = host })
    local session = assert(pool:adopt { refresh_token = "r", username = "alice" })
    assert.is_nil(session.device.key)
    assert.is_false(session.device.confirmation_needed)
    assert.equal("function", type(session.devices))
    for _, method in ipairs { "remember_device", "forget_device" } do
      local _, err = session[method](session, method == "remember_device" or nil)
      assert.equal("no_device", err.code)
    end
  end)
end)
