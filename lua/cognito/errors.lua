--- The error object and the list of its kinds.
-- Every function of the library that can fail for a reason outside the program returns `nil, err` with such an
-- object. `tostring(err)` and `.." "` give one bounded line that never holds a secret.
-- @module cognito.errors

local utf8_sound = require("cognito.core").utf8_sound

local errors = {}

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

local function escape(sequence)
  return (sequence:gsub(".", function(c) return ("\\x%02x"):format(c:byte()) end))
end

-- Cuts at the end of a UTF-8 sequence, so that a cut text is still text.
local function cut(text, max)
  if #text <= max then return text end
  local stop = max - 3
  while stop > 0 and text:byte(stop + 1) >= 0x80 and text:byte(stop + 1) < 0xC0 do stop = stop - 1 end
  return text:sub(1, stop) .. "..."
end

-- What is no UTF-8 would make a log line or a JSON text of it unreadable.
local function escape_broken(text)
  local out, at = {}, 1
  while at <= #text do
    local sound = utf8_sound(text:sub(at))
    out[#out + 1] = text:sub(at, at + sound - 1)
    at = at + sound
    if at <= #text then out[#out + 1] = escape(text:sub(at, at)) end
    at = at + 1
  end
  return table.concat(out)
end

-- What a terminal obeys or a reader does not see, in UTF-8: the other control characters (U+0080 to U+009F), and what
-- turns the direction of a text or ends its line.
local UNSEEN = { "[%c\127]", "\194[\128-\159]", "\226\128[\142\143\168-\174]", "\226\129[\166-\169]" }

local function escape_unseen(text)
  for _, pattern in ipairs(UNSEEN) do text = text:gsub(pattern, escape) end
  return text
end

--- A foreign text of any length as it may be shown on a terminal: what is no visible character is escaped.
-- @tparam string text any bytes
-- @treturn string
function errors.visible(text)
  text = escape_unseen(text)
  if utf8_sound(text) == #text then return text end
  return (text:gsub("[\128-\255]", escape))
end

--- A foreign text as one bounded printable line of valid UTF-8: control characters and broken sequences are escaped,
-- the rest is cut at 256 bytes.
-- @tparam string text any bytes
-- @treturn string at most 256 bytes
function errors.clean(text)
  text = escape_unseen(cut(text, 4 * MAX_TEXT))
  if utf8_sound(text) < #text then text = escape_broken(text) end
  return cut(text, MAX_TEXT)
end

local Error = { __name = "cognito.error" }
Error.__index = Error

local function details(err)
  local list = {}
  if err.operation then list[#list + 1] = err.operation end
  if err.code then list[#list + 1] = tostring(err.code) end
  if err.field then list[#list + 1] = "field " .. tostring(err.field) end
  if err.status then list[#list + 1] = ("HTTP %d"):format(err.status) end
  if err.request_id then list[#list + 1] = "request " .. tostring(err.request_id) end
  if #list == 0 then return "" end
  return " (" .. errors.clean(table.concat(list, ", ")) .. ")"
end

function Error.__tostring(err)
  local line = err.kind .. ": " .. errors.clean(err.message) .. details(err)
  if err.hint then line = line .. "; " .. errors.clean(err.hint) end
  return line
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
