--- The application's own sign-in form: reads what it sends, drives the challenge engine, and says what to show next.
-- The application draws; the guard decides. A half-done sign-in travels sealed in the form itself, with a key that
-- only this browser's cookie opens.
-- @module cognito.ngx.guard.form

local reply = require "cognito.ngx.guard.reply"
local request = require "cognito.ngx.guard.request"
local urls = require "cognito.ngx.guard.urls"

local form = {}

-- What to tell a person, by the kind of the error; never whether a user exists.
local MESSAGES = {
  auth = "wrong_credentials", rejected = "rejected", invalid = "invalid", limited = "too_many_attempts",
  throttled = "busy", challenge_expired = "expired",
}
local REJECTED = {
  CodeMismatchException = "wrong_code", ExpiredCodeException = "expired_code",
  EnableSoftwareTokenMFAException = "wrong_code",
  InvalidPasswordException = "weak_password", PasswordHistoryPolicyViolationException = "used_password",
}

local function explain(err)
  return REJECTED[err.code] or MESSAGES[err.kind]
end

local function view(visitor, name, more)
  local out = { name = name, csrf = visitor.token, return_to = visitor.return_to, action = ngx.var.uri }
  for key, value in pairs(more or {}) do out[key] = value end
  reply.cookie(visitor.cookie)
  ngx.header["Cache-Control"] = "no-store"
  return out
end

-- The cookie is sent with every page, so that it lives as long as the form does.
local function visitor_of(self, fields)
  local id = self.browser:id(ngx.var.http_cookie)
  local cookie
  if not id then id, cookie = self.browser:create() end
  local token, err = self.browser:token(id)
  if not token then return nil, err end
  local wanted = fields and fields["return"] or ngx.req.get_uri_args(20)["return"]
  return { id = id, cookie = cookie, token = token, return_to = urls.safe(wanted, self.return_urls, self.home) }
end

-- nginx ends the handler inside of such a reply, so an action gives it back as a function, which is called when nothing
-- is left to do.
local function unavailable(err)
  return function() return reply.unavailable(err, false) end
end

local function user_context(self)
  if not self.pool.secrets then return nil end
  return { ip_address = ngx.var.remote_addr }
end

-- The session gets its visit before anything is answered: a full storage must not look like a sign-in.
local function enter(self, visitor, session)
  local cookie, err = self.visits:begin(session, ngx.var.http_cookie)
  if not cookie then
    session:sign_out()
    return unavailable(err)
  end
  reply.cookie(cookie)
  return function() return reply.redirect(visitor.return_to) end
end

local function ask(self, visitor, step, fields, problem)
  local keys, err = self.browser:step_keys(visitor.id)
  local sealed
  if keys then sealed, err = step:dump { key = keys } end
  if not sealed then return unavailable(err) end
  return view(visitor, "challenge", { challenge = step.challenge, state = sealed, username = fields.username,
    problem = problem })
end

local function outcome(self, visitor, step, fields)
  if step.session then return enter(self, visitor, step.session) end
  return ask(self, visitor, step, fields)
end

local function again(visitor, name, fields, err)
  local problem = explain(err)
  if not problem then return unavailable(err) end
  return view(visitor, name, { problem = problem, username = fields.username, field = err.field })
end

local actions = {}

local function begin(self, visitor, fields, how)
  how.username, how.user_context = fields.username or "", user_context(self)
  local step, err = self.pool:sign_in(how)
  if step then return outcome(self, visitor, step, fields) end
  if err.code == "PasswordResetRequiredException" then
    return view(visitor, "reset", { username = fields.username, problem = "reset_required" })
  end
  return again(visitor, "sign_in", fields, err)
end

function actions.sign_in(self, visitor, fields)
  return begin(self, visitor, fields, { password = fields.password or "" })
end

-- Who has no passkey is offered what the pool allows instead (SELECT_CHALLENGE).
function actions.passkey(self, visitor, fields)
  return begin(self, visitor, fields, { flow = "USER_AUTH", preferred_challenge = "WEB_AUTHN" })
end

-- Attributes that a pool asks for come as fields `attr.<name>`.
local function attributes_of(fields)
  local out = {}
  for name, value in pairs(fields) do
    local attribute = name:match "^attr%.([%w_:%-]+)$"
    if attribute and value ~= "" then out[attribute] = value end
  end
  return next(out) and out or nil
end

local ANSWERS = { "code", "choice", "new_password", "password", "answer", "credential" }

local function answer_of(fields)
  local answer = { attributes = attributes_of(fields) }
  for _, name in ipairs(ANSWERS) do
    if fields[name] and fields[name] ~= "" then answer[name] = fields[name] end
  end
  return answer
end

-- Only what the question asks for, since the engine raises at fields that it does not know.
local ASKS = {
  SMS_MFA = { "code" }, SMS_OTP = { "code" }, EMAIL_OTP = { "code" }, EMAIL_MFA = { "code" },
  SOFTWARE_TOKEN_MFA = { "code" }, MFA_SETUP = { "code" }, SELECT_MFA_TYPE = { "choice" },
  SELECT_CHALLENGE = { "choice", "password", "credential" }, NEW_PASSWORD_REQUIRED = { "new_password", "attributes" },
  PASSWORD = { "password" }, PASSWORD_SRP = { "password" }, WEB_AUTHN = { "credential" },
}

local function reply_to(challenge, fields)
  local given, out = answer_of(fields), {}
  local asks = ASKS[challenge.name]
  if not asks then return { raw = { ANSWER = given.answer or "" } } end
  for _, name in ipairs(asks) do out[name] = given[name] end
  return out
end

local function resume(self, visitor, fields)
  local keys, err = self.browser:step_keys(visitor.id)
  if not keys then return nil, err end
  return self.pool:resume(fields.state or "", { key = keys })
end

function actions.answer(self, visitor, fields)
  local step, err = resume(self, visitor, fields)
  if not step then
    if err.kind == "invalid" then err.kind = "challenge_expired" end
    return again(visitor, "sign_in", fields, err)
  end
  local next_step, why = step:answer(reply_to(step.challenge, fields))
  if next_step then return outcome(self, visitor, next_step, fields) end
  if why.kind == "rejected" or why.kind == "invalid" then
    return ask(self, visitor, step, fields, explain(why))
  end
  return again(visitor, "sign_in", fields, why)
end

-- A user who does not exist gets the same page, but for the place of delivery; where the app client prevents user
-- existence errors, the service names one for them too.
function actions.forgot(self, visitor, fields)
  if (fields.username or "") == "" then return view(visitor, "forgot") end
  local sent, err = self.pool:forgot_password { username = fields.username, user_context = user_context(self) }
  if not sent and err.kind ~= "auth" and err.kind ~= "rejected" then
    return again(visitor, "forgot", fields, err)
  end
  return view(visitor, "reset", { username = fields.username, delivery = sent or nil })
end

function actions.reset(self, visitor, fields)
  local done, err = self.pool:confirm_forgot_password { username = fields.username or "",
    code = ((fields.code or ""):gsub("%s", "")), new_password = fields.new_password or "",
    user_context = user_context(self) }
  if not done then return again(visitor, "reset", fields, err) end
  return view(visitor, "sign_in", { username = fields.username, notice = "password_changed" })
end

local function refused(visitor, status)
  ngx.status = status
  return view(visitor, "sign_in", { problem = status == 413 and "too_large" or "form_expired" })
end

-- An SRP sign-in costs some milliseconds of CPU, so only so many at a time may begin.
local function limited(self, act, visitor, fields)
  local slot = self.slots:take()
  if not slot then
    ngx.status = 503
    ngx.header["Retry-After"] = 1
    return view(visitor, "sign_in", { problem = "busy", username = fields.username })
  end
  local result = act(self, visitor, fields)
  self.slots:give(slot)
  if type(result) == "function" then return result() end
  return result
end

local function post(self)
  local fields, status = request.form()
  local visitor, err = visitor_of(self, fields)
  if not visitor then return reply.unavailable(err, false) end
  if not fields then return refused(visitor, status) end
  if visitor.cookie or request.is_cross_site() or not self.browser:is_token(visitor.id, fields.csrf) then
    return refused(visitor, 403)
  end
  local act = actions[fields.action]
  if not act or act == actions.passkey and not self.passkeys then return refused(visitor, 400) end
  return limited(self, act, visitor, fields)
end

--- Handles a request of the sign-in page.
-- @tparam table self the guard
-- @treturn table|nil what to draw: `name` (`sign_in`, `challenge`, `forgot`, `reset`), `csrf`, `action`, `return_to`,
-- `username`, `state`, `challenge` (`name`, `parameters`), `problem` and `notice` (one word each), `delivery`; nil when
-- the request is answered
function form.handle(self)
  local method = ngx.req.get_method()
  if method == "POST" then return post(self) end
  if method ~= "GET" and method ~= "HEAD" then
    ngx.header["Allow"] = "GET, HEAD, POST"
    return reply.page(405, "Not allowed", "This page takes GET and POST.")
  end
  local visitor, err = visitor_of(self)
  if not visitor then return reply.unavailable(err, false) end
  local visit = self.visits:find(ngx.var.http_cookie)
  if visit then return reply.redirect(visitor.return_to, 302) end
  return view(visitor, ngx.req.get_uri_args(20).forgot and "forgot" or "sign_in")
end

return form
