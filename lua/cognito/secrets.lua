--- The client secrets of a pool: one, or two while they rotate, or a function that gives them.
-- @module cognito.secrets

local errors = require "cognito.errors"

local secrets = {}

local function wrong(message, hint)
  return errors.config("client_secret", message, hint)
end

-- The service asks 24 to 64 characters; emulators and old clients have shorter ones, so only the form is held.
local function is_secret(value)
  return type(value) == "string" and #value <= 128 and value:find("^[%w_+]+$") ~= nil
end

local function check_secrets(value, what)
  local list = type(value) == "table" and value or { value }
  if #list < 1 or #list > 2 then return wrong(what .. " must hold one or two secrets") end
  for _, secret in ipairs(list) do
    if not is_secret(secret) then
      return wrong(what .. " has a wrong form",
        "it is a word of letters and digits; a client without a secret has no such option")
    end
  end
  return list
end

--- Keeps the secrets of a pool, so that `value.secrets()` gives a list of one or two, or nil and an error.
-- @tparam table value a pool value
-- @tparam string|table|function given the option `client_secret`
-- @treturn table|nil the value, or nil and an error of kind `config`
function secrets.keep(value, given)
  -- in a closure, so that a pool that is printed or walked over does not show them
  local err
  if type(given) ~= "function" then
    given, err = check_secrets(given, "client_secret")
    if not given then return nil, err end
    value.secrets = function() return given end
    return value
  end
  value.secrets = function()
    local got, why = given()
    if not got then
      return wrong("the function client_secret failed: " .. tostring(why or "it gave nothing"))
    end
    return check_secrets(got, "what the function client_secret gave")
  end
  return value
end

return secrets
