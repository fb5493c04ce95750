--- The login page: password, then whatever the pool asks (codes, choice of factor, TOTP enrolment, a new password).
-- A login is kept by an unguessable id in the page, so that two tabs do not disturb each other.
-- @module cognito.emulator.oauth.login

local authorize = require "cognito.emulator.oauth.authorize"
local clock = require "cognito.emulator.clock"
local errors = require "cognito.emulator.errors"
local flow_of = require "cognito.emulator.auth.flow"
local forms = require "cognito.emulator.oauth.forms"
local html = require "cognito.emulator.html"
local http = require "cognito.emulator.oauth.http"
local initiate = require "cognito.emulator.ops.initiate"
local password = require "cognito.emulator.auth.password"
local state_of = require "cognito.emulator.state"
local totp = require "cognito.emulator.totp"

local M = {}

--- The login that a request belongs to.
-- @treturn table|nil login
-- @treturn table|nil response
function M.find(state, id)
  local login = state.logins[id or ""]
  if not login or clock.now() > login.expires then
    return nil, authorize.refuse("login_expired", "this login is over; go back to the application and start again")
  end
  login.id = id
  return login
end

--- Sends the browser to a page of this login, which shows the note: a form that was posted is never the answer
-- itself, so that reloading and the back button post nothing again.
-- @tparam table login
-- @tparam string path
-- @tparam[opt] string note
-- @tparam[opt="bad"] string kind "bad" or "good"
function M.again(login, path, note, kind)
  login.note = note and { text = note, kind = kind } or nil
  return http.redirect(path .. "?id=" .. login.id)
end

--- The note that waits to be shown, once.
-- @treturn string|nil text
-- @treturn string|nil kind
function M.take_note(login)
  local note = login.note or {}
  login.note = nil
  return note.text, note.kind
end

local function show(login)
  local note, kind = M.take_note(login)
  if login.finished then
    return http.html(200, html.page("You are signed in",
      "<p>This page was already used. Go back to the application, or start there again.</p>"))
  end
  if login.output then return http.html(200, forms.challenge(login, note)) end
  return http.html(200, forms.sign_in(login, note, kind))
end

-- Takes the outcome of a step: done, or the next question.
local function proceed(state, login, output)
  if output.done then
    login.finished = true
    return authorize.complete(state, login, login.flow.user)
  end
  login.output = output
  if output.ChallengeName == "MFA_SETUP" then login.secret = totp.secret() end
  return M.again(login, "/login")
end

-- Runs a step; what the service would refuse is shown on the page.
local function try(state, login, step)
  local ok, result = pcall(step)
  if ok then return proceed(state, login, result) end
  if not errors.is(result) then error(result, 0) end
  if result.code == "UserNotConfirmedException" then login.confirming = login.flow.user.username end
  if result.code ~= "CodeMismatchException" and not login.output then login.flow = nil end
  return M.again(login, "/login", result.message)
end

local function start(state, login, given)
  local client = login.client
  local user = state_of.find(client.pool, given.username or "")
  errors.check(user, "NotAuthorized", "Incorrect username or password.")
  initiate.before(client, user, {})
  password.verify(client.pool, user, given.password or "")
  login.flow = flow_of.new(client, user, given.username)
  login.flow.done.password = true
  login.flow.complete = function() return { done = true } end
  return flow_of.advance(state, login.flow)
end

-- The secret was shown on the page; the code proves that it was taken.
local function enrol(state, login, given)
  local user = login.flow.user
  errors.check(totp.check(login.secret, given.code or ""), "CodeMismatch", "Code mismatch")
  user.totp, user.mfa.SOFTWARE_TOKEN_MFA = { secret = login.secret }, true
  login.flow.enrolled = true
  return require "cognito.emulator.auth.challenges".MFA_SETUP.answer(state, login.flow)
end

local function responses_to(name, given)
  local out = { ANSWER = given.answer, NEW_PASSWORD = given.new_password, [name .. "_CODE"] = given.code }
  for key, value in pairs(given) do
    if key:find("^userAttributes%.") then out[key] = value end
  end
  return out
end

local function answer(state, login, given)
  local name = login.output.ChallengeName
  if name == "MFA_SETUP" then return enrol(state, login, given) end
  return require "cognito.emulator.auth.challenges"[name].answer(state, login.flow, responses_to(name, given))
end

--- GET /login.
function M.get(state, request)
  local login, response = M.find(state, http.form(request.query).id)
  if not login then return response end
  return show(login)
end

--- POST /login.
function M.post(state, request)
  local given = http.form(request.body)
  local login, response = M.find(state, given.id)
  if not login then return response end
  if given.cancel then return authorize.fail(login.given, "access_denied", "the person cancelled") end
  if login.finished then return M.again(login, "/login") end
  -- The back button may bring the first form again: it begins anew.
  if given.username then
    login.output, login.typed = nil, given.username
    return try(state, login, function() return start(state, login, given) end)
  end
  if not login.output then return M.again(login, "/login") end
  return try(state, login, function() return answer(state, login, given) end)
end

return M
