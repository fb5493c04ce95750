--- The challenges of a sign-in as data: what each asks, in words of Lua, and how an answer is put for the wire.
--
-- Fields of a row: `name`; `automatic`: answered by the engine and never shown; `ask`: what an answer is (see
-- `answers` below); `key`: the member of ChallengeResponses that a single value goes to; `parameters`: public name ->
-- member of ChallengeParameters, and how it is read.
--
-- Sources: RespondToAuthChallenge and InitiateAuth of the service's model of 2016-04-18 and its developer guide.
-- @module cognito.protocol.challenges

local errors = require "cognito.errors"
local json = require "cognito.json"
local options = require "cognito.options"
local check_typed = require("cognito.protocol.typed").check

local challenges = {}

-- ---- how ChallengeParameters are read: text as it is, or JSON inside of it ----

local function text(value) return value end

local function object(value)
  local parsed = value:find "^%s*{" and json.decode(value)
  return type(parsed) == "table" and parsed or nil
end

local function strings(value)
  local parsed, out = value:find "^%s*%[" and json.decode(value), {}
  if type(parsed) ~= "table" then return nil end
  for _, item in ipairs(parsed) do
    if type(item) == "string" then out[#out + 1] = item end
  end
  return out
end

local PREFIX = "userAttributes."

local function attribute_names(value)
  local list = strings(value)
  for i, name in ipairs(list or {}) do
    if name:sub(1, #PREFIX) == PREFIX then list[i] = name:sub(#PREFIX + 1) end
  end
  return list
end

local DELIVERY = { destination = { "CODE_DELIVERY_DESTINATION", text },
  medium = { "CODE_DELIVERY_DELIVERY_MEDIUM", text } }

challenges.list = {
  { name = "PASSWORD_VERIFIER", automatic = true },
  { name = "DEVICE_SRP_AUTH", automatic = true },
  { name = "DEVICE_PASSWORD_VERIFIER", automatic = true },
  { name = "SMS_MFA", ask = "code", key = "SMS_MFA_CODE", parameters = DELIVERY },
  { name = "SMS_OTP", ask = "code", key = "SMS_OTP_CODE", parameters = DELIVERY },
  { name = "EMAIL_OTP", ask = "code", key = "EMAIL_OTP_CODE", parameters = DELIVERY },
  -- in the documentation's prose, but not in the model: known so that a pool that sends it is no dead end
  { name = "EMAIL_MFA", ask = "code", key = "EMAIL_MFA_CODE", parameters = DELIVERY },
  { name = "SOFTWARE_TOKEN_MFA", ask = "code", key = "SOFTWARE_TOKEN_MFA_CODE",
    parameters = { device_name = { "FRIENDLY_DEVICE_NAME", text } } },
  { name = "SELECT_MFA_TYPE", ask = "choice", key = "ANSWER",
    parameters = { choices = { "MFAS_CAN_CHOOSE", strings } } },
  { name = "SELECT_CHALLENGE", ask = "factor", key = "ANSWER", parameters = {} },
  { name = "MFA_SETUP", ask = "setup", parameters = { choices = { "MFAS_CAN_SETUP", strings } } },
  { name = "NEW_PASSWORD_REQUIRED", ask = "new_password", key = "NEW_PASSWORD",
    parameters = { attributes = { "userAttributes", object },
      required_attributes = { "requiredAttributes", attribute_names } } },
  { name = "CUSTOM_CHALLENGE", ask = "answer", key = "ANSWER" },
  { name = "PASSWORD", ask = "password", key = "PASSWORD", parameters = {} },
  { name = "PASSWORD_SRP", ask = "srp", parameters = {} },
  { name = "WEB_AUTHN", ask = "credential", key = "CREDENTIAL",
    parameters = { options = { "CREDENTIAL_REQUEST_OPTIONS", text } } },
}

local by_name = {}
for _, row in ipairs(challenges.list) do by_name[row.name] = row end
challenges.by_name = by_name

-- ---- the question ----

local function only_strings(members)
  local out = {}
  for name, value in pairs(members or {}) do
    if type(value) == "string" then out[name] = value end
  end
  return out
end

local function typed(row, raw)
  local out = {}
  for name, how in pairs(row.parameters) do
    local value = raw[how[1]]
    if value then out[name] = how[2](value) end
  end
  return out
end

--- What an answer of the service asks.
-- @tparam table output with `ChallengeName`; `ChallengeParameters` and `AvailableChallenges` where there are any
-- @treturn table `name`; `parameters`: typed where the challenge is known (the list `choices` for the two selections
-- and MFA_SETUP, where the engine adds `secret` and `uri`;
-- `required_attributes` and `attributes`; `destination` and `medium`; `options`, JSON text of a passkey
-- request; `device_name`), the service's own strings for CUSTOM_CHALLENGE and for a challenge that is not known;
-- `raw`: the service's own strings; `known`
function challenges.question(output)
  local row, raw = by_name[output.ChallengeName], only_strings(output.ChallengeParameters)
  local question = { name = output.ChallengeName, raw = raw, known = row ~= nil and row.ask ~= nil }
  question.parameters = row and row.parameters and typed(row, raw) or raw
  if row and row.ask == "factor" then
    question.parameters.choices = {}
    for _, name in ipairs(output.AvailableChallenges or {}) do
      if type(name) == "string" then table.insert(question.parameters.choices, name) end
    end
  end
  return question
end

-- ---- the answer ----

local function refuse(field, message)
  return nil, errors.new("invalid", message, { code = "bad_answer", field = field })
end

local function fits(kind, value, field)
  local ok, err = check_typed(kind, value, field)
  if ok then return true end
  err.code = "bad_answer"
  return nil, err
end

local function single(row, kind, value, field)
  if value == nil then return refuse(field, row.name .. " asks for " .. field) end
  local ok, err = fits(kind, value, field)
  if not ok then return nil, err end
  return { [row.key] = value }
end

local function contains(list, item)
  for _, value in ipairs(list) do
    if value == item then return true end
  end
  return false
end

local function check_choice(question, choice)
  local choices = question.parameters.choices
  if choice == nil then return refuse("choice", question.name .. " asks for choice") end
  if not choices or #choices == 0 or contains(choices, choice) then return choice end
  return refuse("choice", "that is no choice; the choices are " .. table.concat(choices, ", "))
end

local function credential_text(credential)
  if type(credential) == "string" then
    if object(credential) then return credential end
    return refuse("credential", "the credential is not a JSON object")
  end
  local written, message = json.encode(credential)
  if written then return written end
  return refuse("credential", "the credential cannot be written as JSON: " .. message)
end

-- Each takes the row, the question and the table of the answer; gives ChallengeResponses and, where SRP follows, the
-- second value `{ srp = true, password = ... }`.
local answers = {}

-- People copy codes with the blanks in and around them.
local function read_code(kind, code)
  code = code:gsub("%s", "")
  if code == "" then return refuse("code", "the code is empty") end
  local ok, err = fits(kind, code, "code")
  if not ok then return nil, err end
  return code
end

function answers.code(row, _, x)
  if x.code == nil then return refuse("code", row.name .. " asks for code") end
  local code, err = read_code(row.name == "SOFTWARE_TOKEN_MFA" and "UserCode" or "ConfirmationCode", x.code)
  if not code then return nil, err end
  return { [row.key] = code }
end

function answers.password(row, _, x) return single(row, "KnownPassword", x.password, "password") end

function answers.answer(row, _, x) return single(row, "Answer", x.answer, "answer") end

function answers.choice(row, question, x)
  local choice, err = check_choice(question, x.choice)
  if not choice then return nil, err end
  return { [row.key] = choice }
end

function answers.srp(row, _, x)
  if x.password == nil then return refuse("password", row.name .. " asks for password") end
  local ok, err = fits("KnownPassword", x.password, "password")
  if not ok then return nil, err end
  return {}, { srp = true, password = x.password }
end

-- The first factor may be chosen and proven in one message.
function answers.factor(row, question, x)
  local choice, err = check_choice(question, x.choice)
  if not choice then return nil, err end
  local responses = { [row.key] = choice }
  if x.password ~= nil then
    local ok
    ok, err = fits("KnownPassword", x.password, "password")
    if not ok then return nil, err end
  end
  if choice == "PASSWORD" then responses.PASSWORD = x.password end
  if choice == "WEB_AUTHN" and x.credential ~= nil then
    responses.CREDENTIAL, err = credential_text(x.credential)
    if err then return nil, err end
  end
  if choice ~= "PASSWORD_SRP" then return responses end
  if x.password == nil then return refuse("password", "PASSWORD_SRP asks for password too") end
  return responses, { srp = true, password = x.password }
end

function answers.credential(row, _, x)
  if x.credential == nil then return refuse("credential", row.name .. " asks for credential") end
  local written, err = credential_text(x.credential)
  if not written then return nil, err end
  return { [row.key] = written }
end

local function check_attributes(attributes)
  for name, value in pairs(attributes) do
    local plain = name:sub(1, #PREFIX) == PREFIX and name:sub(#PREFIX + 1) or name
    local ok, err = fits("AttributeName", plain, "attributes." .. name)
    if ok then ok, err = fits("AttributeValue", value, "attributes." .. name) end
    if not ok then return nil, err end
  end
  return true
end

function answers.new_password(row, question, x)
  if x.new_password == nil then return refuse("new_password", row.name .. " asks for new_password") end
  local ok, err = fits("KnownPassword", x.new_password, "new_password")
  if not ok then return nil, err end
  ok, err = check_attributes(x.attributes or {})
  if not ok then return nil, err end
  local responses = { [row.key] = x.new_password }
  for name, value in pairs(x.attributes or {}) do
    responses[name:sub(1, #PREFIX) == PREFIX and name or PREFIX .. name] = value
  end
  for _, name in ipairs(question.parameters.required_attributes or {}) do
    if responses[PREFIX .. name] == nil then
      return refuse("attributes", "the pool requires the attribute " .. name)
    end
  end
  return responses
end

-- The code is proven by an operation of its own; the challenge itself is answered with nothing.
function answers.setup(_, question, x)
  if not question.parameters.secret then
    return refuse("raw", "MFA_SETUP offers no authenticator app here; answer it with { raw = { ... } }")
  end
  if x.code == nil then return refuse("code", "MFA_SETUP asks for code") end
  local code, err = read_code("UserCode", x.code)
  if not code then return nil, err end
  return {}, { verify = code, device_name = x.device_name }
end

local single_field = { code = "code", password = "password", answer = "answer", choice = "choice", srp = "password",
  factor = "choice", credential = "credential", new_password = "new_password", setup = "code" }

local fields = {
  code = { code = "string" }, password = { password = "string" }, answer = { answer = "string" },
  choice = { choice = "string" }, srp = { password = "string" },
  factor = { choice = "string", password = "string", credential = "string|table" },
  credential = { credential = "string|table" }, new_password = { new_password = "string", attributes = "table" },
  setup = { code = "string", device_name = "string" },
}

local function check_map(map, where, level)
  for name, value in pairs(map) do
    if type(name) ~= "string" or type(value) ~= "string" then
      error(where .. " must hold strings under string names", level + 1)
    end
  end
  return map
end

local function raw_answer(x, level)
  options.check(x, { raw = "table" }, "step:answer", level + 1)
  local copy = {}
  for name, value in pairs(check_map(x.raw, "step:answer: raw", level + 1)) do copy[name] = value end
  return copy
end

--- Puts a caller's answer for the wire. A wrong type or an unknown field raises.
-- @tparam table question from `question`
-- @param x a string where one value answers; else a table: `code`, `choice`, `password`, `new_password` and
-- `attributes`, `credential` (JSON text or a table), `answer`, `device_name`; or `{ raw = ChallengeResponses }`
-- @tparam number level where a raised error points, as seen from the caller of this function
-- @treturn table|nil ChallengeResponses, still without USERNAME, DEVICE_KEY and SECRET_HASH; or nil and an error of
-- kind `invalid` (code `bad_answer`)
-- @treturn table|nil `srp` and `password`: an exchange is to be opened; `verify` and `device_name`: a software token
-- is to be verified first
function challenges.answer(question, x, level)
  local row = by_name[question.name]
  if type(x) == "table" and x.raw ~= nil then
    local raw = raw_answer(x, level + 1)
    return raw
  end
  if type(x) ~= "string" and type(x) ~= "table" then
    error("step:answer: a string or a table is needed, not " .. type(x), level + 1)
  end
  if not (row and row.ask) then
    return refuse("raw", question.name .. " can be answered with { raw = { ... } } only")
  end
  if type(x) == "string" then x = { [single_field[row.ask]] = x } end
  options.check(x, fields[row.ask], "step:answer", level + 1)
  if x.attributes then check_map(x.attributes, "step:answer: attributes", level + 1) end
  return answers[row.ask](row, question, x)
end

return challenges
