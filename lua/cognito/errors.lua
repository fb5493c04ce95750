--- The error object and the list of its kinds.
-- Every function of the library that can fail for a reason outside the program returns `nil, err` with such an
-- object. `tostring(err)` and `.." "` give one bounded line that never holds a secret.
-- @module cognito.errors

local lazy = require "cognito.lazy"

local wording = lazy.module "cognito.wording"

local errors = {}

local find = string.find

--- Every kind there is, with what it means for the caller.
errors.kinds = {
  config = "a setting is wrong; nothing was sent, or the service does not know the pool or client",
  invalid = "a value was refused before sending",
  dns = "the name of the endpoint could not be resolved",
  connect = "no connection to the endpoint",
  tls = "the TLS handshake or a certificate check failed",
  timeout = "a deadline passed",
  network = "the connection broke",
  http_redirect = "the endpoint answered with a redirect, which is never followed",
  bad_response = "the answer is not what the service sends",
  response_too_large = "the answer is over the limit",
  throttled = "too many requests; wait and try again",
  limited = "an attempt limit or quota of the service; wait minutes",
  server = "the service failed",
  auth = "wrong credentials, or the user may not sign in",
  rejected = "the service said no: see code; the step or session stays usable",
  sign_in_required = "the session is over; sign in again",
  challenge_expired = "the challenge can no longer be answered; start again",
  token = "a token failed verification: see code",
  store = "the storage failed",
  cancelled = "the caller cancelled the call",
}

local MAX_TEXT = 256
local NOT_PLAIN = "[^\32-\126]"

--- A foreign text of any length as it may be shown on a terminal: what is no visible character is escaped.
-- @tparam string text any bytes
-- @treturn string
function errors.visible(text)
  return find(text, NOT_PLAIN) and wording.visible(text) or text
end

--- A foreign text as one bounded printable line of valid UTF-8: control characters and broken sequences are escaped,
-- the rest is cut at 256 bytes.
-- @tparam string text any bytes
-- @treturn string at most 256 bytes
function errors.clean(text)
  if #text <= MAX_TEXT and not find(text, NOT_PLAIN) then return text end
  return wording.clean(text, MAX_TEXT)
end

local Error = { __name = "cognito.error" }
Error.__index = Error

function Error.__tostring(err)
  return wording.line(err, errors.clean)
end

function Error.__concat(a, b)
  return tostring(a) .. tostring(b)
end

--- Makes an error object.
-- @tparam string kind one of `errors.kinds`
-- @tparam string message what happened, in words; must not hold a secret
-- @tparam[opt] table fields further fields: `code reason field status operation request_id retryable maybe_processed
-- retry_after cause hint`; the table becomes the error object
-- @treturn table the error
function errors.new(kind, message, fields)
  if not errors.kinds[kind] then error("unknown error kind: " .. tostring(kind), 2) end
  local err = fields or {}
  err.kind = kind
  err.message = errors.clean(tostring(message or errors.kinds[kind]))
  return setmetatable(err, Error)
end

--- What a function gives that was given a wrong setting.
-- @tparam string field the option
-- @tparam string message
-- @tparam[opt] string hint the cure
-- @treturn nil
-- @treturn table an error of kind `config`
function errors.config(field, message, hint)
  return nil, errors.new("config", message, { field = field, hint = hint })
end

--- Says whether a value is an error object of this library.
-- @param value anything
-- @treturn boolean
function errors.is(value)
  return type(value) == "table" and getmetatable(value) == Error
end

return errors
