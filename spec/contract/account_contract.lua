--- The life of an account, from sign-up to its end, in any host: the same calls with the same results.
-- @module spec.contract.account_contract
local json = require "cognito.json"
local totp = require("cognito").totp

local M = {}

local FIRST, SECOND, THIRD = "First-password1", "Second-password2", "Third-password3"

local function must(value, err, what)
  if value == nil then error((what and what .. ": " or "") .. tostring(err), 2) end
  return value
end

local function equal(wanted, got, what)
  if wanted ~= got then error(("%s: %s instead of %s"):format(what, tostring(got), tostring(wanted)), 2) end
end

-- The newest code that the emulator sent to a user. Asked through the host under test.
local function code_for(pool, base, username)
  local response = must(pool.host.send {
    method = "GET", url = base .. "/_emulator/codes", headers = {}, deadline = pool.host.monotime() + 10,
    pool = "control",
  })
  local newest
  for _, entry in ipairs(must(json.decode(response.body))) do
    if entry.username == username then newest = entry.code end
  end
  return must(newest, "no code was sent to " .. username)
end

local function sign_up(pool, base, name)
  local made = must(pool:sign_up { username = name, password = FIRST, attributes = { email = name .. "@example.com" } })
  equal(false, made.confirmed, "confirmed")
  equal("EMAIL", made.delivery.medium, "medium")
  local _, wrong = pool:confirm_sign_up { username = name, code = "000000" }
  equal("CodeMismatchException", wrong and wrong.code, "a wrong code")
  must(pool:resend_code { username = name })
  must(pool:confirm_sign_up { username = name, code = code_for(pool, base, name) })
  local _, again = pool:sign_up { username = name, password = FIRST }
  equal("UsernameExistsException", again and again.code, "the same name again")
end

local function sign_in(pool, name, password)
  local step = must(pool:sign_in { username = name, password = password })
  return step
end

local function attributes(pool, session, base, name)
  equal(name .. "@example.com", must(session:user()).attributes.email, "e-mail address")
  local sent = must(session:update_attributes {
    attributes = { email = "new-" .. name .. "@example.com", nickname = "N" } })
  equal("email", sent[1] and sent[1].attribute, "where a code was sent")
  must(session:send_attribute_code { name = "email" })
  local _, wrong = session:verify_attribute { name = "email", code = "999999" }
  equal("CodeMismatchException", wrong and wrong.code, "a wrong code")
  must(session:verify_attribute { name = "email", code = code_for(pool, base, name) })
  equal("true", must(session:user()).attributes.email_verified, "email_verified")
  must(session:delete_attributes { names = { "nickname" } })
  equal(nil, must(session:user()).attributes.nickname, "nickname")
end

local function passwords(session)
  local _, err = session:change_password { previous_password = "Wrong-password9", new_password = SECOND }
  equal("NotAuthorizedException", err and err.code, "a wrong password")
  must(session:change_password { previous_password = FIRST, new_password = SECOND })
end

local function factors(session)
  local secret = must(session:associate_totp()).secret
  must(session:verify_totp { code = totp.code(secret), device_name = "spec" })
  must(session:set_mfa { totp = { enabled = true, preferred = true } })
  equal("SOFTWARE_TOKEN_MFA", must(session:mfa()).preferred, "preferred factor")
  must(session:auth_factors())
  must(session:devices { limit = 10 })
  must(session:passkeys())
  local options, document = session:start_passkey()
  must(options, document)
  equal(true, options:find("challenge", 1, true) ~= nil, "options of a passkey")
  equal("table", type(document), "options of a passkey")
  local _, refused = session:complete_passkey { credential = "{}" }
  equal(true, refused ~= nil, "an empty credential")
  return secret
end

local function forgotten(pool, base, name, secret)
  must(pool:forgot_password { username = name })
  must(pool:confirm_forgot_password { username = name, code = code_for(pool, base, name), new_password = THIRD })
  local step = sign_in(pool, name, THIRD)
  equal("SOFTWARE_TOKEN_MFA", step.challenge and step.challenge.name, "challenge")
  local next_step = must(step:answer(totp.code(secret)))
  return must(next_step.session)
end

local function leave(pool, session, name)
  must(session:set_mfa { totp = { enabled = false } })
  must(session:delete_user())
  local _, over = session:access_token()
  equal("sign_in_required", over and over.kind, "a deleted user's token")
  local _, gone = pool:sign_in { username = name, password = THIRD }
  equal("auth", gone and gone.kind, "a deleted user's sign-in")
end

--- Live the life. Raises where it is not as it should be.
-- @tparam table pool
-- @tparam string base URL of the emulator
-- @tparam string name a user name nobody has
function M.run(pool, base, name)
  sign_up(pool, base, name)
  local session = must(sign_in(pool, name, FIRST).session)
  attributes(pool, session, base, name)
  passwords(session)
  local secret = factors(session)
  session = forgotten(pool, base, name, secret)
  leave(pool, session, name)
  return true
end

return M
