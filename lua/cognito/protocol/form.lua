--- The dialect of the OAuth endpoints: a form goes out, JSON comes back (RFC 6749 section 5).
-- @module cognito.protocol.form
local core = require "cognito.core"
local errors = require "cognito.errors"
local json = require "cognito.json"
local oauth = require "cognito.protocol.oauth"
local wire = require "cognito.protocol.wire"

local form = {}

-- What each code of RFC 6749 5.2 (and RFC 7009 2.2.1, RFC 6750 3.1) means for the caller.
local CODES = {
  invalid_grant = { "rejected", "the code or refresh token was used, revoked or has expired" },
  invalid_client = { "config", "check client_id and client_secret" },
  unauthorized_client = { "config", "switch the grant on for this app client" },
  unsupported_grant_type = { "config", "switch the grant on for this app client" },
  invalid_scope = { "config", "ask only for scopes that the app client has" },
  invalid_request = { "config", "compare redirect_uri and scopes with the app client's settings" },
  unsupported_token_type = { "config", "only refresh tokens can be revoked; switch on token revocation" },
  invalid_token = { "sign_in_required", "the access token is over or lacks the scope openid" },
}

local function authorization(spec)
  if spec.bearer then return "Authorization: Bearer " .. spec.bearer end
  if spec.client_secret then
    return "Authorization: Basic " .. core.b64_encode(spec.client_id .. ":" .. spec.client_secret)
  end
end

--- Builds the request.
-- @tparam table spec `url`, `operation` (a name for errors), `fields` (ordered pairs; nil: a GET), `client_id`,
-- `client_secret`, `bearer`, `minting` (true where a second delivery would hurt), `invalid_grant` (the kind of that
-- code; `rejected` by default)
-- @tparam table client `user_agent`
-- @treturn table the request without its deadline
function form.build(spec, client)
  local headers = { "Accept: application/json", "Cache-Control: no-store", client.user_agent }
  headers[#headers + 1] = authorization(spec)
  if not spec.fields then return { method = "GET", url = spec.url, headers = headers, minting = false } end
  headers[#headers + 1] = "Content-Type: application/x-www-form-urlencoded"
  return {
    method = "POST", url = spec.url, headers = headers, minting = spec.minting or false,
    body = oauth.encode_form(spec.fields),
  }
end

--- Nothing is marked: these endpoints do not know the SDKs' headers.
function form.mark() end

local function code_of(response, body)
  if type(body) == "table" and type(body.error) == "string" then return body.error:match "^[%w_]+$" end
  local challenge = core.header(response.headers, "www-authenticate")
  return challenge and challenge:match 'error="([%w_]+)"'
end

local function kind_of(spec, status, code)
  if status == 429 then return "throttled" end
  if status >= 500 then return "server" end
  if code == "invalid_grant" and spec.invalid_grant then return spec.invalid_grant end
  return CODES[code] and CODES[code][1]
end

local function failure(spec, response, body)
  local code, status = code_of(response, body), response.status
  local known = CODES[code or ""]
  local kind = kind_of(spec, status, code or "")
  if not kind then return nil, wire.bad(spec.operation, response, "this is no answer of an OAuth endpoint") end
  local fields = wire.fields(spec.operation, response)
  fields.code = code or "HTTP" .. status
  fields.retryable, fields.maybe_processed = status == 429 or status >= 500, status >= 500
  fields.hint = known and known[2]
  local text = type(body) == "table" and (body.error_description or body.error_message)
  return nil, errors.new(kind, type(text) == "string" and text or "the login endpoint refused the request", fields)
end

--- Reads the answer.
-- @tparam table spec the same that built the request; `empty` (true: an empty body is a good answer)
-- @tparam table response
-- @treturn table|nil the answer's members, or nil and an error: `rejected`, `config`, `sign_in_required`, `throttled`,
-- `server`, `http_redirect`, `bad_response`
function form.parse(spec, response)
  local redirected = wire.redirect(spec.operation, response)
  if redirected then return nil, redirected end
  if response.status == 200 and spec.empty and response.body == "" then return {} end
  local body = json.decode(response.body)
  if response.status ~= 200 then return failure(spec, response, body) end
  if type(body) == "table" then return body end
  return nil, wire.bad(spec.operation, response, "the answer is not a JSON object", wire.is_torn(response.body))
end

return form
