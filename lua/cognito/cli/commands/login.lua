--- The command `login`: asks the person whatever the pool asks.
-- @module cognito.cli.commands.login
local errors = require "cognito.errors"
local out = require "cognito.cli.out"

local login = {}

local function destination(parameters)
  local place = parameters.destination
  return place and (" sent to " .. place) or ""
end

local function code(what)
  return function(term, challenge) return term.ask(what .. destination(challenge.parameters)) end
end

-- The service's words for a choice, in a person's.
local CHOICES = {
  SMS_MFA = "a code by text message", SMS_OTP = "a code by text message", EMAIL_OTP = "a code by e-mail",
  SOFTWARE_TOKEN_MFA = "a code from an authenticator app", PASSWORD_SRP = "the password, which is not sent",
  PASSWORD = "the password, which is sent", WEB_AUTHN = "a passkey",
}

local function choose(term, question, choices)
  term.say(question)
  for i, choice in ipairs(choices) do
    term.say(("  %d  %s"):format(i, CHOICES[choice] and ("%s (%s)"):format(CHOICES[choice], choice) or choice))
  end
  while true do
    local answer, err = term.ask "Number"
    if not answer then return nil, err end
    local picked = choices[tonumber(answer) or 0]
    if picked then return picked end
    term.say(("Please type a number from 1 to %d."):format(#choices))
  end
end

local function new_password(term, challenge)
  term.say "The pool asks for a new password."
  local password, err = term.new_password()
  if not password then return nil, err end
  local attributes = {}
  for _, name in ipairs(challenge.parameters.required_attributes or {}) do
    attributes[name], err = term.ask(("The pool also needs your %s"):format(name))
    if not attributes[name] then return nil, err end
  end
  return { new_password = password, attributes = attributes }
end

local function enrol_totp(term, challenge)
  term.say "The pool asks for a second factor. Scan this with an authenticator app:"
  local parameters = challenge.parameters
  term.qr(parameters.uri)
  term.say("or type this key into it: " .. tostring(parameters.secret))
  return term.ask "Code from the app"
end

local function passkey()
  return nil, errors.new("config", "the pool asks for a passkey, which needs a browser", { code = "passkey",
    hint = "use `cognito login --browser`" })
end

local function select_challenge(term, challenge)
  local choice, err = choose(term, "How do you want to sign in?", challenge.parameters.choices or {})
  if not choice then return nil, err end
  if choice == "WEB_AUTHN" then return passkey() end
  if choice ~= "PASSWORD" and choice ~= "PASSWORD_SRP" then return { choice = choice } end
  local password
  password, err = term.secret "Password"
  if not password then return nil, err end
  return { choice = choice, password = password }
end

local function show_parameters(term, parameters)
  local names = {}
  for name, value in pairs(parameters) do
    if type(value) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do term.say(("  %s: %s"):format(name, parameters[name])) end
end

local function unknown(term, challenge)
  term.say("The pool asks for " .. tostring(challenge.name) .. ", which this command does not know:")
  show_parameters(term, challenge.parameters)
  local answer, err = term.secret "Answer"
  if not answer then return nil, err end
  return { raw = { ANSWER = answer } }
end

local function custom(term, challenge)
  local question = challenge.parameters.question or challenge.parameters.prompt
  if not question then show_parameters(term, challenge.parameters) end
  return term.secret(question or "Answer")
end

-- How each challenge is put to a person. What is not here goes to `unknown`.
local ASK = {
  SMS_MFA = code "Code from the text message", SMS_OTP = code "Code from the text message",
  EMAIL_OTP = code "Code from the e-mail", SOFTWARE_TOKEN_MFA = code "Code from the authenticator app",
  NEW_PASSWORD_REQUIRED = new_password, MFA_SETUP = enrol_totp, SELECT_CHALLENGE = select_challenge,
  SELECT_MFA_TYPE = function(term, challenge)
    return choose(term, "Which second factor?", challenge.parameters.choices or {})
  end,
  PASSWORD = function(term) return term.secret "Password" end,
  PASSWORD_SRP = function(term) return term.secret "Password" end,
  CUSTOM_CHALLENGE = custom, WEB_AUTHN = passkey,
}

--- Walk through the challenges of a sign-in with a person at the terminal.
-- @tparam table term `cognito.cli.term`
-- @tparam table step
-- @treturn table|nil session, or nil and an error: what ended it; nil when the person gave up
function login.walk(term, step)
  while step.challenge do
    local challenge = step.challenge
    local answer, err = (ASK[challenge.name] or unknown)(term, challenge)
    if answer == nil then return nil, err end
    local next_step
    next_step, err = step:answer(answer)
    if next_step then
      step = next_step
    elseif err.kind == "rejected" or err.kind == "invalid" then
      term.say(out.explain(err))
    else
      return nil, err
    end
  end
  return step.session
end

local function password_of(ctx, flow)
  if ctx.args.password_stdin then return ctx.term.read_stdin(256, true) end
  if flow == "CUSTOM_AUTH" then return ctx.term.secret("Password (Return alone: none)", true) end
  return ctx.term.secret "Password"
end

-- Read before the first request, since the proof must follow within seconds. Nothing where the pool asks how first.
local function first_password(ctx)
  local flow = ctx.args.flow or ctx.pool.flow
  if flow == "USER_AUTH" and not ctx.args.password_stdin then return "" end
  return password_of(ctx, flow)
end

-- How `cognito devices` names this machine.
local function device_name()
  local file = io.open "/proc/sys/kernel/hostname"
  local name = file and file:read "l"
  if file then file:close() end
  return name and name:find "^[%w._-]+$" and "cognito on " .. name or "cognito"
end

local function by_password(ctx)
  local username, password, err = ctx.args.username, nil, nil
  if not username then username, err = ctx.term.ask "Username" end
  if username then password, err = first_password(ctx) end
  if not password then return nil, err end
  local step
  step, err = ctx.pool:sign_in { username = username, password = password ~= "" and password or nil,
    flow = ctx.args.flow, device_name = device_name() }
  if not step then return nil, err end
  return login.walk(ctx.term, step)
end

local function show_address(ctx)
  return function(url, opened)
    ctx.term.say(opened and "The login page opens in your browser. If it does not, open this address:"
      or "Open this address in a browser:")
    ctx.term.say(url)
  end
end

local function by_browser(ctx)
  local tick, stop = ctx.term.spinner "waiting for the browser"
  local session, err = require("cognito").browser_login(ctx.pool, {
    ports = ctx.profile.redirect_ports, scopes = ctx.profile.scopes, timeout = ctx.args.timeout,
    login_hint = ctx.args.username, on_url = show_address(ctx), on_wait = tick, open = not ctx.args.no_open,
  })
  if stop then stop() end
  return session, err
end

function login.login(ctx)
  local session, err = (ctx.args.browser and by_browser or by_password)(ctx)
  if not session then return ctx:fail(err) end
  if ctx.unsaved then -- no later command would find it
    session:sign_out { max_attempts = 1 }
    return ctx:fail(ctx.unsaved)
  end
  if session.device.confirmation_needed then
    ctx.term.say "The pool can remember this device, and ask for no second factor on it: cognito devices remember"
  end
  return ctx:result({ username = session.username, expires_in = math.floor(session:expires_in()) },
    function(value) out.line(("signed in as %s"):format(value.username)) end)
end

return login
