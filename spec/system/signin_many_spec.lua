-- Many sign-ins with numbers that nobody chose, by user and by device, against the emulator's own big numbers: one
-- failure in a thousand would be a padding mistake. SIGN_INS=1000 for the long form.
local cognito = require "cognito"
local core = require "cognito.core"
local emulator = require "spec.support.emulator"

local COUNT = tonumber(os.getenv "SIGN_INS") or 60
local USERS = 20

local function config(passwords)
  local users = {}
  for i, password in ipairs(passwords) do users[i] = ("user%d = { password = %q }"):format(i, password) end
  return ([[return { device_tracking = "always", users = { %s } }]]):format(table.concat(users, ", "))
end

describe("sign-ins by user and device", function()
  it(("succeed %d times out of %d"):format(COUNT, COUNT), function()
    local passwords = {}
    for i = 1, USERS do passwords[i] = "P\195\164ss1" .. core.b64url_encode(core.random(i)) end
    local e = emulator.start { config = config(passwords) }
    finally(e.stop)
    local function new_pool()
      return assert(cognito.pool { user_pool_id = e.pool_id, client_id = e.client_id, endpoint = e.url, device = true })
    end
    local pool, done = new_pool(), 0
    for i = 1, COUNT do
      local n = i % USERS + 1
      if i % (10 * USERS) == 0 then pool = new_pool() end -- new devices with new salts
      local step, err = pool:sign_in { username = "user" .. n, password = passwords[n] }
      assert(step, tostring(err))
      assert.is_true(step.session.device.confirmed)
      done = done + 1
    end
    assert.equal(COUNT, done)
    local counts = e.counts()
    assert.equal(COUNT, counts.InitiateAuth.ok)
    assert.is_nil(counts.RespondToAuthChallenge.NotAuthorizedException)
    local devices = counts.ConfirmDevice.ok
    assert.equal(COUNT + 2 * (COUNT - devices), counts.RespondToAuthChallenge.ok)
  end)
end)
