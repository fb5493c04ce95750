--- Sign-in: one loop that answers what it can by itself until there are tokens or a question for the caller.
--
-- Flows and challenges are tables: a flow gives the parameters of InitiateAuth; what a challenge asks and how an answer
-- is put for the wire stands in `cognito.protocol.challenges`. Automatic challenges have their answers here.
-- @module cognito.signin

local challenges = require "cognito.protocol.challenges"
local errors = require "cognito.errors"
local ops = require "cognito.protocol.ops"
local options = require "cognito.options"
local records = require "cognito.records"
local session = require "cognito.session"
local tokens = require "cognito.tokens"

local signin = {}

local MAX_ROUNDS = 10         -- challenges that may be answered without a question in between

local schema = { username = "string", password = "string|function", flow = "string", preferred_challenge = "string",
    session = "string", client_metadata = "table", user_context = "table", deadline = "number", cancel = "table",
    max_attempts = "integer" }

local Step = { __name = "cognito.step" }
Step.__index = Step

local function invalid(field, message, hint)
    return nil, errors.new("invalid", message, { field = field, hint = hint, retryable = false })
end

local function read_password(state)
    local password = state.password
    if type(password) == "function" then password = password() end
    if type(password) ~= "string" or password == "" then
        return invalid("password", "a password is needed")
    end
    return password
end

--- Flows: name -> function(state) that gives AuthParameters, or nil and an error.
signin.flows = {}

function signin.flows.USER_PASSWORD_AUTH(state)
    local password, err = read_password(state)
    if not password then return nil, err end
    return { USERNAME = state.username, PASSWORD = password }
end

-- The user's name as the service resolved it; what was typed may be an alias.
local function resolve_name(state, parameters)
    local name = parameters.USERNAME or parameters.USER_ID_FOR_SRP
    if type(name) == "string" and name ~= "" then state.resolved = name end
end

local function finish(state, result)
    local pool = state.pool
    local server_now, drift = records.server_now(pool)
    local lifetime, err = tokens.check(result, "InitiateAuth", server_now)
    if not lifetime then return nil, err end
    local username = tokens.username(result.AccessToken) or state.resolved or state.username
    local fields = { username = username, access_token = result.AccessToken, id_token = result.IdToken,
        refresh_token = result.RefreshToken, expires_at = server_now + lifetime, lifetime = lifetime }
    if drift and math.abs(drift) > 2 then fields.drift = drift end
    local made = session.create(pool, fields, { alias = state.username })
    require("cognito.refresh").flush(pool)
    return setmetatable({ session = made }, Step)
end

--- Answers of automatic challenges: name -> function(state, parameters) that gives ChallengeResponses without
-- USERNAME, or nil and an error.
signin.automatic = {}

local respond

local function bad(message)
    return nil, errors.new("bad_response", message, { retryable = false, maybe_processed = true })
end

-- What an answer of InitiateAuth or RespondToAuthChallenge leads to.
local function proceed(state, answer, ctx, round)
    if answer.AuthenticationResult then return finish(state, answer.AuthenticationResult) end
    if not answer.ChallengeName then return bad "the answer holds neither tokens nor a challenge" end
    local question = challenges.question(answer)
    resolve_name(state, question.raw)
    local automatic = signin.automatic[question.name]
    if not automatic then
        return setmetatable({ challenge = question, state = state, token = answer.Session }, Step)
    end
    if round >= MAX_ROUNDS then return bad "the service asks without an end" end
    local responses, err = automatic(state, question.raw)
    if not responses then return nil, err end
    return respond(state, question.name, answer.Session, responses, ctx, round + 1)
end

function respond(state, name, token, responses, ctx, round)
    responses.USERNAME = responses.USERNAME or state.resolved or state.username
    local answer, err = state.pool.client:send(ops.by_name.RespondToAuthChallenge, { ChallengeName = name,
        Session = token, ChallengeResponses = responses, ClientMetadata = state.client_metadata,
        UserContextData = state.user_context }, ctx)
    if not answer then return nil, err end
    return proceed(state, answer, ctx, round)
end

local function check_name(given)
    if not given.username or given.username == "" then return invalid("username", "a user name is needed") end
    if #given.username > 512 or given.username:find("[%s%c]") then
        return invalid("username", "a user name has at most 128 characters and no spaces")
    end
    return true
end

local function new_state(pool, given)
    return { pool = pool, username = given.username, password = given.password,
        flow = given.flow or pool.flow, preferred_challenge = given.preferred_challenge,
        client_metadata = given.client_metadata, user_context = given.user_context }
end

--- Signs a user in.
-- @tparam table pool
-- @tparam table given `username`, `password` (string or function), `flow`, `preferred_challenge`, `session`,
-- `client_metadata`, `user_context`, `deadline`, `cancel`, `max_attempts`
-- @treturn table|nil a step with `session` or `challenge`; nil and an error: `auth` (wrong credentials, disabled),
-- `invalid`, `limited`, `config` and every failure of a call. Operation InitiateAuth.
function signin.start(pool, given)
    options.check(given, schema, "pool:sign_in", 3)
    local ok, err = check_name(given)
    if not ok then return nil, err end
    local state = new_state(pool, given)
    local flow = signin.flows[state.flow]
    if not flow then
        return nil, errors.new("config", state.flow .. " is not a flow of pool:sign_in", { field = "flow" })
    end
    local parameters
    parameters, err = flow(state)
    if not parameters then return nil, err end
    local ctx = pool.client:context(given)
    local answer
    answer, err = pool.client:send(ops.by_name.InitiateAuth, { AuthFlow = state.flow, AuthParameters = parameters,
        ClientMetadata = state.client_metadata, UserContextData = state.user_context, Session = given.session }, ctx)
    if not answer then return nil, err end
    return proceed(state, answer, ctx, 1)
end

local answer_schema = { deadline = "number", cancel = "table", max_attempts = "integer" }

--- Answers a challenge. After `rejected` the same step can be answered again.
-- @tparam string|table x the answer, see the documentation of the challenge; `{ raw = { ... } }` for any other
-- @tparam[opt] table given `deadline`, `cancel`, `max_attempts`
-- @treturn table|nil the next step, or nil and an error: `rejected` (a wrong code), `challenge_expired`, `invalid`,
-- `auth` and every failure of a call. Operation RespondToAuthChallenge.
function Step:answer(x, given)
    local state = self.state
    if not state then error("step:answer: the step holds a session, there is nothing to answer", 2) end
    options.check(given or {}, answer_schema, "step:answer", 2)
    local responses, err = challenges.answer(self.challenge, x, 2)
    if not responses then return nil, err end
    return respond(state, self.challenge.name, self.token, responses, state.pool.client:context(given), 1)
end

function Step:__tostring()
    return self.session and "cognito.step(session)" or "cognito.step(" .. errors.clean(self.challenge.name) .. ")"
end

return signin
