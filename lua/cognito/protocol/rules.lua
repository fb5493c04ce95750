--- The service's constraints on what a caller may send, as data, and the check by them.
-- A value that the service would refuse for its form alone is refused here, before anything is sent, with the field
-- and the rule in the error. What only the service can judge (is the code right, is the password long enough for
-- this pool) is left to it.
-- Source: the API model of cognito-idp 2016-04-18 (lengths count characters, patterns cover the whole value).
-- @module cognito.protocol.rules
local errors = require "cognito.errors"
local options = require "cognito.options"

local rules = {}

local MAX_STRING = 131072
local find = string.find

local function codepoint(s, i, b)
  local n = b < 0xE0 and 1 or b < 0xF0 and 2 or 3
  local code = b % 2 ^ (6 - n)
  for k = 1, n do
    local c = s:byte(i + k)
    if not c or c < 0x80 or c > 0xBF then return nil end
    code = code * 64 + c % 64
  end
  local least = n == 1 and 0x80 or n == 2 and 0x800 or 0x10000
  if b < 0xC2 or b > 0xF4 or code < least or code > 0x10FFFF then return nil end
  if code >= 0xD800 and code <= 0xDFFF then return nil end
  return code, i + n + 1
end

-- Calls no one: returns the number of characters and whether `refused` holds for none of them.
local function scan(s, refused)
  local i, count, clean = 1, 0, true
  while i <= #s do
    local b = s:byte(i)
    local code, nxt = b, i + 1
    if b >= 0x80 then code, nxt = codepoint(s, i, b) end
    if not code then return nil end
    if refused and refused(code) then clean = false end
    i, count = nxt, count + 1
  end
  return count, clean
end

-- What is neither letter, mark, symbol, number nor punctuation, as far as it can be said without Unicode's tables.
local function is_blank_or_control(code)
  return code <= 0x20 or (code >= 0x7F and code <= 0xA0) or code == 0xAD or code == 0x1680
    or (code >= 0x2000 and code <= 0x200F) or (code >= 0x2028 and code <= 0x202F)
    or (code >= 0x205F and code <= 0x2064) or code == 0x3000 or code == 0xFEFF
end

-- Java's \s, which [\S] excludes.
local function is_space(code)
  return code == 0x20 or (code >= 0x09 and code <= 0x0D)
end

local function is_name_control(code)
  return code ~= 0x20 and not is_space(code) and is_blank_or_control(code) or code == 0x0B or code == 0x0C
end

local NO_BLANKS = { refused = is_blank_or_control, words = "without spaces and control characters" }
local NO_SPACES = { refused = is_space, words = "without white space" }
local NAME = { refused = is_name_control, words = "letters, digits, punctuation and plain spaces" }

local function text(min, max, form) return { type = "string", min = min, max = max, form = form } end
local function pattern(min, max, lua_pattern, words)
  return { type = "string", min = min, max = max, pattern = lua_pattern, words = words }
end
local function enum(list)
  local set = {}
  for _, name in ipairs(list) do set[name] = true end
  return { type = "string", enum = set, words = "one of " .. table.concat(list, ", ") }
end

local TOKEN = pattern(1, MAX_STRING, "^[%w%-_=.]+$", "a token: letters, digits, - _ = .")

--- The types of the API model that a request can hold.
rules.types = {
  ClientId = pattern(1, 128, "^[%w_+]+$", "letters, digits, _ and +"),
  ClientSecret = pattern(24, 64, "^[%w_+]+$", "letters, digits, _ and +"),
  SecretHash = pattern(1, 128, "^[%w_+=/]+$", "base64"),
  UserPoolId = pattern(1, 55, "^[%w_%-]+_%w+$", "REGION_ID, such as eu-west-1_AbCdEf123"),
  Username = text(1, 128, NO_BLANKS),
  Password = text(1, 256, NO_SPACES),
  Token = TOKEN,
  Session = text(20, 2048),
  ConfirmationCode = text(1, 2048, NO_SPACES),
  UserCode = pattern(6, 6, "^%d+$", "six digits"),
  DeviceKey = pattern(1, 55, "^[%w_%-]+_[0-9a-f%-]+$", "REGION_UUID in lower case"),
  DeviceName = text(1, 1024),
  AttributeName = text(1, 32, NAME),
  AttributeValue = text(0, 2048),
  EventId = pattern(1, 50, "^[%w_+%-]+$", "letters, digits, _ + -"),
  NextToken = text(1, MAX_STRING, NO_SPACES),
  DevicesLimit = { type = "integer", min = 0, max = 60 },
  PasskeysLimit = { type = "integer", min = 0, max = 20 },
  String = text(0, MAX_STRING),
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
  ChallengeName = pattern(1, 64, "^[%u%d_]+$", "capital letters, digits and _"),
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
  DeleteWebAuthnCredential = signed_in { CredentialId = "String!" },
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
  if rule.min == rule.max then return ("%d characters long"):format(rule.min) end
  return ("%d to %d characters long"):format(rule.min, rule.max)
end

local function check_pattern(rule, value, field)
  if #value < rule.min or #value > rule.max then return refuse(field, length_words(rule)) end
  if not value:find(rule.pattern) then return refuse(field, rule.words) end
  return true
end

-- Plain ASCII, which most values are, needs no look at each character.
local function check_text(rule, value, field)
  local count, clean = #value, true
  if find(value, rule.form and "[^!-~]" or "[\128-\255]") then
    count, clean = scan(value, rule.form and rule.form.refused)
  end
  if not count then return refuse(field, "valid UTF-8") end
  if count < rule.min or count > rule.max then return refuse(field, length_words(rule)) end
  if not clean then return refuse(field, rule.form.words) end
  return true
end

local check_kind

local checkers = {}

function checkers.string(rule, value, field)
  if type(value) ~= "string" then return refuse(field, "a string, not a " .. type(value)) end
  if find(value, "\0", 1, true) then return refuse(field, "free of NUL bytes") end
  if rule.enum then
    if not rule.enum[value] then return refuse(field, rule.words) end
    return true
  end
  if rule.pattern then return check_pattern(rule, value, field) end
  return check_text(rule, value, field)
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
  for name, v in pairs(value) do
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

--- Check one value against a named type.
-- @tparam string kind a name of `rules.types`
-- @param value what the caller gave
-- @tparam string field the name that the error shall carry
-- @treturn boolean|nil
-- @treturn ?errors `invalid` with `field` and, in the message, the rule
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

--- Check the members of a table: none unknown, none missing, each of its type.
-- @tparam table known name to type, `!` marking a required one
-- @tparam table given what the caller gave
-- @tparam ?string prefix goes before the field's name in errors
-- @tparam ?table filled names that need not be there yet, since they are filled in later
-- @treturn boolean|nil
-- @treturn ?errors `invalid`
function rules.check_members(known, given, prefix, filled)
  prefix = prefix or ""
  local made = rules.compile(known)
  local kinds = made.kinds
  for name, value in pairs(given) do
    local kind = kinds[name]
    if not kind then return unknown_member(known, name, prefix) end
    local ok, err = check_kind(kind, value, prefix .. name)
    if not ok then return nil, err end
  end
  return check_required(made.required, given, prefix, filled or NONE)
end

local FILLED = { ClientId = true, AccessToken = true } -- by the library

--- Check a whole request of one of the 32 operations, in the API model's own names. What the library fills in by
-- itself (ClientId, AccessToken) may still be missing.
-- @tparam string operation
-- @tparam table input
-- @treturn boolean|nil
-- @treturn ?errors `invalid`
function rules.check_input(operation, input)
  local ok, err = rules.check_members(rules.inputs[operation], input, nil, FILLED)
  if ok then return true end
  err.operation = operation
  return nil, err
end

return rules
