--- OAuth 2.0 and OpenID Connect as Cognito's managed login speaks them: URLs, PKCE, callbacks, checks.
-- Tables and strings in, tables and strings out; no I/O, no randomness of its own.
-- Sources: RFC 6749 (OAuth 2.0), RFC 7636 (PKCE), RFC 9700 (security), OpenID Connect Core 3.1.
-- @module cognito.protocol.oauth
local core = require "cognito.core"
local errors = require "cognito.errors"

local oauth = {}

local MAX_QUERY = 16 * 1024 -- a callback longer than this was not written by Cognito

local function escape_byte(c)
  return string.format("%%%02X", c:byte())
end

--- Percent-encodes one value (RFC 3986 2.3: unreserved characters stay).
-- @tparam string s
-- @treturn string
function oauth.escape(s)
  return (s:gsub("[^%w%-%._~]", escape_byte))
end

local function unescape_hex(h)
  return string.char(tonumber(h, 16))
end

--- Decodes one form value (`+` is a space). nil when a percent sign is not followed by two hex digits.
-- @tparam string s
-- @treturn string|nil
function oauth.unescape(s)
  s = s:gsub("+", " ")
  if s:gsub("%%%x%x", ""):find("%", 1, true) then return nil end
  return (s:gsub("%%(%x%x)", unescape_hex))
end

--- Writes a form or a query from an ordered list of pairs; pairs without a value are left out.
-- @tparam {{string,string|nil},...} pairs_list
-- @treturn string
function oauth.encode_form(pairs_list)
  local parts = {}
  for _, pair in ipairs(pairs_list) do
    if pair[2] ~= nil then
      parts[#parts + 1] = oauth.escape(pair[1]) .. "=" .. oauth.escape(tostring(pair[2]))
    end
  end
  return table.concat(parts, "&")
end

local function invalid(field, message, code)
  return nil, errors.new("invalid", message, { field = field, code = code or "callback_invalid" })
end

local function query_part(text)
  local query = text:match("^[^?#]*%?([^#]*)") or text:match("^[^#]*")
  return query
end

-- Some servers give a list for a name that stands twice, and true for one without a value.
local function check_values(query)
  for _, value in pairs(query) do
    if type(value) == "table" then return invalid("query", "the callback names one parameter twice") end
  end
  return query
end

--- Reads the query of a callback. A name that stands twice is refused: two readers could choose differently.
-- @tparam string|table query a query string, a whole URL, or a table of decoded values
-- @treturn table|nil name to value, or nil and an error: `invalid`
function oauth.parse_query(query)
  if type(query) == "table" then return check_values(query) end
  if #query > MAX_QUERY then return invalid("query", "the callback is longer than 16 KiB") end
  local out = {}
  for part in query_part(query):gmatch "[^&]+" do
    local name, value = part:match "^([^=]*)=?(.*)$"
    name, value = oauth.unescape(name), oauth.unescape(value)
    if not name or not value then return invalid("query", "the callback holds a broken percent escape") end
    if out[name] ~= nil then return invalid("query", "the callback names one parameter twice") end
    out[name] = value
  end
  return out
end

--- A PKCE pair (RFC 7636 4.1, 4.2; method S256).
-- @tparam string bytes 32 random bytes
-- @treturn string code_verifier, 43 characters
-- @treturn string code_challenge
function oauth.pkce(bytes)
  local verifier = core.b64url_encode(bytes)
  return verifier, core.b64url_encode(core.sha256(verifier))
end

--- Left half of SHA-256 of an access token, as the `at_hash` claim carries it (OpenID Connect Core 3.1.3.6).
-- @tparam string access_token
-- @treturn string
function oauth.at_hash(access_token)
  return core.b64url_encode(core.sha256(access_token):sub(1, 16))
end

--- Base URL of the hosted login: a prefix, a host name or a whole URL.
-- @tparam string domain
-- @tparam string region
-- @tparam[opt] boolean fips
-- @treturn string
function oauth.base_url(domain, region, fips)
  if domain:find("://", 1, true) then return (domain:gsub("/+$", "")) end
  if domain:find(".", 1, true) then return "https://" .. domain end
  return "https://" .. domain .. (fips and ".auth-fips." or ".auth.") .. region .. ".amazoncognito.com"
end

--- The page to which the person is sent (Cognito's `/oauth2/authorize`).
-- @tparam string base base URL of the hosted login
-- @tparam table p `client_id`, `redirect_uri`, `scopes` (list), `state`, `nonce`, `code_challenge`, and the optional
-- `identity_provider`, `idp_identifier`, `lang`, `login_hint`, `prompt`
-- @treturn string
function oauth.authorize_url(base, p)
  return base .. "/oauth2/authorize?" .. oauth.encode_form {
    { "response_type", "code" },
    { "client_id", p.client_id },
    { "redirect_uri", p.redirect_uri },
    { "scope", p.scopes and table.concat(p.scopes, " ") },
    { "state", p.state },
    { "nonce", p.nonce },
    { "code_challenge", p.code_challenge },
    { "code_challenge_method", "S256" },
    { "identity_provider", p.identity_provider },
    { "idp_identifier", p.idp_identifier },
    { "lang", p.lang },
    { "login_hint", p.login_hint },
    { "prompt", p.prompt },
  }
end

--- The page that clears the hosted login's own cookie (it revokes nothing).
-- @tparam string base
-- @tparam string client_id
-- @tparam string logout_uri one of the client's registered sign-out URLs
-- @treturn string
function oauth.logout_url(base, client_id, logout_uri)
  return base .. "/logout?" .. oauth.encode_form { { "client_id", client_id }, { "logout_uri", logout_uri } }
end

-- What the redirect may say went wrong (RFC 6749 4.1.2.1), and what the person can do about it.
local CALLBACK_HINTS = {
  access_denied = "the person cancelled, or the pool refused them",
  invalid_scope = "a scope is asked for that the app client does not have",
  unauthorized_client = "switch on the authorization code grant for this app client",
  invalid_request = "compare redirect_uri with the app client's callback URLs, letter by letter",
}

local function callback_error(q)
  local code = tostring(q.error):match "^[%w_%-%.]+$" or "invalid_request"
  local text = q.error_description
  return nil, errors.new("rejected", type(text) == "string" and text or "the login page answered with an error",
    { code = code, operation = "authorize", hint = CALLBACK_HINTS[code] })
end

--- Judges a callback against the login that it claims to belong to.
-- @tparam string|table query
-- @tparam table pending what `authorize_url` gave: `state`, `expires_at`
-- @tparam number now seconds since the epoch
-- @treturn string|nil the authorization code, or nil and an error: `invalid` (state missing, foreign or too old; no
-- code), `rejected` (the page said no)
function oauth.judge_callback(query, pending, now)
  local q, err = oauth.parse_query(query)
  if not q then return nil, err end
  if type(q.state) ~= "string" or not core.equal(q.state, pending.state) then
    return invalid("state", "the callback does not belong to this login: begin again", "state_mismatch")
  end
  if now >= pending.expires_at then
    return invalid("state", "this login is too old: begin again", "state_expired")
  end
  if q.error then return callback_error(q) end
  if type(q.code) ~= "string" or q.code == "" then return invalid("code", "the callback holds no code") end
  return q.code
end

--- Checks what only this login can know about the ID token that came with it; signature and the other
-- claims are the verifier's.
-- @tparam table claims claims of a verified ID token
-- @tparam string nonce the nonce that was sent
-- @tparam string access_token the access token of the same answer
-- @treturn boolean|nil true, or nil and an error: `token` with code `nonce_mismatch` or `at_hash_mismatch`
function oauth.check_id_token(claims, nonce, access_token)
  if type(claims.nonce) ~= "string" or not core.equal(claims.nonce, nonce) then
    return nil, errors.new("token", "the ID token was made for another login", { code = "nonce_mismatch" })
  end
  local at_hash = claims.at_hash
  if at_hash ~= nil and (type(at_hash) ~= "string" or not core.equal(at_hash, oauth.at_hash(access_token))) then
    return nil, errors.new("token", "the ID token does not belong to the access token beside it",
      { code = "at_hash_mismatch" })
  end
  return true
end

return oauth
