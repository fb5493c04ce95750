-- The pages as strings of HTML. Whatever did not come from this file goes through `e`.
local pages = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function e(value) return (tostring(value == nil and "" or value):gsub("[&<>\"']", ESCAPES)) end

local HEAD = [[<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s · Wonderland</title>
<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/style.css"><script src="/app.js" defer></script></head>
<body><header class="bar"><a class="brand" href="/"><span class="mark" aria-hidden="true"></span>Wonderland</a>
<nav>%s</nav></header><main>]]

local SIGNED_IN = [[<a href="/account">Account</a><a href="/staff">Staff</a>
<form method="post" action="/logout"><input type="hidden" name="csrf" value="%s"><button class="quiet">Sign out</button>
</form>]]

-- `who` nil: a page that offers no sign-in.
local function page(title, who, body)
  local nav = who and '<a class="button" href="/login">Sign in</a>' or ""
  if who and who.csrf then nav = SIGNED_IN:format(e(who.csrf)) end
  return HEAD:format(e(title), nav) .. body .. "</main></body></html>\n"
end

local function name_of(claims) return claims.name or claims.email or claims["cognito:username"] or "you" end

local USERS = [[<section class="card"><h2>Who lives here</h2><table>
<tr><th>User</th><th>Password</th><th>What happens</th></tr>
<tr><td>alice</td><td><code>Correct-Horse-7</code></td><td>signs in; is in the group staff</td></tr>
<tr><td>bob</td><td><code>Correct-Horse-7</code></td><td>is asked for a code: <code>oathtool -b --totp
JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP</code></td></tr>
<tr><td>carol</td><td><code>Start-Here-1</code></td><td>must choose a new password</td></tr>
</table><p>Codes that are sent arrive in the <a href="/mailbox">mailbox</a> of this demonstration.</p></section>]]

local HOME = [[<section class="hero"><h1>%s</h1><p>%s</p>%s</section>%s]]

--- The first page.
function pages.home(who)
  local greeting, words, button = "Down the rabbit hole",
    "A small application whose sign-in is done by nginx. Tokens stay on the server; your browser only holds an "
    .. "opaque cookie.", '<p><a class="button big" href="/login?return=/account">Sign in</a></p>'
  if who.claims then
    greeting = "Hello, " .. e(name_of(who.claims))
    words = "You are signed in. Your access token is renewed behind the scenes, once, however many tabs are open."
    button = '<p><a class="button big" href="/account">Your account</a></p>'
  end
  return page("Welcome", who, HOME:format(greeting, words, button, who.demo and USERS or ""))
end

local ROW = "<tr><th>%s</th><td>%s</td></tr>"

local function claim_rows(claims)
  local names, rows = {}, {}
  for name in pairs(claims) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    local value = claims[name]
    rows[i] = ROW:format(e(name), e(type(value) == "table" and table.concat(value, ", ") or value))
  end
  return table.concat(rows)
end

local ACCOUNT = [[<h1>Your account</h1><div class="grid"><div class="stack">
<section class="card"><h2>%s</h2><p>Signed in as <strong>%s</strong>. The access token is good for another
<strong>%d seconds</strong>; reload the page to see it renewed.</p>
<p class="row"><button data-fetch="/api/me">Ask the API who I am</button>
<button class="quiet" data-fetch="/upstream">What the upstream sees</button></p>
<pre id="answer" aria-live="polite" hidden></pre></section>
<section class="card"><h2>Passkeys</h2><p>Sign in with this device's fingerprint, face or PIN instead of a password.</p>
%s<p class="row"><button data-passkey="add" data-csrf="%s">Add a passkey</button></p>
<p class="note bad" id="passkey-problem" role="alert" hidden></p></section></div>
<section class="card"><h2>What your ID token says</h2><table class="claims">%s</table></section></div>]]

local PASSKEY = [[<li><span>%s</span><button class="quiet" data-passkey="remove" data-csrf="%s" data-id="%s">Remove
</button></li>]]

local function passkey_list(who)
  local items = {}
  for i, passkey in ipairs(who.passkeys or {}) do
    items[i] = PASSKEY:format(e(passkey.name or "Passkey"), e(who.csrf), e(passkey.credential_id))
  end
  return #items > 0 and '<ul class="plain">' .. table.concat(items) .. "</ul>" or ""
end

--- The protected page.
function pages.account(who)
  local claims = who.claims
  return page("Your account", who, ACCOUNT:format(e(name_of(claims)), e(claims["cognito:username"]),
    math.floor(who.expires_in), passkey_list(who), e(who.csrf), claim_rows(claims)))
end

--- A page for one group.
function pages.staff(who)
  return page("Staff", who, [[<section class="card narrow"><h1>Staff only</h1>
<p>You see this page because your token names the group <code>staff</code>.</p></section>]])
end

-- ---- the sign-in page --------------------------------------------------------------------------------------------

local TEXTS = {
  wrong_credentials = "The user name or the password is not right.",
  wrong_code = "This code is not right. Please try again.",
  expired_code = "This code is no longer good. Ask for a new one.",
  weak_password = "This password is too weak: at least 8 characters, with upper case, lower case and a digit.",
  used_password = "You have used this password before. Choose another one.",
  too_many_attempts = "Too many attempts. Please wait a while.",
  busy = "Many people are signing in just now. Please try again in a moment.",
  expired = "That took too long. Please sign in again.",
  form_expired = "The form has expired. Please try again.",
  too_large = "That was too much text.",
  reset_required = "You must choose a new password. We have sent you a code.",
  rejected = "That was not accepted. Please check what you typed.",
  invalid = "Something is missing, or has a wrong form.",
  password_changed = "Your password has been changed. You can sign in with it now.",
}

local function note(view)
  local code = view.problem or view.notice
  if not code then return "" end
  return ('<p class="note %s" role="alert">%s</p>'):format(view.problem and "bad" or "good",
    e(TEXTS[code] or TEXTS.rejected))
end

local FIELD = [[<label for="%s">%s</label><input id="%s" name="%s" type="%s" value="%s" autocomplete="%s" %s required>]]

local function field(name, label, kind, autocomplete, value, more)
  return FIELD:format(name, e(label), name, name, kind, e(value), autocomplete, more or "")
end

local function hidden(name, value)
  return value and ('<input type="hidden" name="%s" value="%s">'):format(name, e(value)) or ""
end

local FORM = [[<section class="card login"><h1>%s</h1>%s<form method="post" action="%s">%s%s
<button class="big" name="action" value="%s">%s</button>%s</form>%s</section>]]

-- `more`: what stands below the button, such as another one.
local function form(view, action, title, fields, button, foot, more)
  return FORM:format(e(title), note(view), e(view.action), hidden("csrf", view.csrf) .. hidden("return", view.return_to)
    .. hidden("state", view.state), fields, action, e(button), more or "", foot or "")
end

local CODE = 'inputmode="numeric" pattern="[0-9 ]{6,10}" autofocus'
local NEW = 'minlength="8"'

local challenge = {}

local function code_form(title, words)
  return function(view)
    local parameters = view.challenge.parameters
    local text = words:format(e(parameters.destination or parameters.device_name or "your device"))
    return form(view, "answer", title, "<p>" .. text .. "</p>" .. hidden("username", view.username)
      .. field("code", "Code", "text", "one-time-code", "", CODE), "Continue",
      '<p class="foot"><a href="/login">Start again</a></p>')
  end
end

challenge.SOFTWARE_TOKEN_MFA = code_form("One more step", "Open your authenticator app and type the code it shows.")
challenge.SMS_MFA = code_form("One more step", "We have sent a code to %s.")
challenge.SMS_OTP, challenge.EMAIL_OTP = challenge.SMS_MFA, challenge.SMS_MFA

function challenge.NEW_PASSWORD_REQUIRED(view)
  local fields = { "<p>Choose a password of your own to go on.</p>", hidden("username", view.username),
    field("new_password", "New password", "password", "new-password", "", NEW .. " autofocus") }
  for _, name in ipairs(view.challenge.parameters.required_attributes or {}) do
    fields[#fields + 1] = field("attr." .. e(name), name, "text", "on")
  end
  return form(view, "answer", "A new password", table.concat(fields), "Continue")
end

local KEY = [[<p>Add this key to your authenticator app, then type the code it shows.</p>
<p><code class="key">%s</code></p>]]

function challenge.MFA_SETUP(view)
  local secret = view.challenge.parameters.secret or ""
  return form(view, "answer", "Set up your authenticator",
    KEY:format(e((secret:gsub("....", "%0 "))))
    .. field("code", "Code", "text", "one-time-code", "", CODE), "Continue")
end

local OPTION = [[<label class="choice"><input type="radio" name="choice" value="%s"%s> %s</label>]]

-- PASSWORD is the same to a person as PASSWORD_SRP, which does not send it.
local CHOICES = { PASSWORD_SRP = "With my password", EMAIL_OTP = "With a code by e-mail",
  SMS_OTP = "With a code by text message", WEB_AUTHN = "With a passkey", SMS_MFA = "A code by text message",
  EMAIL_MFA = "A code by e-mail", SOFTWARE_TOKEN_MFA = "A code of my authenticator app" }

local function choice_form(view, more)
  local options = {}
  for _, name in ipairs(view.challenge.parameters.choices or {}) do
    if name ~= "PASSWORD" then
      options[#options + 1] = OPTION:format(e(name), #options == 0 and " checked" or "", e(CHOICES[name] or name))
    end
  end
  return form(view, "answer", "How to continue?", hidden("username", view.username)
    .. table.concat(options) .. (more or ""), "Continue", '<p class="foot"><a href="/login">Start again</a></p>')
end

challenge.SELECT_MFA_TYPE = choice_form

-- The style sheet shows the field where a password is chosen.
local WITH_PASSWORD = [[<div class="with-password"><label for="password">Password</label><input id="password"
name="password" type="password" autocomplete="current-password"></div>]]

function challenge.SELECT_CHALLENGE(view) return choice_form(view, WITH_PASSWORD) end

local ASK_PASSKEY = [[<p>Your browser will ask for your fingerprint, face or PIN.</p>
<input type="hidden" name="credential" data-options="%s">
<p class="note bad" id="passkey-problem" role="alert" hidden></p>
<noscript><p class="note bad">Passkeys need JavaScript.</p></noscript>]]

function challenge.WEB_AUTHN(view)
  return form(view, "answer", "Your passkey", hidden("username", view.username)
    .. ASK_PASSKEY:format(e(view.challenge.parameters.options)), "Use my passkey",
    '<p class="foot"><a href="/login">Sign in another way</a></p>')
end

local function password_form(view)
  return form(view, "answer", "Your password", hidden("username", view.username)
    .. field("password", "Password", "password", "current-password", "", "autofocus"), "Continue")
end
challenge.PASSWORD, challenge.PASSWORD_SRP = password_form, password_form

local function any_challenge(view)
  local answer = field("answer", view.challenge.name, "text", "off", "", "autofocus")
  return form(view, "answer", "One more step", answer, "Continue")
end

local views = {}

local PASSKEY_BUTTON = [[<button class="big quiet" name="action" value="passkey" formnovalidate>Sign in with a passkey
</button>]]

function views.sign_in(view)
  return form(view, "sign_in", "Sign in", field("username", "User name or e-mail", "text", "username", view.username,
    "autofocus autocapitalize=none spellcheck=false")
    .. field("password", "Password", "password", "current-password"), "Sign in",
    '<p class="foot"><a href="/login?forgot=1">Forgotten your password?</a></p>', PASSKEY_BUTTON)
end

function views.forgot(view)
  return form(view, "forgot", "Forgotten password", "<p>Tell us who you are, and we send you a code.</p>"
    .. field("username", "User name or e-mail", "text", "username", view.username, "autofocus"), "Send a code",
    '<p class="foot"><a href="/login">Back to sign-in</a></p>')
end

function views.reset(view)
  return form(view, "reset", "Choose a new password",
    "<p>If we know you, a code is on its way. Type it here with your new password.</p>"
    .. hidden("username", view.username) .. field("code", "Code", "text", "one-time-code", "", CODE)
    .. field("new_password", "New password", "password", "new-password", "", NEW), "Change password",
    '<p class="foot"><a href="/login">Back to sign-in</a></p>')
end

function views.challenge(view) return (challenge[view.challenge.name] or any_challenge)(view) end

--- The sign-in page for what the guard wants to know next.
function pages.login(view, demo)
  local hint = demo and '<p class="foot demo">This is a demonstration: <a href="/">who lives here</a>, '
    .. '<a href="/mailbox" target="_blank">mailbox</a></p>' or ""
  return page("Sign in", nil, views[view.name](view) .. hint)
end

local MAIL = [[<tr><td>%s</td><td>%s</td><td>%s</td><td><code>%s</code></td></tr>]]

--- The codes that the emulator has sent, newest first.
function pages.mailbox(codes)
  local rows = {}
  for i = #codes, 1, -1 do
    local code = codes[i]
    rows[#rows + 1] = MAIL:format(e(code.username), e(code.destination), e(code.purpose), e(code.code))
  end
  local body = "<p>Nothing has been sent yet.</p>"
  if #rows > 0 then
    body = "<table><tr><th>User</th><th>To</th><th>For</th><th>Code</th></tr>" .. table.concat(rows) .. "</table>"
  end
  return page("Mailbox", nil, '<section class="card"><h1>Mailbox</h1>' .. body .. "</section>")
end

return pages
