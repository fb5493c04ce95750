--- Sign-up and forgotten passwords on the login pages, by the API's own operations.
-- @module cognito.emulator.oauth.account

local errors = require "cognito.emulator.errors"
local forms = require "cognito.emulator.oauth.forms"
local hash = require "cognito.emulator.hash"
local http = require "cognito.emulator.oauth.http"
local login_of = require "cognito.emulator.oauth.login"
local operations = require "cognito.emulator.operations"
local random = require "cognito.emulator.random"
local validate = require "cognito.emulator.validate"

local M = {}

-- Calls an operation as the page's own client would.
local function call(state, login, name, input)
  local client = login.client
  input.ClientId = client.id
  local secret = client.config.secrets[1]
  if secret then input.SecretHash = random.base64(hash.hmac(secret, input.Username .. client.id)) end
  validate.request(operations[name].input, input, true)
  return require("cognito.emulator.ops." .. operations[name].module)[name](state, input)
end

-- Runs a step; `shown` draws the form again with what the service said.
local function try(step, shown)
  local ok, result = pcall(step)
  if ok then return result end
  if not errors.is(result) then error(result, 0) end
  return http.html(200, shown(result.message))
end

local function wanted(login)
  local config, list, seen = login.client.pool.config, {}, {}
  for _, names in ipairs { config.required_attributes, config.auto_verify } do
    for _, name in ipairs(names) do
      if not seen[name] then seen[name] = true; list[#list + 1] = name end
    end
  end
  return list
end

local function with_login(handler)
  return function(state, request)
    local given = http.form(request.method == "POST" and request.body or request.query)
    local login, response = login_of.find(state, given.id)
    if not login then return response end
    return handler(state, login, given)
  end
end

M["GET /signup"] = with_login(function(_, login)
  return http.html(200, forms.sign_up(login, wanted(login), {}))
end)

local function attributes_of(login, given)
  local list = require "cognito.emulator.json".list {}
  for _, name in ipairs(wanted(login)) do
    if (given[name] or "") ~= "" then list[#list + 1] = { Name = name, Value = given[name] } end
  end
  return list
end

M["POST /signup"] = with_login(function(state, login, given)
  return try(function()
    local output = call(state, login, "SignUp", { Username = given.username, Password = given.password,
      UserAttributes = attributes_of(login, given) })
    if output.UserConfirmed then return login_of.show(login, "Your account is ready. Sign in.", "good") end
    login.confirming = given.username
    local sent = output.CodeDeliveryDetails
    return http.html(200, forms.confirm(login, sent and "We sent a code to " .. sent.Destination .. "." or nil, "good"))
  end, function(message) return forms.sign_up(login, wanted(login), given, message) end)
end)

M["GET /confirm"] = with_login(function(_, login) return http.html(200, forms.confirm(login)) end)

M["POST /confirm"] = with_login(function(state, login, given)
  return try(function()
    call(state, login, "ConfirmSignUp", { Username = login.confirming or "", ConfirmationCode = given.code })
    login.confirming = nil
    return login_of.show(login, "Your account is confirmed. Sign in.", "good")
  end, function(message) return forms.confirm(login, message) end)
end)

M["POST /resend"] = with_login(function(state, login)
  return try(function()
    call(state, login, "ResendConfirmationCode", { Username = login.confirming or "" })
    return http.html(200, forms.confirm(login, "We sent a new code.", "good"))
  end, function(message) return forms.confirm(login, message) end)
end)

M["GET /forgotPassword"] = with_login(function(_, login) return http.html(200, forms.forgot(login)) end)

M["POST /forgotPassword"] = with_login(function(state, login, given)
  return try(function()
    local output = call(state, login, "ForgotPassword", { Username = given.username })
    login.resetting = given.username
    local note = "We sent a code to " .. output.CodeDeliveryDetails.Destination .. "."
    return http.html(200, forms.reset(login, note, "good"))
  end, function(message) return forms.forgot(login, message) end)
end)

M["POST /confirmForgotPassword"] = with_login(function(state, login, given)
  return try(function()
    call(state, login, "ConfirmForgotPassword", { Username = login.resetting or "", ConfirmationCode = given.code,
      Password = given.password })
    login.resetting = nil
    return login_of.show(login, "Your password is changed. Sign in.", "good")
  end, function(message) return forms.reset(login, message) end)
end)

return M
