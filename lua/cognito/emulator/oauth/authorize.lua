--- /oauth2/authorize: checks the request, and hands out codes (or, where the client allows it, implicit tokens).
-- @module cognito.emulator.oauth.authorize

local clock = require "cognito.emulator.clock"
local hash = require "cognito.emulator.hash"
local html = require "cognito.emulator.html"
local http = require "cognito.emulator.oauth.http"
local lists = require "cognito.emulator.lists"
local random = require "cognito.emulator.random"
local tokens = require "cognito.emulator.tokens"

local M = {}

local CODE_LIFE = 300
local BROWSER_LIFE = 3600
local LOGIN_LIFE = 1800

M.COOKIE = "cognito-emulator"

--- A page for mistakes that must not be answered by a redirect, since its target is not trusted.
function M.refuse(code, text)
  local response = http.html(400, html.page("This request cannot be served",
    html.note(code .. ": " .. text)))
  response.code = code
  return response
end

--- Sends the browser back with an error.
function M.fail(given, code, text)
  local mark = given.response_type == "token" and "#" or nil
  local response = http.redirect(http.url(given.redirect_uri, { { "error", code }, { "error_description", text },
    { "state", given.state } }, mark))
  response.code = code
  return response
end

local function split(text)
  local list = {}
  for scope in text:gmatch("%S+") do list[#list + 1] = scope end
  return list
end

-- Without a scope all of the client's are meant.
local function scopes_of(client, text)
  local list = text and text ~= "" and split(text) or client.config.scopes
  for _, scope in ipairs(list) do
    if not lists.contains(client.config.scopes, scope) then return nil, scope end
  end
  local identity = lists.contains(list, "email") or lists.contains(list, "phone") or lists.contains(list, "profile")
  if identity and not lists.contains(list, "openid") then
    return nil, "openid is needed for email, phone and profile"
  end
  return list
end

local FLOW = { code = "code", token = "implicit" }

-- What is wrong with a request whose redirect URI is known to be right.
local function trouble(client, given)
  local flow = FLOW[given.response_type or ""]
  if not flow then return "invalid_request", "unsupported response_type" end
  if not lists.contains(client.config.oauth_flows, flow) then
    return "unauthorized_client", "the flow " .. flow .. " is not allowed for this client"
  end
  local method = given.code_challenge_method
  if (given.code_challenge == nil) ~= (method == nil) or method and method ~= "S256" then
    return "invalid_request", "code_challenge must come with code_challenge_method=S256"
  end
  if given.code_challenge and not given.code_challenge:find("^[%w_-]+$") or #(given.code_challenge or "") > 128 then
    return "invalid_request", "code_challenge has a wrong form"
  end
  local scopes, wrong = scopes_of(client, given.scope)
  if not scopes then return "invalid_scope", wrong end
  given.scopes = scopes
end

--- Checks an authorization request.
-- @tparam table state
-- @tparam string query
-- @treturn table|nil login `{ client, given }`
-- @treturn table|nil response where it cannot be served
function M.check(state, query)
  local given, repeated = http.form(query)
  local client = state.clients[given.client_id or ""]
  if repeated then return nil, M.refuse("invalid_request", repeated .. " was given twice") end
  if not client then return nil, M.refuse("invalid_request", "no such client_id") end
  if not lists.contains(client.config.redirect_uris, given.redirect_uri) then
    return nil, M.refuse("redirect_mismatch", "redirect_uri is not one of the client's")
  end
  local code, text = trouble(client, given)
  if code then return nil, M.fail(given, code, text) end
  return { client = client, given = given }
end

--- at_hash of an access token (OpenID Connect Core 3.1.3.6).
function M.at_hash(access) return random.base64url(hash.sha256(access):sub(1, 16)) end

--- The tokens of a family, as the token endpoint and the implicit flow give them.
-- @treturn table
function M.tokens(state, family, with_refresh)
  local access = tokens.access(state, family)
  local output = { access_token = access, token_type = "Bearer", expires_in = family.client.config.access_token_ttl }
  if lists.contains(family.scopes, "openid") then
    output.id_token = tokens.id(state, family, { at_hash = M.at_hash(access), nonce = family.nonce })
  end
  if with_refresh then output.refresh_token = tokens.refresh_token(state, family) end
  return output
end

local function family_of(state, client, user, given)
  return tokens.family(state, client, user, { scopes = given.scopes, nonce = given.nonce, origin = "oauth" })
end

local function implicit(state, client, user, given)
  local output = M.tokens(state, family_of(state, client, user, given), false)
  return http.url(given.redirect_uri, { { "access_token", output.access_token }, { "id_token", output.id_token },
    { "token_type", "Bearer" }, { "expires_in", output.expires_in }, { "state", given.state } }, "#")
end

--- Ends a login: remembers the browser for an hour and sends it back with a code.
-- @tparam table state
-- @tparam table login
-- @tparam table user
function M.complete(state, login, user)
  local client, given = login.client, login.given
  local browser = random.token(43)
  state.browsers[browser] = { user = user, pool = client.pool, expires = clock.now() + BROWSER_LIFE }
  local cookie = { { "Set-Cookie", ("%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s"):format(M.COOKIE, browser,
    BROWSER_LIFE, state.contexts and "; Secure" or "") } }
  if given.response_type == "token" then return http.redirect(implicit(state, client, user, given), cookie) end
  local code = random.uuid()
  state.grants[code] = { client = client, user = user, given = given, expires = clock.now() + CODE_LIFE }
  return http.redirect(http.url(given.redirect_uri, { { "code", code }, { "state", given.state } }), cookie)
end

local function known_browser(state, request, pool)
  local entry = state.browsers[http.cookie(request, M.COOKIE) or ""]
  local alive = entry and entry.pool == pool and clock.now() < entry.expires
  return alive and not entry.user.deleted and entry.user.enabled and entry.user or nil
end

--- GET /oauth2/authorize.
function M.answer(state, request)
  local login, response = M.check(state, request.query)
  if not login then return response end
  local user = known_browser(state, request, login.client.pool)
  if user and login.given.prompt ~= "login" then return M.complete(state, login, user) end
  if login.given.prompt == "none" then
    return M.fail(login.given, "login_required", "nobody is signed in")
  end
  login.expires = clock.now() + LOGIN_LIFE
  local id = random.token(32)
  state.logins[id] = login
  return http.redirect("/login?id=" .. id)
end

return M
