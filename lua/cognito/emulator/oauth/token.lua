--- /oauth2/token and /oauth2/revoke.
-- @module cognito.emulator.oauth.token

local authorize = require "cognito.emulator.oauth.authorize"
local clock = require "cognito.emulator.clock"
local errors = require "cognito.emulator.errors"
local hash = require "cognito.emulator.hash"
local http = require "cognito.emulator.oauth.http"
local keys = require "cognito.emulator.keys"
local lists = require "cognito.emulator.lists"
local random = require "cognito.emulator.random"
local secret = require "cognito.emulator.secret"
local tokens = require "cognito.emulator.tokens"

local M = {}

local Refusal = {}

local function refuse(code, status) error(setmetatable({ code = code, status = status or 400 }, Refusal), 0) end

local function check(condition, code)
  if not condition then refuse(code) end
  return condition
end

-- Who asks: by Basic or by the form, not both.
local function authenticate(state, request, given, status)
  local id, password = http.basic(request)
  if id and given.client_secret then refuse "invalid_request" end
  if id and given.client_id and given.client_id ~= id then refuse "invalid_request" end
  if not id then id, password = given.client_id, given.client_secret end
  check(id, "invalid_request")
  local client = state.clients[id]
  if not client or not secret.knows(client, password) then refuse("invalid_client", status) end
  return client
end

local function proven(grant, verifier)
  local challenge = grant.given.code_challenge
  if not challenge then return verifier == nil end
  if not verifier or #verifier < 43 or #verifier > 128 or verifier:find("[^%w%-._~]") then return false end
  return hash.equal(random.base64url(hash.sha256(verifier)), challenge)
end

local GRANTS = {}

-- A code that comes twice ends what it gave the first time (RFC 6749 4.1.2).
function GRANTS.authorization_code(state, client, given)
  check(given.code and given.redirect_uri, "invalid_request")
  local grant = check(state.grants[given.code], "invalid_grant")
  check(grant.client == client, "invalid_grant")
  if grant.used then
    if grant.family then tokens.revoke(state, grant.family) end
    refuse "invalid_grant"
  end
  grant.used = true
  check(clock.now() < grant.expires and grant.given.redirect_uri == given.redirect_uri, "invalid_grant")
  check(proven(grant, given.code_verifier), "invalid_grant")
  grant.family = tokens.family(state, client, grant.user, { scopes = grant.given.scopes, nonce = grant.given.nonce,
    origin = "oauth" })
  return authorize.tokens(state, grant.family, true)
end

function GRANTS.refresh_token(state, client, given)
  check(given.refresh_token, "invalid_request")
  local ok, entry = pcall(tokens.check_refresh, state, client, given.refresh_token)
  if not ok then
    if errors.is(entry) then refuse "invalid_grant" end
    error(entry, 0)
  end
  local rotate = client.config.rotation and true or false
  if rotate then entry.rotated = entry.rotated or clock.now() end
  entry.family.nonce = nil
  return authorize.tokens(state, entry.family, rotate)
end

local function machine_scopes(client, text)
  local own, list = {}, {}
  for _, scope in ipairs(client.config.scopes) do
    if scope:find("/", 1, true) then own[#own + 1] = scope end
  end
  if not text or text == "" then return own end
  for scope in text:gmatch("%S+") do
    check(lists.contains(own, scope), "invalid_scope")
    list[#list + 1] = scope
  end
  return list
end

function GRANTS.client_credentials(state, client, given)
  check(#client.config.secrets > 0 and lists.contains(client.config.oauth_flows, "client_credentials"),
    "unauthorized_client")
  local now, ttl = clock.seconds(), client.config.access_token_ttl
  local access = keys.jwt(client.pool.key, { sub = client.id, client_id = client.id, token_use = "access", version = 2,
    scope = table.concat(machine_scopes(client, given.scope), " "), auth_time = now, iat = now, exp = now + ttl,
    iss = state:issuer(client.pool), jti = random.uuid() })
  return { access_token = access, token_type = "Bearer", expires_in = ttl }
end

local function form_of(request)
  local kind = request.headers["content-type"] or ""
  check(kind:find("^application/x%-www%-form%-urlencoded"), "invalid_request")
  local given, repeated = http.form(request.body)
  check(not repeated, "invalid_request")
  return given
end

-- Runs a handler; refusals become the error answers of RFC 6749 5.2.
local function guarded(handler, state, request)
  local ok, result = pcall(handler, state, request)
  if ok then return result end
  if getmetatable(result) ~= Refusal then error(result, 0) end
  local headers = result.code == "invalid_client" and { { "WWW-Authenticate", 'Basic realm="oauth2"' } } or nil
  return http.json(result.status, { error = result.code }, headers)
end

local function exchange(state, request)
  local given = form_of(request)
  check(given.grant_type, "invalid_request")
  local handler = check(GRANTS[given.grant_type], "unsupported_grant_type")
  local client = authenticate(state, request, given)
  local output = handler(state, client, given)
  state:note()
  return http.json(200, output)
end

local function revoke(state, request)
  local given = form_of(request)
  check(given.token, "invalid_request")
  local client = authenticate(state, request, given, 401)
  local entry = state.refresh[given.token]
  check(entry or not given.token:find("^[%w_-]+%.[%w_-]+%.[%w_-]+$"), "unsupported_token_type")
  check(client.config.token_revocation, "invalid_request")
  if entry and entry.family.client == client then tokens.revoke(state, entry.family) end
  return { status = 200, headers = {}, body = "" }
end

--- POST /oauth2/token.
function M.token(state, request) return guarded(exchange, state, request) end

--- POST /oauth2/revoke.
function M.revoke(state, request) return guarded(revoke, state, request) end

return M
