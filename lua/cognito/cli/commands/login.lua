--- The command `login`: asks the person whatever the pool asks.
-- @module cognito.cli.commands.login
local out = require "cognito.cli.out"

local login = {}

local function destination(parameters)
  local place = parameters.destination
  return place and (" sent to " .. place) or ""
end

local function code(what)
  return function(term, challenge) return term.ask(what .. destination(challenge.parameters)) end
end

local function choose(term, question, choices)
  term.say(question)
  for i, choice in ipairs(choices) do term.say(("  %d  %s"):format(i, choice)) end
  while true do
    local answer, err = term.ask "Number"
    if not answer then return nil, err end
    local picked = choices[tonumber(answer) or 0]
    if picked then return picked end
    term.say "Please type one of the numbers."
  end
end

local function new_password(term, challenge)
  term.say "The pool asks for a new password."
  local password, err = term.new_password()
  if not password then return nil, err end
  local attributes = {}
  for _, name in ipairs(challenge.parameters.required_attributes or {}) do
    attributes[name], err = term.ask(name)
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

local function select_challenge(term, challenge)
  local choice, err = choose(term, "How do you want to sign in?", challenge.parameters.choices or {})
  if not choice then return nil, err end
  if choice ~= "PASSWORD" and choice ~= "PASSWORD_SRP" then return { choice = choice } end
  local password
  password, err = term.secret "Password"
  if not password then return nil, err end
  return { choice = choice, password = password }
end

local function passkey(term)
  term.say "This pool wants a passkey, which needs a browser: use `cognito login --browser`."
  return nil
end

local function unknown(term, challenge)
  term.say("The pool asks for " .. tostring(challenge.name) .. ", which this command does not know.")
  for name, value in pairs(challenge.parameters) do
    if type(value) == "string" then term.say(("  %s: %s"):format(name, value)) end
  end
  local answer, err = term.secret "Answer"
  if not answer then return nil, err end
  return { raw = { ANSWER = answer } }
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
  CUSTOM_CHALLENGE = function(term, challenge)
    local question = challenge.parameters.question or challenge.parameters.prompt or "Answer"
    return term.secret(question)
  end,
  WEB_AUTHN = passkey,
}

--- Walk through the challenges of a sign-in with a person at the terminal.
-- @tparam table term `cognito.cli.term`
-- @tparam table step
-- @treturn table|nil session
-- @treturn ?errors what ended it; nil when the person gave up
function login.walk(term, step)
  while step.challenge do
    local challenge = step.challenge
    local answer, err = (ASK[challenge.name] or unknown)(term, challenge)
    if answer == nil then return nil, err end
    local next_step
    next_step, err = step:answer(answer)
    if next_step then
      step = next_step
    elseif err.kind == "rejected" then
      term.say(tostring(err))
    else
      return nil, err
    end
  end
  return step.session
end

local function password_of(ctx)
  if ctx.args.password_stdin then return ctx.read_stdin(256) end
  return ctx.term.secret "Password"
end

local function by_password(ctx)
  local username, err = ctx.args.username, nil
  if not username then username, err = ctx.term.ask "Username" end
  if not username then return nil, err end
  -- Asked only when the flow wants it; what kept the person from answering must not be lost on the way back.
  local asked, gave_up, why
  local function password()
    asked, why = password_of(ctx)
    gave_up = not asked
    return asked
  end
  local step
  step, err = ctx.pool:sign_in { username = username, password = password, flow = ctx.args.flow }
  if gave_up then return nil, why end
  if not step then return nil, err end
  return login.walk(ctx.term, step)
end

local function by_browser(ctx)
  local tick, stop = ctx.term.spinner "waiting for the browser"
  local opts = {
    on_wait = tick,
    ports = ctx.profile.redirect_ports, scopes = ctx.profile.scopes, timeout = ctx.args.timeout,
    login_hint = ctx.args.username,
    on_url = function(url, opened)
      if not opened then ctx.term.say("Open this address in a browser:\n" .. url) end
    end,
    open = not ctx.args.no_open,
  }
  local session, err = require("cognito").browser_login(ctx.pool, opts)
  if stop then stop() end
  return session, err
end

function login.login(ctx)
  local sign_in = ctx.args.browser and by_browser or by_password
  local session, err = sign_in(ctx)
  if not session then
    if not err then return out.codes.interrupted end
    return out.fail(err, ctx.args.json)
  end
  return out.result(ctx.args.json, { username = session.username, expires_in = math.floor(session:expires_in()) },
    function(value) out.line(("signed in as %s"):format(value.username)) end)
end

return login
