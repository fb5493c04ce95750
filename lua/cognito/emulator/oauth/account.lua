--- Sign-up and forgotten passwords on the login pages, by the API's own operations.
-- @module cognito.emulator.oauth.account

local errors = require "cognito.emulator.errors"
local forms = require "cognito.emulator.oauth.forms"
local hash = require "cognito.emulator.hash"
local http = require "cognito.emulator.oauth.http"
local json = require "cognito.emulator.json"
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

-- Runs a step; what the service would refuse is shown on the page at `path`.
local function try(login, path, step)
  local ok, result = pcall(step)
  if ok then return result end
  if not errors.is(result) then error(result, 0) end
  return login_of.again(login, path, result.message)
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

local function page(draw)
  return with_login(function(_, login) return http.html(200, draw(login, login_of.take_note(login))) end)
end

M["GET /signup"] = page(function(login, note) return forms.sign_up(login, wanted(login), note) end)
M["GET /confirm"] = page(forms.confirm)
M["GET /forgotPassword"] = page(forms.forgot)
M["GET /confirmForgotPassword"] = page(forms.reset)

local function attributes_of(login, given)
  local list = json.list {}
  for _, name in ipairs(wanted(login)) do
    if (given[name] or "") ~= "" then list[#list + 1] = { Name = name, Value = given[name] } end
  end
  return list
end

M["POST /signup"] = with_login(function(state, login, given)
  local password = given.password
  given.password, login.typed_account = nil, given
  return try(login, "/signup", function()
    local output = call(state, login, "SignUp", { Username = given.username, Password = password,
      UserAttributes = attributes_of(login, given) })
    login.typed = given.username
    if output.UserConfirmed then return login_of.again(login, "/login", "Your account is ready. Sign in.", "good") end
    login.confirming = given.username
    local sent = output.CodeDeliveryDetails
    return login_of.again(login, "/confirm", sent and "We sent a code to " .. sent.Destination .. ".", "good")
  end)
end)

M["POST /confirm"] = with_login(function(state, login, given)
  return try(login, "/confirm", function()
    call(state, login, "ConfirmSignUp", { Username = login.confirming or "", ConfirmationCode = given.code })
    login.confirming = nil
    return login_of.again(login, "/login", "Your account is confirmed. Sign in.", "good")
  end)
end)

M["POST /resend"] = with_login(function(state, login)
  return try(login, "/confirm", function()
    call(state, login, "ResendConfirmationCode", { Username = login.confirming or "" })
    return login_of.again(login, "/confirm", "We sent a new code.", "good")
  end)
end)

M["POST /forgotPassword"] = with_login(function(state, login, given)
  return try(login, "/forgotPassword", function()
    local output = call(state, login, "ForgotPassword", { Username = given.username })
    login.resetting, login.typed = given.username, given.username
    return login_of.again(login, "/confirmForgotPassword",
      "We sent a code to " .. output.CodeDeliveryDetails.Destination .. ".", "good")
  end)
end)

M["POST /confirmForgotPassword"] = with_login(function(state, login, given)
  return try(login, "/confirmForgotPassword", function()
    call(state, login, "ConfirmForgotPassword", { Username = login.resetting or "", ConfirmationCode = given.code,
      Password = given.password })
    login.resetting = nil
    return login_of.again(login, "/login", "Your password is changed. Sign in.", "good")
  end)
end)

return M
