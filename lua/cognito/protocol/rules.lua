--- The service's constraints on what a caller may send, as data, and the check by them.
-- A value that the service would refuse for its form alone is refused here, before anything is sent, with the field
-- and the rule in the error. What only the service can judge (is the code right, is the password long enough for
-- this pool) is left to it.
-- Source: the API model of cognito-idp 2016-04-18 (lengths count characters, patterns cover the whole value).
-- @module cognito.protocol.rules
local errors = require "cognito.errors"
local options = require "cognito.options"
local typed = require "cognito.protocol.typed"

local rules = {}

local MAX_STRING = 131072
local find, next, type = string.find, next, type
local text_fault = require("cognito.core").text_fault

local FORM_WORDS = {
  any = "text", no_blanks = "without spaces and control characters", no_spaces = "without white space",
  name = "letters, digits, punctuation and plain spaces", word = "letters, digits, _ and +",
  id = "letters, digits, _ + -", base64 = "base64", token = "a token: letters, digits, - _ = .",
  digits = "six digits", constant = "capital letters, digits and _",
}

-- A string of `min` to `max` characters, of one of the core's forms (csrc/core/text.h).
local function text(min, max, form)
  form = form or "any"
  return { type = "string", min = min, max = max, form = form, words = FORM_WORDS[form] }
end

local function typed_text(kind)
  local form = typed.forms[kind]
  return text(form[2], form[3], form[1])
end

local function pattern(min, max, lua_pattern, words)
  return { type = "string", min = min, max = max, form = "any", pattern = lua_pattern, words = words }
end

local function enum(list)
  local set = {}
  for _, name in ipairs(list) do set[name] = true end
  return { type = "string", min = 0, max = MAX_STRING, form = "any", enum = set,
    words = "one of " .. table.concat(list, ", ") }
end

--- The types of the API model that a request can hold.
rules.types = {
  ClientId = text(1, 128, "word"),
  ClientSecret = text(24, 64, "word"),
  SecretHash = text(1, 128, "base64"),
  UserPoolId = pattern(1, 55, "^[%w_%-]+_%w+$", "REGION_ID, such as eu-west-1_AbCdEf123"),
  Username = typed_text "Username",
  Password = text(1, 256, "no_spaces"),
  KnownPassword = typed_text "KnownPassword",
  Answer = typed_text "Answer",
  Token = text(1, MAX_STRING, "token"),
  Session = text(20, 2048),
  ConfirmationCode = typed_text "ConfirmationCode",
  UserCode = typed_text "UserCode",
  DeviceKey = pattern(1, 55, "^[%w_%-]+_[0-9a-f%-]+$", "REGION_UUID in lower case"),
  DeviceName = text(1, 1024),
  AttributeName = typed_text "AttributeName",
  AttributeValue = typed_text "AttributeValue",
  EventId = text(1, 50, "id"),
  NextToken = text(1, MAX_STRING, "no_spaces"),
  DevicesLimit = { type = "integer", min = 0, max = 60 },
  PasskeysLimit = { type = "integer", min = 0, max = 20 },
  String = text(0, MAX_STRING),
  CredentialId = text(1, MAX_STRING),
  Boolean = { type = "boolean" },
  Document = { type = "table" },
  Map = { type = "map", value = "String" },
  AttributeNames = { type = "list", value = "AttributeName" },
  Attribute = { type = "structure", members = { Name = "AttributeName!", Value = "AttributeValue" } },
  Attributes = { type = "list", value = "Attribute" },
  UserContextData = { type = "structure", members = { IpAddress = "String", EncodedData = "String" } },
  AnalyticsMetadata = { type = "structure", members = { AnalyticsEndpointId = "String" } },
  DeviceVerifier = { type = "structure", members = { PasswordVerifier = "String", Salt = "String" } },
  MfaSettings = { type = "structure", members = { Enabled = "Boolean", PreferredMfa = "Boolean" } },
  PasskeySettings = { type = "structure", members = { Enabled = "Boolean" } },
  DeliveryMedium = enum { "SMS", "EMAIL" },
  MfaOption = { type = "structure", members = { DeliveryMedium = "DeliveryMedium", AttributeName = "AttributeName" } },
  MfaOptions = { type = "list", value = "MfaOption" },
  RememberedStatus = enum { "remembered", "not_remembered" },
  FeedbackValue = enum { "Valid", "Invalid" },
  AuthFlow = enum { "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "CUSTOM_AUTH", "ADMIN_NO_SRP_AUTH",
    "USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "USER_AUTH" },
  -- An answer to a challenge that is newer than this list must still reach the service.
  ChallengeName = text(1, 64, "constant"),
}

local function members(base, more)
  local out = {}
  for _, set in ipairs { base, more } do
    for name, kind in pairs(set) do out[name] = kind end
  end
  return out
end

local CODE_CALL = {
  ClientId = "ClientId!", Username = "Username!", SecretHash = "SecretHash", UserContextData = "UserContextData",
  AnalyticsMetadata = "AnalyticsMetadata", ClientMetadata = "Map",
}
local SIGNED_IN = { AccessToken = "Token!" }

local function signed_in(more) return members(SIGNED_IN, more) end

--- Members of each operation's request; `!` marks a required one.
rules.inputs = {
  AssociateSoftwareToken = { AccessToken = "Token", Session = "Session" },
  ChangePassword = signed_in { PreviousPassword = "Password", ProposedPassword = "Password!" },
  CompleteWebAuthnRegistration = signed_in { Credential = "Document!" },
  ConfirmDevice = signed_in {
    DeviceKey = "DeviceKey!", DeviceSecretVerifierConfig = "DeviceVerifier", DeviceName = "DeviceName",
  },
  ConfirmForgotPassword = members(CODE_CALL, { ConfirmationCode = "ConfirmationCode!", Password = "Password!" }),
  ConfirmSignUp = members(CODE_CALL, {
    ConfirmationCode = "ConfirmationCode!", ForceAliasCreation = "Boolean", Session = "Session",
  }),
  DeleteUser = SIGNED_IN,
  DeleteUserAttributes = signed_in { UserAttributeNames = "AttributeNames!" },
  DeleteWebAuthnCredential = signed_in { CredentialId = "CredentialId!" },
  ForgetDevice = { AccessToken = "Token", DeviceKey = "DeviceKey!" },
  ForgotPassword = CODE_CALL,
  GetDevice = { AccessToken = "Token", DeviceKey = "DeviceKey!" },
  GetTokensFromRefreshToken = {
    RefreshToken = "Token!", ClientId = "ClientId!", ClientSecret = "ClientSecret", DeviceKey = "DeviceKey",
    ClientMetadata = "Map",
  },
  GetUser = SIGNED_IN,
  GetUserAttributeVerificationCode = signed_in { AttributeName = "AttributeName!", ClientMetadata = "Map" },
  GetUserAuthFactors = SIGNED_IN,
  GlobalSignOut = SIGNED_IN,
  InitiateAuth = {
    AuthFlow = "AuthFlow!", ClientId = "ClientId!", AuthParameters = "Map", ClientMetadata = "Map",
    AnalyticsMetadata = "AnalyticsMetadata", UserContextData = "UserContextData", Session = "Session",
  },
  ListDevices = signed_in { Limit = "DevicesLimit", PaginationToken = "NextToken" },
  ListWebAuthnCredentials = signed_in { NextToken = "NextToken", MaxResults = "PasskeysLimit" },
  ResendConfirmationCode = CODE_CALL,
  RespondToAuthChallenge = {
    ClientId = "ClientId!", ChallengeName = "ChallengeName!", Session = "Session", ChallengeResponses = "Map",
    AnalyticsMetadata = "AnalyticsMetadata", UserContextData = "UserContextData", ClientMetadata = "Map",
  },
  RevokeToken = { Token = "Token!", ClientId = "ClientId!", ClientSecret = "ClientSecret" },
  SetUserMFAPreference = signed_in {
    SMSMfaSettings = "MfaSettings", SoftwareTokenMfaSettings = "MfaSettings", EmailMfaSettings = "MfaSettings",
    WebAuthnMfaSettings = "PasskeySettings",
  },
  SetUserSettings = signed_in { MFAOptions = "MfaOptions!" },
  SignUp = members(CODE_CALL, { Password = "Password", UserAttributes = "Attributes", ValidationData = "Attributes" }),
  StartWebAuthnRegistration = SIGNED_IN,
  UpdateAuthEventFeedback = {
    UserPoolId = "UserPoolId!", Username = "Username!", EventId = "EventId!", FeedbackToken = "Token!",
    FeedbackValue = "FeedbackValue!",
  },
  UpdateDeviceStatus = signed_in { DeviceKey = "DeviceKey!", DeviceRememberedStatus = "RememberedStatus" },
  UpdateUserAttributes = signed_in { UserAttributes = "Attributes!", ClientMetadata = "Map" },
  VerifySoftwareToken = {
    AccessToken = "Token", Session = "Session", UserCode = "UserCode!", FriendlyDeviceName = "String",
  },
  VerifyUserAttribute = signed_in { AttributeName = "AttributeName!", Code = "ConfirmationCode!" },
}

local function refuse(field, words)
  return nil, errors.new("invalid", field .. " must be " .. words, { field = field, code = "constraint" })
end

local function length_words(rule)
  if rule.form == "digits" then return rule.words end
  if rule.min == rule.max then return ("%d characters long"):format(rule.min) end
  return ("%d to %d characters long"):format(rule.min, rule.max)
end

local FAULTS = {
  type = function(_, value) return "a string, not a " .. type(value) end,
  nul = function() return "free of NUL bytes" end,
  utf8 = function() return "valid UTF-8" end,
  length = length_words,
  form = function(rule) return rule.words end,
}

local check_kind

local checkers = {}

function checkers.string(rule, value, field)
  local fault = text_fault(value, rule.form, rule.min, rule.max)
  if fault then return refuse(field, FAULTS[fault](rule, value)) end
  if rule.pattern and not find(value, rule.pattern) or rule.enum and not rule.enum[value] then
    return refuse(field, rule.words)
  end
  return true
end

function checkers.integer(rule, value, field)
  if type(value) ~= "number" or value % 1 ~= 0 or value < rule.min or value > rule.max then
    return refuse(field, ("a whole number from %d to %d"):format(rule.min, rule.max))
  end
  return true
end

function checkers.boolean(_, value, field)
  if type(value) ~= "boolean" then return refuse(field, "true or false, not a " .. type(value)) end
  return true
end

function checkers.table(_, value, field)
  if type(value) ~= "table" then return refuse(field, "a table, not a " .. type(value)) end
  return true
end

function checkers.list(rule, value, field)
  if type(value) ~= "table" then return refuse(field, "a list, not a " .. type(value)) end
  for i = 1, #value do
    local ok, err = check_kind(rule.value, value[i], field .. "[" .. i .. "]")
    if not ok then return nil, err end
  end
  return true
end

function checkers.map(rule, value, field)
  if type(value) ~= "table" then return refuse(field, "a table, not a " .. type(value)) end
  for name, v in next, value do
    if type(name) ~= "string" then return refuse(field, "a table with names for keys") end
    local ok, err = check_kind(rule.value, v, field .. "." .. name)
    if not ok then return nil, err end
  end
  return true
end

function checkers.structure(rule, value, field)
  if type(value) ~= "table" then return refuse(field, "a table, not a " .. type(value)) end
  return rules.check_members(rule.members, value, field .. ".")
end

--- Checks one value against a named type.
-- @tparam string kind a name of `rules.types`
-- @param value what the caller gave
-- @tparam string field the name that the error shall carry
-- @treturn boolean|nil true, or nil and an error: `invalid` with `field` and, in the message, the rule
function rules.check(kind, value, field)
  local rule = rules.types[kind]
  return checkers[rule.type](rule, value, field)
end
check_kind = rules.check

local function unknown_member(known, name, prefix)
  local near = type(name) == "string" and options.nearest(name, known)
  local words = "there is no member of this name" .. (near and "; did you mean " .. near .. "?" or "")
  return nil, errors.new("invalid", words, { field = prefix .. tostring(name), code = "unknown_member" })
end

-- The names and types of `known`, with the marks taken off, and the list of what is required; made once for each.
local compiled = setmetatable({}, { __mode = "k" })

--- The types of members without their marks.
-- @tparam table known name to type, `!` marking a required one
-- @treturn table `kinds` (name to type), `required` (list of names)
function rules.compile(known)
  local made = compiled[known]
  if made then return made end
  made = { kinds = {}, required = {} }
  for name, kind in pairs(known) do
    made.kinds[name] = kind:match "^%w+"
    if kind:sub(-1) == "!" then made.required[#made.required + 1] = name end
  end
  compiled[known] = made
  return made
end

local NONE = {}

local function check_required(required, given, prefix, filled)
  for i = 1, #required do
    local name = required[i]
    if given[name] == nil and not filled[name] then
      return nil, errors.new("invalid", prefix .. name .. " is required", { field = prefix .. name, code = "required" })
    end
  end
  return true
end

--- Checks the members of a table: none unknown, none missing, each of its type.
-- @tparam table known name to type, `!` marking a required one
-- @tparam table given what the caller gave
-- @tparam[opt] string prefix goes before the field's name in errors
-- @tparam[opt] table filled names that need not be there yet, since they are filled in later
-- @treturn boolean|nil true, or nil and an error: `invalid`
function rules.check_members(known, given, prefix, filled)
  prefix = prefix or ""
  local made = rules.compile(known)
  local kinds = made.kinds
  for name, value in next, given do
    local kind = kinds[name]
    if not kind then return unknown_member(known, name, prefix) end
    local ok, err = check_kind(kind, value, prefix .. name)
    if not ok then return nil, err end
  end
  return check_required(made.required, given, prefix, filled or NONE)
end

local FILLED = { ClientId = true, AccessToken = true } -- by the library

--- Checks a whole request of one of the 32 operations, in the API model's own names. What the library fills in by
-- itself (ClientId, AccessToken) may still be missing.
-- @tparam string operation
-- @tparam table input
-- @treturn boolean|nil true, or nil and an error: `invalid`
function rules.check_input(operation, input)
  local ok, err = rules.check_members(rules.inputs[operation], input, nil, FILLED)
  if ok then return true end
  err.operation = operation
  return nil, err
end

return rules
