--- The types of the API: lengths, patterns, enums and structures of what a request may hold.
-- `regex` is the expression that the service's message quotes; `match` is the same as a Lua pattern for the whole
-- string, or a function.
-- @module cognito.emulator.shapes

local unicode = require "cognito.emulator.unicode"

local VISIBLE = [[[\p{L}\p{M}\p{S}\p{N}\p{P}]+]]

local function text(min, max, regex, match)
  return { kind = "string", min = min, max = max, regex = regex, match = match }
end

local function enum(words)
  local list, set = {}, {}
  for word in words:gmatch("%S+") do list[#list + 1] = word; set[word] = true end
  return { kind = "string", enum = set, words = table.concat(list, ", ") }
end

local function list(member, min, max) return { kind = "list", member = member, min = min, max = max } end

-- "Name! Value:Type": a member, ! when it is required, its type when that is not called like the member
local function struct(members)
  local shape = { kind = "structure", members = {}, order = {} }
  for name, required, kind in members:gmatch("([%w]+)(!?):?(%w*)") do
    shape.members[name] = { required = required == "!", type = kind ~= "" and kind or name }
    shape.order[#shape.order + 1] = name
  end
  return shape
end

local token = text(nil, nil, "[A-Za-z0-9-_=.]+", "^[%w%-_=.]+$")

local M = {
  struct = struct,

  String = text(0, 131072),
  Boolean = { kind = "boolean" },
  Document = { kind = "document" },
  Map = { kind = "map" },

  ClientId = text(1, 128, [[[\w+]+]], "^[%w_+]+$"),
  ClientSecret = text(24, 64, [[[\w+]+]], "^[%w_+]+$"),
  SecretHash = text(1, 128, [=[[\w+=/]+]=], "^[%w_+=/]+$"),
  Username = text(1, 128, VISIBLE, unicode.visible),
  Password = text(nil, 256, [[[\S]+]], unicode.solid),
  UserPoolId = text(1, 55, [[[\w-]+_[0-9a-zA-Z]+]], "^[%w_-]+_%w+$"),
  AccessToken = token, RefreshToken = token, Token = token, FeedbackToken = token,
  Session = text(20, 2048),
  UserCode = text(6, 6, "[0-9]+", "^%d+$"),
  ConfirmationCode = text(1, 2048, [[[\S]+]], unicode.solid),
  DeviceKey = text(1, 55, [[[\w-]+_[0-9a-f-]+]], "^[%w_-]+_[0-9a-f-]+$"),
  DeviceName = text(1, 1024),
  AttributeName = text(1, 32, [[[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+]], unicode.attribute_name),
  AttributeValue = text(0, 2048),
  EventId = text(1, 50, [[[\w+-]+]], "^[%w_+-]+$"),
  NextToken = text(1, 131072, [[[\S]+]], unicode.solid),
  PaginationToken = text(1, nil, [[[\S]+]], unicode.solid),
  Limit = { kind = "integer", min = 0, max = 60 },
  MaxResults = { kind = "integer", min = 0, max = 20 },

  AuthFlow = enum [[USER_SRP_AUTH REFRESH_TOKEN_AUTH REFRESH_TOKEN CUSTOM_AUTH ADMIN_NO_SRP_AUTH USER_PASSWORD_AUTH
    ADMIN_USER_PASSWORD_AUTH USER_AUTH]],
  -- Names of X_TEST_ come from the scripts of tests (auth/challenges.lua).
  ChallengeName = enum [[SMS_MFA EMAIL_OTP SOFTWARE_TOKEN_MFA SELECT_MFA_TYPE MFA_SETUP PASSWORD_VERIFIER
    CUSTOM_CHALLENGE SELECT_CHALLENGE DEVICE_SRP_AUTH DEVICE_PASSWORD_VERIFIER ADMIN_NO_SRP_AUTH
    NEW_PASSWORD_REQUIRED SMS_OTP PASSWORD WEB_AUTHN PASSWORD_SRP]],
  DeliveryMedium = enum "SMS EMAIL",
  FeedbackValue = enum "Valid Invalid",
  DeviceRememberedStatus = enum "remembered not_remembered",

  Attribute = struct "Name!:AttributeName Value:AttributeValue",
  AttributeList = list "Attribute",
  AttributeNameList = list "AttributeName",
  MFAOption = struct "DeliveryMedium AttributeName",
  MFAOptionList = list "MFAOption",
  MFASettings = struct "Enabled:Boolean PreferredMfa:Boolean",
  WebAuthnMFASettings = struct "Enabled:Boolean",
  AnalyticsMetadata = struct "AnalyticsEndpointId:String",
  UserContextData = struct "IpAddress:String EncodedData:String",
  DeviceSecretVerifierConfig = struct "PasswordVerifier:String Salt:String",
}

setmetatable(M.ChallengeName.enum, { __index = function(_, name) return name:find("^X_TEST_") ~= nil end })

return M
