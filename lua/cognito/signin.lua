--- Sign-in as the caller sees it: steps that hold a session or a challenge, and their way into another process.
-- @module cognito.signin

local challenges = require "cognito.protocol.challenges"
local core = require "cognito.core"
local errors = require "cognito.errors"
local json = require "cognito.json"
local options = require "cognito.options"
local rounds = require "cognito.rounds"
local typed = require "cognito.protocol.typed"

local signin = {}

local LIFETIME = 900          -- seconds; no pool keeps a Session for longer (AuthSessionValidity, 3 to 15 minutes)
local FORMAT = 1

local schema = { username = "string", password = "string|function", flow = "string", preferred_challenge = "string",
  session = "string", client_metadata = "table", user_context = "table", device_name = "string",
  deadline = "number", cancel = "table", max_attempts = "integer" }
local context_schema = { ip_address = "string", encoded_data = "string" }

local Step = { __name = "cognito.step" }
Step.__index = Step

local function refuse(field, message, code)
  return nil, errors.new("invalid", message, { field = field, code = code, retryable = false })
end

-- ---- what is asked for ----

local function check_name(name)
  if name == nil then error("pool:sign_in: option username is needed", 4) end
  return typed.check("Username", name, "username")
end

-- With the Session of a confirmed sign-up there is one flow only that takes it.
local function choose_flow(pool, given)
  local flow = given.flow or given.session and "USER_AUTH" or pool.flow
  if rounds.flows[flow] then return flow end
  local near = options.nearest(flow, rounds.flows)
  error(("pool:sign_in: no such flow: %s%s"):format(flow, near and "; did you mean " .. near .. "?" or ""), 4)
end

local function wants_password(state)
  return rounds.flows[state.flow].password or state.preferred == "PASSWORD" or state.preferred == "PASSWORD_SRP"
end

-- Read before the first request: between that and the proof there are seconds only, and a person may be typing.
local function read_password(state, password)
  if type(password) == "function" then password = password() end
  if password ~= nil and type(password) ~= "string" then
    error("pool:sign_in: the function password must return a string", 4)
  end
  if wants_password(state) and password == nil then return refuse("password", "password is required", "required") end
  state.password = password
  if password == nil then return true end
  return typed.check("KnownPassword", password, "password")
end

local function user_context(given)
  if not given then return nil end
  options.check(given, context_schema, "pool:sign_in: user_context", 4)
  return { IpAddress = given.ip_address, EncodedData = given.encoded_data }
end

-- What is no text would reach the service as something else, or not at all.
local function client_metadata(given)
  for name, value in pairs(given or {}) do
    if type(name) ~= "string" or type(value) ~= "string" then
      error("pool:sign_in: client_metadata must hold strings under string names", 4)
    end
  end
  return given
end

local function set_limits(state, given)
  state.ctx = state.pool.client:context(given)
  if state.pool.logger then state.ctx.events = {} end
end

-- ---- steps ----

local function step_of(state, outcome, err)
  if not outcome then return nil, err end
  local step = setmetatable(outcome, Step)
  state.current = step.challenge and step or nil
  -- In a function, so that a step that is printed or walked over does not show the password. Not in a weak table:
  -- the state leads back to its step, and Lua 5.1 would never free the two.
  if step.challenge then step.state = function() return state end end
  return step
end

--- Signs a user in.
-- @tparam table pool
-- @tparam table given `username`; `password` (string or function); `flow` (default: the pool's);
-- `preferred_challenge` (USER_AUTH); `session` (of ConfirmSignUp: signs in without a second code, by USER_AUTH);
-- `client_metadata` (name -> text, for the pool's Lambda functions); `user_context` (`ip_address`, `encoded_data`);
-- `device_name`; `deadline` (seconds), `cancel`, `max_attempts`. CUSTOM_AUTH with a password begins with SRP.
-- @treturn table|nil a step with `session` or `challenge`; nil and an error: `auth` (wrong credentials, disabled, not
-- confirmed: see code and hint), `invalid`, `limited`, `config`, `bad_response` (code `srp_bad_server_value`: what no
-- honest server sends) and every failure of a call. Operations InitiateAuth, RespondToAuthChallenge,
-- AssociateSoftwareToken, ConfirmDevice. Any host.
function signin.start(pool, given)
  options.check(given, schema, "pool:sign_in", 3)
  local ok, err = check_name(given.username)
  if not ok then return nil, err end
  local state = { pool = pool, username = given.username, flow = choose_flow(pool, given),
    preferred = given.preferred_challenge, first_session = given.session, device_name = given.device_name,
    client_metadata = client_metadata(given.client_metadata), user_context = user_context(given.user_context) }
  ok, err = read_password(state, given.password)
  if not ok then return nil, err end
  set_limits(state, given)
  return step_of(state, rounds.begin(state))
end

local function over(message, code)
  return nil, errors.new("challenge_expired", message, { code = code, retryable = false,
    hint = "sign in again from the start" })
end

-- A first factor that is chosen can be proven with the password that the sign-in was begun with.
local function with_password(state, question, x)
  if question.name ~= "SELECT_CHALLENGE" or not state.password then return x end
  if type(x) == "string" then x = { choice = x } end
  if type(x) ~= "table" or x.password or x.raw then return x end
  local copy = { password = state.password }
  for name, value in pairs(x) do copy[name] = value end
  return copy
end

-- What the answer asks for besides being sent: a proven code, an SRP exchange.
local function prepare(state, responses, extra)
  if not extra then return true end
  if extra.verify then return rounds.verify(state, extra.verify, extra.device_name) end
  state.password = extra.password
  rounds.open_srp(state, responses)
  return true
end

local function is_final(err)
  return err.kind == "auth" or err.kind == "challenge_expired"
end

-- The answer was good, and what came after it was refused: the kinds that say "try again" would say so of this step.
local function closed(err)
  if err.kind ~= "rejected" and err.kind ~= "invalid" then return err end
  return errors.new("challenge_expired", err.message, { code = err.code, operation = err.operation, status = err.status,
    request_id = err.request_id, retryable = false, cause = err, hint = "sign in again from the start" })
end

--- Answers the challenge. After `rejected` (a wrong code) and `invalid` the same step can be answered again.
-- @tparam string|table x a string where one value answers; else a table: `code`, `choice` (with `password` or
-- `credential` for a first factor), `new_password` and `attributes`, `credential`, `answer`, `password`,
-- `device_name`; `{ raw = { ... } }` answers any challenge in the service's own words
-- @tparam[opt] table given `deadline`, `cancel`, `max_attempts`
-- @treturn table|nil the next step, or nil and an error: `rejected`, `invalid`, `challenge_expired` (start again),
-- `auth` and every failure of a call. Operations RespondToAuthChallenge, VerifySoftwareToken. Any host.
function Step:answer(x, given)
  local state = self.state and self.state()
  if self.session then error("step:answer: the step holds a session, there is nothing to answer", 2) end
  options.check_call(given, "step:answer", 2)
  if not state or state.current ~= self then return over("this challenge was answered already", "answered") end
  local responses, extra = challenges.answer(self.challenge, with_password(state, self.challenge, x), 2)
  if not responses then return nil, extra end
  set_limits(state, given)
  state.current = nil
  local ok, err = prepare(state, responses, extra)
  local outcome, still_open = nil, not ok
  if ok then outcome, err, still_open = rounds.answer(state, responses) end
  if still_open and not is_final(err) then state.current = self end
  if err and not state.current then err = closed(err) end
  return step_of(state, outcome, err)
end

function Step:__tostring()
  return self.session and "cognito.step(session)" or "cognito.step(" .. errors.clean(self.challenge.name) .. ")"
end

-- ---- into another process and back ----

-- The seal holds only for this pool and client.
local function place_of(pool)
  return ("lua-cognito step %d\0%s\0%s"):format(FORMAT, pool.user_pool_id, pool.client_id)
end

local function check_key(given, where, level)
  options.check(given, { key = "string|function|table" }, where, level)
  if given.key == nil then error(where .. ": option key is needed", level) end
  return require("cognito.storage.keys").new(given.key, where)
end

local function frozen(state, question)
  return json.encode { expires_at = state.pool.host.now() + LIFETIME, username = state.username, name = state.name,
    flow = state.flow, client_metadata = state.client_metadata, user_context = state.user_context,
    device_name = state.device_name, forgotten = state.forgotten, session = state.session,
    verified = state.verified, challenge = question.name, parameters = question.raw,
    choices = state.output.AvailableChallenges, secret = question.parameters.secret, uri = question.parameters.uri }
end

--- The half-done sign-in as text, sealed with AES-256-GCM: `pool:resume` goes on with it, in another process too. It
-- holds no password, and is good for 15 minutes at most.
-- @tparam table given `key`: 32 octets, or what `cognito.storage.file` takes for its `key`
-- @treturn string|nil letters, digits, `-` and `_`; or nil and an error of kind `store` (the key), `challenge_expired`
-- when the step was answered already, or `bad_response` when the challenge holds what is no text
function Step:dump(given)
  local keys = check_key(given, "step:dump", 3)
  local state = self.state and self.state()
  if self.session then error("step:dump: the step holds a session, there is nothing to carry on", 2) end
  if not state or state.current ~= self then return over("this challenge was answered already", "answered") end
  local text, problem = frozen(state, self.challenge)
  if not text then
    return nil, errors.new("bad_response", "what the service asked cannot be written down: " .. problem,
      { code = "not_text", retryable = false })
  end
  local sealed, err = keys:seal(place_of(state.pool), text)
  if not sealed then return nil, err end
  return core.b64url_encode(sealed)
end

local function thawed(pool, old)
  local output = { ChallengeName = old.challenge, ChallengeParameters = old.parameters,
    AvailableChallenges = old.choices }
  local question = challenges.question(output)
  if old.secret then question.parameters.secret, question.parameters.uri = old.secret, old.uri end
  local state = { pool = pool, username = old.username, name = old.name, flow = old.flow,
    client_metadata = old.client_metadata, user_context = old.user_context, device_name = old.device_name,
    forgotten = old.forgotten, session = old.session, verified = old.verified, output = output, settled = true }
  rounds.use_device(state, state.name or state.username)
  return step_of(state, { challenge = question })
end

--- Goes on with a sign-in that `step:dump` put into text.
-- @tparam table pool
-- @tparam string text
-- @tparam table given `key`: as for `step:dump`
-- @treturn table|nil the step, or nil and an error: `challenge_expired`; `invalid` with code `sealed_step` when the
-- text is not a step of this pool and client, was changed, or was sealed with another key; `store` (the key)
function signin.resume(pool, text, given)
  if type(text) ~= "string" then error("pool:resume: a string is needed, not " .. type(text), 3) end
  local keys = check_key(given, "pool:resume", 4)
  local sealed = core.b64url_decode(text)
  local opened, problem = nil, nil
  if sealed then opened, problem = keys:open(place_of(pool), sealed) end
  if errors.is(problem) then return nil, problem end
  local old = opened and json.decode(opened)
  if type(old) ~= "table" then
    return refuse(nil, "the text is not a sealed step of this pool, or the key is another one", "sealed_step")
  end
  if pool.host.now() >= old.expires_at then return over("the sign-in was left for too long", "expired") end
  return thawed(pool, old)
end

return signin
