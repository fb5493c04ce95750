--- The rounds of a sign-in: what can be answered is answered, until there are tokens or a question for the caller.
--
-- Any challenge may follow any other. What a challenge asks and how an answer is put stands in
-- `cognito.protocol.challenges`; what is answered without the caller stands in `automatic` below. An automatic
-- challenge that cannot be answered (no device data, say) is asked like an unknown one: raw.
--
-- A state is one sign-in on its way: `pool`, `ctx` (limits of the call), `username` (as typed), `name` (as the service
-- resolved it), `password`, `flow`, `preferred`, `first_session`, `client_metadata`, `user_context`, `device_name`;
-- `output` (the last answer), `session` (the newest Session), `exchange` (SRP), `device`, `forgotten` (a device was),
-- `settled` (a question was asked, so that it cannot begin anew by itself).
-- @module cognito.rounds

local challenges = require "cognito.protocol.challenges"
local core = require "cognito.core"
local device = require "cognito.device"
local errors = require "cognito.errors"
local events = require "cognito.events"
local ops = require "cognito.protocol.ops"
local records = require "cognito.records"
local session = require "cognito.session"
local srp = require "cognito.protocol.srp"
local tokens = require "cognito.tokens"
local totp = require "cognito.totp"

local rounds = {}

local MAX_AUTOMATIC = 10      -- challenges that are answered in a row without the caller
local DRIFT_WORTH_KEEPING = 2 -- seconds

local initiate, answer_op = ops.by_name.InitiateAuth, ops.by_name.RespondToAuthChallenge

local function bad_answer(message, operation)
  return nil, errors.new("bad_response", message, { operation = operation or "RespondToAuthChallenge",
    retryable = false, maybe_processed = true })
end

--- Opens an SRP exchange: a fresh secret number, used once.
-- @tparam table state
-- @tparam table parameters gets SRP_A
function rounds.open_srp(state, parameters)
  local exchange, _, message = core.srp()
  if not exchange then error("cognito: SRP: " .. message) end
  state.exchange, parameters.SRP_A = exchange, exchange:public()
end

local open_srp = rounds.open_srp

-- ---- flows: what InitiateAuth is given besides the name ----

local flows = {}
rounds.flows = flows

flows.USER_SRP_AUTH = { password = true, fill = open_srp }

flows.USER_PASSWORD_AUTH = { password = true, fill = function(state, parameters)
  parameters.PASSWORD = state.password
end }

-- With a password SRP goes first and the custom challenges follow.
flows.CUSTOM_AUTH = { fill = function(state, parameters)
  if not state.password then return end
  parameters.CHALLENGE_NAME = "SRP_A"
  open_srp(state, parameters)
end }

flows.USER_AUTH = { fill = function(state, parameters)
  parameters.PREFERRED_CHALLENGE = state.preferred
  if state.preferred == "PASSWORD" then parameters.PASSWORD = state.password end
  if state.preferred == "PASSWORD_SRP" then open_srp(state, parameters) end
end }

-- ---- requests ----

local function send(state, op, input)
  input.ClientMetadata, input.UserContextData = state.client_metadata, state.user_context
  return state.pool.client:send(op, input, state.ctx)
end

local function warn(state, err, made)
  if err then events.announce(state.pool, "on_warning", err, made) end
end

--- Takes the device data that is stored for a user, if the pool keeps devices.
-- @tparam table state
-- @tparam string name
function rounds.use_device(state, name)
  if not state.pool.device or state.forgotten then return end
  local err
  state.device, err = device.find(state.pool, name)
  warn(state, err)
end

local use_device = rounds.use_device

local function forget_device(state)
  local known = state.device
  state.device, state.forgotten = nil, true
  for _, name in ipairs { state.username, state.name } do
    local _, err = device.drop(state.pool, name, known and known.key)
    warn(state, err)
  end
end

local function is_unknown_device(err)
  return err.code == "ResourceNotFoundException" and err.reason == "device"
end

-- Sends the parameters with the device's key, and once more without it where the service does not know the device (it
-- may also mean the key of an earlier message: that of an alias which has moved to another user).
local function send_with_device(state, op, input, parameters)
  if not parameters.DEVICE_KEY and state.device then parameters.DEVICE_KEY = state.device.key end
  local answer, err = send(state, op, input)
  if answer or state.forgotten or not is_unknown_device(err) then return answer, err end
  if (input.ChallengeName or ""):find "^DEVICE_" then return nil, err end
  forget_device(state)
  parameters.DEVICE_KEY = nil
  return send(state, op, input)
end

local function respond(state, responses)
  responses.USERNAME = responses.USERNAME or state.name or state.username
  return send_with_device(state, answer_op, { ChallengeName = state.output.ChallengeName,
    Session = state.session, ChallengeResponses = responses }, responses)
end

local function start(state)
  local parameters = { USERNAME = state.username }
  flows[state.flow].fill(state, parameters)
  use_device(state, state.username)
  return send_with_device(state, initiate, { AuthFlow = state.flow, AuthParameters = parameters,
    Session = state.first_session }, parameters)
end

-- ---- what is answered without the caller: ChallengeResponses; nil: ask; nil and an error ----

local automatic = {}

-- Signed by the server's clock as far as its answers have told it: a wrong clock here is no failed attempt there.
local function prove(state, who, parameters)
  local exchange = state.exchange
  state.exchange = nil
  local responses, err = srp.proof(exchange, who, parameters, (records.server_now(state.pool)))
  exchange:close()
  return responses, err
end

function automatic.PASSWORD_VERIFIER(state, parameters)
  if not state.exchange or state.exchange == state.device_exchange or not state.password then return nil end
  local user = type(parameters.USER_ID_FOR_SRP) == "string" and parameters.USER_ID_FOR_SRP
  return prove(state, { domain = state.pool:short_name(), user = user or state.name or state.username,
    password = state.password }, parameters)
end

function automatic.DEVICE_SRP_AUTH(state)
  if not state.device then return nil end
  local responses = { DEVICE_KEY = state.device.key }
  open_srp(state, responses)
  state.device_exchange = state.exchange
  return responses
end

function automatic.DEVICE_PASSWORD_VERIFIER(state, parameters)
  if not (state.device and state.exchange) or state.exchange ~= state.device_exchange then return nil end
  local responses, err = prove(state, { domain = state.device.group_key, user = state.device.key,
    password = state.device.password }, parameters)
  if responses then responses.DEVICE_KEY = state.device.key end
  return responses, err
end

-- ---- the end: tokens ----

local function fields_of(state, result, lifetime, metadata)
  local server_now, drift = records.server_now(state.pool)
  local fields = { username = tokens.username(result.AccessToken) or state.name or state.username,
    access_token = result.AccessToken, id_token = result.IdToken, refresh_token = result.RefreshToken,
    expires_at = server_now + lifetime, lifetime = lifetime,
    device_key = metadata and metadata.key or state.device and state.device.key or nil }
  if drift and math.abs(drift) > DRIFT_WORTH_KEEPING then fields.drift = drift end
  return fields
end

-- The session is stored with its device's key before the service hears of the device, and is there whatever becomes
-- of that.
local function settle_device(state, made, metadata)
  if not metadata then
    local known = state.device
    return known and { key = known.key, confirmed = true, confirmation_needed = false }
  end
  if not state.pool.device then return { key = metadata.key, confirmed = false, confirmation_needed = false } end
  local result, err = device.enrol(state.pool, { name = made.username, alias = state.username, key = metadata.key,
    group_key = metadata.group_key, access_token = made.token, device_name = state.device_name },
    state.ctx)
  if err then made.last_error = err end
  warn(state, err, made)
  return result
end

local function finish(state, result)
  local lifetime, err = tokens.check(result, "RespondToAuthChallenge", (records.server_now(state.pool)))
  if not lifetime then return nil, err end
  local metadata
  metadata, err = device.metadata(result)
  if err then return nil, err end
  local made = session.create(state.pool, fields_of(state, result, lifetime, metadata), { alias = state.username })
  device.tell(made, settle_device(state, made, metadata))
  state.password = nil
  return { session = made }
end

-- ---- a question ----

local function offers_totp(choices)
  if not choices then return true end
  for _, choice in ipairs(choices) do
    if choice == "SOFTWARE_TOKEN_MFA" then return true end
  end
  return false
end

-- The secret belongs to the question, so it is fetched before the question is asked.
local function associate(state, question)
  local parameters = question.parameters
  if not offers_totp(parameters.choices) then return true end
  local answer, err = state.pool.client:send(ops.by_name.AssociateSoftwareToken, { Session = state.session },
    state.ctx)
  if not answer then return nil, err end
  state.session = answer.Session or state.session
  parameters.secret = answer.SecretCode
  parameters.uri = totp.uri { secret = answer.SecretCode, account = state.name or state.username }
  if not parameters.uri then return bad_answer("the new secret is not base32", "AssociateSoftwareToken") end
  return true
end

local function ask(state, output)
  local question = challenges.question(output)
  if question.name == "MFA_SETUP" then
    local ok, err = associate(state, question)
    if not ok then return nil, err end
  end
  state.settled = true
  return { challenge = question }
end

-- ---- the loop ----

-- What was typed may be an alias; devices, the proof and SECRET_HASH go by the user's own name.
local function take_name(state, parameters)
  local name = parameters.USERNAME or parameters.USER_ID_FOR_SRP
  if type(name) ~= "string" or name == "" or name == state.name then return end
  state.name = name
  if name ~= state.username then use_device(state, name) end
end

local function take(state, output)
  if type(output.ChallengeName) ~= "string" then
    return bad_answer "the answer holds neither tokens nor a challenge"
  end
  state.output, state.session, state.verified = output, output.Session, nil
  take_name(state, output.ChallengeParameters or {})
  return true
end

local function is_refused_device(state, err)
  local name = state.output.ChallengeName
  if name ~= "DEVICE_SRP_AUTH" and name ~= "DEVICE_PASSWORD_VERIFIER" then return false end
  return is_unknown_device(err) or err.code == "NotAuthorizedException" and err.kind == "auth"
end

local run

-- A device that cannot prove itself is forgotten. Where no question was asked yet the sign-in begins anew without it.
local function without_device(state, err)
  forget_device(state)
  if state.settled or state.first_session then
    err.hint = "the service does not accept this device any more; it is forgotten: sign in again"
    return nil, err
  end
  state.name, state.settled = nil, true
  return run(state, start(state))
end

-- One round: an outcome; nil, the next output; nil, nil and an error.
local function round(state, output)
  local ok, err = take(state, output)
  if not ok then return nil, nil, err end
  local answer, responses = automatic[output.ChallengeName], nil
  if answer then responses, err = answer(state, output.ChallengeParameters or {}) end
  if err then return nil, nil, err end
  if responses then return nil, respond(state, responses) end
  local outcome
  outcome, err = ask(state, output)
  return outcome, nil, err
end

function run(state, output, err)
  for _ = 1, MAX_AUTOMATIC do
    if not output then break end
    if output.AuthenticationResult then return finish(state, output.AuthenticationResult) end
    local outcome
    outcome, output, err = round(state, output)
    if outcome then return outcome end
    if err and state.output and is_refused_device(state, err) then return without_device(state, err) end
  end
  if err then return nil, err end
  return bad_answer "the service asks without end"
end

-- Handlers are called when everything is stored and nothing is under way.
local function close(state, outcome, err)
  local pool, attempts = state.pool, state.ctx.events
  if attempts then
    state.ctx.events = {}
    events.report(pool, attempts)
  end
  events.flush(pool)
  return outcome, err
end

--- Begins: InitiateAuth, and what can be answered after it.
-- @tparam table state
-- @treturn table|nil `{ session = }` or `{ challenge = }`, or nil and an error
function rounds.begin(state)
  return close(state, run(state, start(state)))
end

--- Sends the caller's answer to the question at hand, and goes on.
-- @tparam table state
-- @tparam table responses ChallengeResponses
-- @treturn table|nil as `begin`
-- @treturn table|nil an error
-- @treturn boolean|nil true: the answer itself failed, so that the question is still the one at hand
function rounds.answer(state, responses)
  local output, err = respond(state, responses)
  if output then return close(state, run(state, output)) end
  close(state)
  return nil, err, true
end

--- Proves the code of a new authenticator app, once for a question.
-- @tparam table state
-- @tparam string code
-- @tparam[opt] string device_name
-- @treturn boolean|nil true, or nil and an error: `rejected` for a wrong code. Operation VerifySoftwareToken.
function rounds.verify(state, code, device_name)
  if state.verified then return true end
  local answer, err = state.pool.client:send(ops.by_name.VerifySoftwareToken, { Session = state.session,
    UserCode = code, FriendlyDeviceName = device_name }, state.ctx)
  close(state)
  if not answer then return nil, err end
  state.session = answer.Session or state.session
  if answer.Status ~= "SUCCESS" then
    return nil, errors.new("rejected", "the code is not the one that the new secret gives", {
      code = "SoftwareTokenRejected", operation = "VerifySoftwareToken", retryable = false })
  end
  state.verified = true
  return true
end

return rounds
