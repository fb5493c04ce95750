-- Every ordered pair of challenges against the emulator, which verifies each answer. One user for each pair, whose
-- script poses the two; a remembered device proves itself wherever its challenge stands.
local cognito = require "cognito"
local emulator = require "spec.support.emulator"

local PASSWORD, NEXT, SECRET = "Correct-horse1", "Correct-horse2", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

-- What a user answers; `seen` keeps what changed on the way.
local answer = {
  SMS_MFA = function(_, e) return e.code() end,
  SMS_OTP = function(_, e) return e.code() end,
  EMAIL_OTP = function(_, e) return e.code() end,
  SOFTWARE_TOKEN_MFA = function(_, _, seen) return cognito.totp.code(seen.secret or SECRET) end,
  SELECT_MFA_TYPE = function() return "SMS_MFA" end,
  SELECT_CHALLENGE = function(_, _, seen) return { choice = "PASSWORD_SRP", password = seen.password or PASSWORD } end,
  MFA_SETUP = function(challenge, _, seen)
    seen.secret = challenge.parameters.secret
    return cognito.totp.code(seen.secret)
  end,
  NEW_PASSWORD_REQUIRED = function(_, _, seen)
    seen.password = (seen.password == NEXT) and "Correct-horse3" or NEXT
    return seen.password
  end,
  CUSTOM_CHALLENGE = function() return "4" end,
  PASSWORD = function(_, _, seen) return seen.password or PASSWORD end,
  PASSWORD_SRP = function(_, _, seen) return seen.password or PASSWORD end,
  X_TEST_FUTURE = function() return { raw = { ANSWER = "raw" } } end,
}
local names = { "DEVICE_SRP_AUTH" }
for name in pairs(answer) do names[#names + 1] = name end
table.sort(names)

local USER = [[["%s"] = { password = "Correct-horse1", mfa = { "SMS_MFA", "SOFTWARE_TOKEN_MFA" }, script = { %s },
  totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", attributes = { email = "u%d@example.com", email_verified = true,
    phone_number = "+49170%07d", phone_number_verified = true } },
]]

local function config()
  local users = {}
  for i, first in ipairs(names) do
    for j, second in ipairs(names) do
      local number = i * 100 + j
      users[#users + 1] = USER:format(first .. "." .. second, ("%q, %q"):format(first, second), number, number)
    end
  end
  return ([[return { mfa = "OPTIONAL", device_tracking = "always", limits = false, users = { %s }, triggers = {
    define_challenge = function(session) return #session > 0 or "CUSTOM_CHALLENGE" end,
    create_challenge = function() return {}, { answer = "4" } end,
    verify_challenge = function(given, private) return given == private.answer end } }]]):format(table.concat(users))
end

describe("every ordered pair of challenges, verified by the emulator,", function()
  local e, pool
  setup(function()
    e = emulator.start { config = config() }
    pool = assert(cognito.pool { user_pool_id = e.pool_id, client_id = e.client_id, endpoint = e.url, device = true })
  end)
  teardown(function() e.stop() end)

  local function walk(username, seen)
    local asked = {}
    local step, err = pool:sign_in { username = username, password = seen.password or PASSWORD }
    while step and step.challenge do
      local name = step.challenge.name
      asked[#asked + 1] = name
      step, err = step:answer(assert(answer[name], name)(step.challenge, e, seen))
    end
    assert(step, username .. ": " .. tostring(err))
    assert.truthy(step.session:access_token())
    return step.session, asked
  end

  for _, first in ipairs(names) do
    it("that begins with " .. first, function()
      for _, second in ipairs(names) do
        local username, seen = first .. "." .. second, {}
        if first == "DEVICE_SRP_AUTH" or second == "DEVICE_SRP_AUTH" then
          e.user(username, { script = {} })
          assert.is_true(walk(username, seen).device.confirmed)
          e.user(username, { script = { first, second } })
        end
        local session, asked = walk(username, seen)
        assert.is_true(session.device.confirmed)
        for _, name in ipairs(asked) do
          assert.truthy(name == first or name == second or name == "SMS_MFA", name)
        end
      end
    end)
  end
end)
