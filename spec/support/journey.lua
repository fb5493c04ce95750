--- One user's way through the library, the same lines in every host: SRP, a second factor, a device, a refresh, a
-- sign-in that moves, a sign-out. Used by spec/signin_hosts_spec.lua and spec/system/signin_nginx_spec.lua; in nginx
-- only what nginx has may be required here.
local cognito = require "cognito"
local json = require "cognito.json"

local journey = {}

local PASSWORD, KEY = "Correct-horse1", ("k"):rep(32)

--- The emulator's configuration.
journey.config = [[return { mfa = "OPTIONAL", device_tracking = "always", clients = {
    { id = "confidential", secrets = { "secretsecretsecretsecret1" }, rotation = { grace = 10 } } },
  users = { sms = { password = "Correct-horse1", mfa = { "SMS_MFA" },
    attributes = { email = "sms@example.com", email_verified = true, phone_number = "+491701234567" } } } }]]

local function pool_of(given, storage)
  return assert(cognito.pool { user_pool_id = given.pool_id, client_id = "confidential", endpoint = given.url,
    client_secret = "secretsecretsecretsecret1", device = true, host = given.host, storage = storage,
    on_warning = function(err) error("a warning: " .. tostring(err)) end })
end

-- The code that the emulator has sent, fetched by the host under test itself.
local function sent_code(pool, url)
  local host = pool.host
  local response = assert(host.send { method = "GET", url = url .. "/_emulator/codes", headers = {}, minting = false,
    deadline = host.monotime() + 10, pool = "codes" })
  local codes = json.decode(response.body)
  return codes[#codes].code
end

local function expect(condition, message)
  if not condition then error(message, 2) end
end

local function second_factor(pool, given, step)
  expect(step.challenge and step.challenge.name == "SMS_MFA", "no SMS_MFA")
  local none, err = step:answer "000"
  expect(not none and err.kind == "rejected", "a wrong code is not rejected")
  step = assert(pool:resume(assert(step:dump { key = KEY }), { key = KEY }))
  return assert(step:answer(sent_code(pool, given.url))).session
end

--- Walks. Raises where something is not as it should be.
-- @tparam table given `pool_id`, `url`, `host` (nil: the default one)
-- @treturn string "done"
function journey.walk(given)
  local storage = cognito.storage.memory()
  local pool = pool_of(given, storage)
  local none, err = pool:sign_in { username = "sms@example.com", password = "wrong" }
  expect(not none and err.kind == "auth", "a wrong password is not auth: " .. tostring(err))
  local step = assert(pool:sign_in { username = "sms@example.com", password = PASSWORD })
  local session = second_factor(pool, given, step)
  expect(session.username == "sms" and session.device.confirmed, "the device is not confirmed")
  local old = session:access_token()
  assert(session:refresh())
  expect(session:access_token() ~= old, "the token is the old one")
  local again = assert(pool:sign_in { username = "sms@example.com", password = PASSWORD }).session
  expect(again and again.device.key == session.device.key, "the device did not prove itself")
  expect(#assert(again:devices()) >= 1, "no device is listed")
  expect(again:sign_out().revoked, "the sign-out revoked nothing")
  none, err = pool:session { id = again.id }
  expect(not none and err.kind == "sign_in_required", "the session is still there")
  return "done"
end

return journey
