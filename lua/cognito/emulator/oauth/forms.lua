--- The forms of the login pages.
-- @module cognito.emulator.oauth.forms

local html = require "cognito.emulator.html"
local http = require "cognito.emulator.oauth.http"
local json = require "cognito.emulator.json"

local M = {}

local function link(path, login, text)
  return ('<a href="%s?id=%s">%s</a>'):format(path, html.escape(login.id), text)
end

-- Cancelling posts as well: a link that ends a login could be followed by a prefetch.
local function cancel(login)
  return ('<form method="post" action="/login"><input type="hidden" name="id" value="%s"><input type="hidden" '
    .. 'name="cancel" value="1"><button type="submit" style="background:none;color:var(--soft);margin-top:.4rem">'
    .. 'Cancel</button></form>'):format(html.escape(login.id))
end

--- The first page.
function M.sign_in(login, note, kind)
  local name = login.typed or login.given.login_hint
  local fields = html.field { name = "username", label = "Username or e-mail", autocomplete = "username",
    focus = not name, value = name } .. html.field { name = "password", label = "Password", type = "password",
    autocomplete = "current-password", focus = name }
  local confirm = login.confirming and link("/confirm", login, "Enter the confirmation code") or ""
  return html.page("Sign in", '<p class="soft">to ' .. html.escape(login.client.id) .. "</p>" .. html.note(note, kind)
    .. html.form("/login", { id = login.id }, fields, "Sign in") .. cancel(login) .. '<div class="links">' .. confirm
    .. link("/signup", login, "Create an account") .. link("/forgotPassword", login, "Forgot your password?")
    .. "</div>")
end

local function code_field(label)
  return html.field { name = "code", label = label, autocomplete = "one-time-code", mode = "numeric", focus = true }
end

local NAMES = { SMS_MFA = "A code by SMS", SOFTWARE_TOKEN_MFA = "An authenticator app", EMAIL_OTP = "A code by e-mail" }

local BODIES = {}

local function sent(parameters)
  return ("<p>We sent a code to <strong>%s</strong>.</p>"):format(
    html.escape(parameters.CODE_DELIVERY_DESTINATION or "you")), code_field "Code"
end
BODIES.SMS_MFA, BODIES.EMAIL_OTP, BODIES.SMS_OTP = sent, sent, sent

function BODIES.SOFTWARE_TOKEN_MFA()
  return "<p>Enter the code that your authenticator app shows.</p>", code_field "Code"
end

function BODIES.SELECT_MFA_TYPE(parameters)
  local out = {}
  for i, name in ipairs(json.decode(parameters.MFAS_CAN_CHOOSE)) do
    out[i] = ('<label class="choice"><input type="radio" name="answer" value="%s"%s> %s</label>'):format(
      html.escape(name), i == 1 and " checked" or "", html.escape(NAMES[name] or name))
  end
  return "<p>How do you want to prove that it is you?</p>", table.concat(out)
end

function BODIES.NEW_PASSWORD_REQUIRED(parameters)
  local out = { html.field { name = "new_password", label = "New password", type = "password",
    autocomplete = "new-password", focus = true } }
  for _, name in ipairs(json.decode(parameters.requiredAttributes)) do
    out[#out + 1] = html.field { name = name, label = (name:gsub("^userAttributes%.", "")) }
  end
  return "<p>Your password was temporary. Choose a new one.</p>", table.concat(out)
end

-- A picture where qrencode is installed; the secret goes to it through a file, not through its arguments.
local function picture(uri)
  local name = os.tmpname()
  local file = io.open(name, "w")
  file:write(uri)
  file:close()
  local pipe = io.popen("qrencode -t SVG -r '" .. name .. "' -o - 2>/dev/null")
  local svg = pipe and pipe:read("a") or ""
  if pipe then pipe:close() end
  os.remove(name)
  local body = svg:match("<svg.*</svg>")
  return body and '<div class="qr">' .. body .. "</div>" or ""
end

function BODIES.MFA_SETUP(_, login)
  local uri = ("otpauth://totp/%s?secret=%s&issuer=%s"):format(http.escape(login.flow.user.username), login.secret,
    http.escape(login.client.pool.name))
  return "<p>Add this key to an authenticator app, then enter the code that it shows.</p>" .. picture(uri)
    .. "<p><code>" .. login.secret .. "</code></p>", code_field "Code"
end

local TITLES = { NEW_PASSWORD_REQUIRED = "Choose a new password", MFA_SETUP = "Set up an authenticator app" }

--- The page of a challenge.
function M.challenge(login, note)
  local name = login.output.ChallengeName
  local body = BODIES[name]
  if not body then
    return html.page("One more step", html.note("The challenge " .. name .. " cannot be answered on this page."))
  end
  local text, fields = body(login.output.ChallengeParameters, login)
  return html.page(TITLES[name] or "One more step", text .. html.note(note)
    .. html.form("/login", { id = login.id }, fields, "Continue") .. cancel(login))
end

local function back(login) return '<div class="links">' .. link("/login", login, "Back to sign in") .. "</div>" end

--- @tparam table login `typed_account` has what was typed before
-- @tparam table names attributes that the pool wants
-- @tparam[opt] string note
function M.sign_up(login, names, note)
  local given = login.typed_account or {}
  local fields = { html.field { name = "username", label = "Username", autocomplete = "username", focus = true,
    value = given.username } }
  for _, name in ipairs(names) do
    fields[#fields + 1] = html.field { name = name, label = name == "email" and "E-mail" or name,
      type = name == "email" and "email" or "text", value = given[name], autocomplete = name }
  end
  fields[#fields + 1] = html.field { name = "password", label = "Password", type = "password",
    autocomplete = "new-password" }
  return html.page("Create an account", html.note(note) .. html.form("/signup", { id = login.id },
    table.concat(fields), "Create account") .. back(login))
end

--- The page that takes the code of a sign-up.
function M.confirm(login, note, kind)
  return html.page("Confirm your account", html.note(note, kind) .. html.form("/confirm", { id = login.id },
    code_field "Confirmation code", "Confirm") .. html.form("/resend", { id = login.id }, "", "Send a new code")
    .. back(login))
end

--- The page that asks whose password was forgotten.
function M.forgot(login, note, kind)
  return html.page("Forgot your password?", html.note(note, kind) .. html.form("/forgotPassword", { id = login.id },
    html.field { name = "username", label = "Username or e-mail", autocomplete = "username", focus = true },
    "Send a code") .. back(login))
end

--- The page that takes the code and the new password.
function M.reset(login, note, kind)
  return html.page("Choose a new password", html.note(note, kind) .. html.form("/confirmForgotPassword",
    { id = login.id }, code_field "Code" .. html.field { name = "password", label = "New password", type = "password",
    autocomplete = "new-password" }, "Set password") .. back(login))
end

return M
