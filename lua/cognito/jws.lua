--- Tokens without a policy: the signature alone, or nothing at all.
-- @module cognito.jws

local core = require "cognito.core"
local errors = require "cognito.errors"

local jws = {}

local last_text, last_keys, last_code   -- the key set read last: most programs have one

local function keys_of(text)
  if text ~= last_text then
    last_keys, last_code = core.jwks(text)
    last_text = text
  end
  return last_keys, last_code
end

local function check_string(value, what)
  if type(value) ~= "string" then error(what .. " must be a string, not " .. type(value), 3) end
end

local function refuse(code, message)
  return nil, errors.new("token", message, { code = code, retryable = false })
end

--- Judges size, structure, header, key and signature of a JWS (RFC 7515, RS256 alone); no claim is looked at.
-- @tparam string token compact form
-- @tparam string jwks_text a JSON Web Key Set (RFC 7517)
-- @treturn string|nil the payload's octets, or nil and an error of kind `token` whose `code` is the reason
-- @treturn table the header
function jws.verify(token, jwks_text)
  check_string(token, "a token")
  check_string(jwks_text, "a key set")
  local keys, broken = keys_of(jwks_text)
  local payload, header, message = core.jws_verify(token, keys)
  if payload then return payload, header end
  if header == "kid_unknown" and broken then
    return refuse(broken, "the text is not a JSON Web Key Set")
  end
  return refuse(header, message)
end

--- Reads a token that nobody has checked: whoever made it may have written anything. For showing and debugging, never
-- for a decision.
-- @tparam string token compact form
-- @treturn table|nil the claims, or nil and an error of kind `token` when the token has no sound form
-- @treturn table the header
function jws.decode_unverified(token)
  check_string(token, "a token")
  local claims, header, message = core.jwt_decode(token)
  if claims then return claims, header end
  return refuse(header, message)
end

return jws
