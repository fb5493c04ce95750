--- Hosted login (Cognito's managed login): the authorization code grant with PKCE, and what belongs to it.
-- Sources: RFC 6749 4.1, RFC 7636, RFC 9700, OpenID Connect Core 3.1; Cognito's authorize, token, revoke, userInfo
-- and logout endpoints.
-- @module cognito.hosted
local address = require "cognito.address"
local core = require "cognito.core"
local errors = require "cognito.errors"
local form = require "cognito.protocol.form"
local oauth = require "cognito.protocol.oauth"
local options = require "cognito.options"
local records = require "cognito.records"
local sessions = require "cognito.session"
local tokens = require "cognito.tokens"
local verifier = require "cognito.verifier"

local hosted = {}

local LIFETIME = 600 -- seconds a person has at the login page; a code itself lives five minutes

local Login = { __name = "cognito.hosted_login" }
Login.__index = Login

local SCHEMA = { redirect_uri = "string", scopes = "table", logout_uri = "string", lifetime = "number" }
local URL_SCHEMA = {
  identity_provider = "string", idp_identifier = "string", lang = "string", login_hint = "string", prompt = "string",
}

local wrong = errors.config

--- The base URL of the pool's hosted login.
-- @tparam table pool
-- @treturn string|nil the URL, or nil and an error: `config` when the pool has no `domain`
function hosted.base_url(pool)
  if not pool.domain then
    return wrong("domain", "the pool has no domain", "give `domain`: the prefix or host of the hosted login")
  end
  return address.check(oauth.base_url(pool.domain, pool.region, pool.fips), "domain")
end

local LOOPBACK = { localhost = true, ["127.0.0.1"] = true, ["[::1]"] = true }

local function check_redirect(uri)
  if type(uri) ~= "string" or not uri:match "^%a[%w+.-]*:" then
    return wrong("redirect_uri", "redirect_uri is not a URL", "it must be one of the app client's callback URLs")
  end
  if uri:find("#", 1, true) then return wrong("redirect_uri", "redirect_uri must have no fragment") end
  local authority = uri:match "^%a[%w+.-]*://([^/?]*)" or ""
  if authority:find("@", 1, true) then return wrong("redirect_uri", "redirect_uri must hold no user name") end
  local host = authority:match "^%[::1%]" or authority:match "^[^:]*"
  if uri:match "^http:" and not LOOPBACK[host] then
    return wrong("redirect_uri", "redirect_uri must be https, but for http://localhost")
  end
  return true
end

--- Makes a hosted login.
-- @tparam table pool
-- @tparam table opts `redirect_uri` (one of the client's callback URLs, letter by letter), `scopes` (list; default
-- `openid`; add `aws.cognito.signin.user.admin` for the account methods), `logout_uri`, `lifetime` (seconds, 600)
-- @treturn table|nil the login, or nil and an error: `config`
function hosted.new(pool, opts)
  options.check(opts, SCHEMA, "hosted_login", 3)
  local base, err = hosted.base_url(pool)
  if not base then return nil, err end
  local ok
  ok, err = check_redirect(opts.redirect_uri)
  if not ok then return nil, err end
  return setmetatable({
    pool = pool, base = base, redirect_uri = opts.redirect_uri, scopes = opts.scopes or { "openid" },
    logout_to = opts.logout_uri, lifetime = opts.lifetime or LIFETIME,
  }, Login)
end

local function random_word(pool) return core.b64url_encode(pool.host.random(32)) end

--- Begins a login.
-- @tparam[opt] table opts `identity_provider`, `idp_identifier`, `lang`, `login_hint`, `prompt`
-- @treturn string the URL to send the person to
-- @treturn table pending: strings and numbers that `finish` wants back. They are secret, belong to this person's
-- browser, and are good for one callback: keep them on the server or in the process, one per login begun
function Login:authorize_url(opts)
  opts = options.check(opts or {}, URL_SCHEMA, "authorize_url", 2)
  local pool = self.pool
  local code_verifier, challenge = oauth.pkce(pool.host.random(32))
  local pending = {
    state = random_word(pool), nonce = random_word(pool), code_verifier = code_verifier,
    redirect_uri = self.redirect_uri, expires_at = pool.host.now() + self.lifetime,
  }
  local p = {
    client_id = pool.client_id, redirect_uri = self.redirect_uri, scopes = self.scopes, state = pending.state,
    nonce = pending.nonce, code_challenge = challenge,
  }
  for name in pairs(URL_SCHEMA) do p[name] = opts[name] end
  return oauth.authorize_url(self.base, p), pending
end

--- Sends a form to the token endpoint. A secret that the endpoint refuses is followed by the other one, where two are
-- configured.
-- @tparam table pool
-- @tparam table spec see `cognito.protocol.form`; `path` instead of `url`
-- @tparam table ctx a call's context
-- @treturn table|nil the answer's members, or nil and an error
function hosted.request(pool, spec, ctx)
  local base, err = hosted.base_url(pool)
  if not base then return nil, err end
  local secrets = { false }
  if pool.secrets then
    secrets, err = pool:read_secrets()
    if not secrets then return nil, err end
  end
  spec.url, spec.client_id = base .. spec.path, pool.client_id
  local answer
  for _, secret in ipairs(secrets) do
    spec.client_secret = not spec.bearer and secret or nil
    answer, err = pool.client:request(form, spec, ctx)
    if answer or err.code ~= "invalid_client" then break end
  end
  return answer, err
end

local function exchange(self, code, pending, ctx)
  return hosted.request(self.pool, {
    path = "/oauth2/token", operation = "authorization_code", minting = true,
    fields = {
      { "grant_type", "authorization_code" }, { "client_id", self.pool.client_id }, { "code", code },
      { "redirect_uri", pending.redirect_uri }, { "code_verifier", pending.code_verifier },
    },
  }, ctx)
end

--- The names of the token endpoint in the API model's spelling, which sessions understand.
-- @tparam table answer
-- @treturn table an AuthenticationResult
function hosted.to_result(answer)
  return {
    AccessToken = answer.access_token, IdToken = answer.id_token, RefreshToken = answer.refresh_token,
    ExpiresIn = answer.expires_in, TokenType = answer.token_type,
  }
end

local function wants_id_token(scopes)
  for _, scope in ipairs(scopes) do
    if scope == "openid" then return true end
  end
  return false
end

-- By the server's clock as far as it is known: a desk's own may be minutes off.
local function id_verifier(pool)
  if pool.id_verifier then return pool.id_verifier end
  local made, err = verifier.new({
    user_pool_id = pool.user_pool_id, client_id = pool.client_id, token_use = "id", issuer = pool.given_issuer,
    proxy = pool.proxy, ca_file = pool.ca_file, ca_path = pool.ca_path, leeway = 60,
    now = function() return (records.server_now(pool)) end,
  }, pool.host)
  pool.id_verifier = made
  return made, err
end

local function check_id_token(self, answer, pending, ctx)
  if not answer.id_token then
    if not wants_id_token(self.scopes) then return true end
    return nil, errors.new("bad_response", "the answer holds no ID token", { operation = "authorization_code" })
  end
  local judge, err = id_verifier(self.pool)
  if not judge then return nil, err end
  local claims
  claims, err = judge:verify(answer.id_token, { deadline = ctx.ends - self.pool.host.monotime(), cancel = ctx.cancel })
  if not claims then return nil, err end
  return oauth.check_id_token(claims, pending.nonce, tostring(answer.access_token))
end

local function open_session(self, result)
  local pool = self.pool
  local server_now, drift = records.server_now(pool)
  local lifetime, err = tokens.check(result, "authorization_code", server_now)
  if not lifetime then return nil, err end
  return sessions.create(pool, {
    username = tokens.username(result.AccessToken), access_token = result.AccessToken, id_token = result.IdToken,
    refresh_token = result.RefreshToken, expires_at = server_now + lifetime, lifetime = lifetime, drift = drift,
    origin = "oauth", scopes = self.scopes,
  })
end

--- Finishes a login with the callback that the browser brought.
-- @tparam string|table query query string, whole URL, or decoded values
-- @tparam table pending what `authorize_url` gave for this browser; it is used up
-- @tparam[opt] table opts `deadline` (seconds), `cancel`, `max_attempts`
-- @treturn table|nil session, or nil and an error: `invalid` (state missing, foreign, used or too old), `rejected`
-- (the page or the token endpoint said no), `token` (the ID token is not right; code `jwks_unavailable`: no keys to
-- check it by), `config`, and the kinds of a call
function Login:finish(query, pending, opts)
  options.check_call(opts, "hosted_login:finish", 2)
  if type(pending) ~= "table" or pending.used or type(pending.state) ~= "string" then
    return nil, errors.new("invalid", "no login is pending that this callback could belong to: begin again",
      { field = "state", code = "state_used" })
  end
  local code, err = oauth.judge_callback(query, pending, self.pool.host.now())
  if not code then return nil, err end
  pending.used = true
  local ctx = self.pool.client:context(opts)
  local answer
  answer, err = exchange(self, code, pending, ctx)
  if not answer then return nil, err end
  local ok
  ok, err = check_id_token(self, answer, pending, ctx)
  if not ok then return nil, err end
  return open_session(self, hosted.to_result(answer))
end

--- The page that ends the hosted login's own browser session; it does not end ours (`session:sign_out` does).
-- @treturn string|nil the URL, or nil and an error: `config` when no `logout_uri` was given
function Login:logout_url()
  if not self.logout_to then
    return wrong("logout_uri", "the hosted login has no logout_uri",
      "give one of the app client's sign-out URLs")
  end
  return oauth.logout_url(self.base, self.pool.client_id, self.logout_to)
end

--- What the userInfo endpoint says about the user (OpenID Connect Core 5.3).
-- @tparam table session a session with the scope `openid`
-- @tparam[opt] table opts `deadline` (seconds), `cancel`, `max_attempts`
-- @treturn table|nil claims, or nil and an error: the kinds of `session:access_token` and of a call
function Login:user_info(session, opts)
  options.check_call(opts, "hosted_login:user_info", 2)
  local token, err = session:access_token(opts)
  if not token then return nil, err end
  return hosted.request(self.pool, {
    path = "/oauth2/userInfo", operation = "userInfo", bearer = token, resend = "safe",
  }, self.pool.client:context(opts))
end

--- Refreshes a session's tokens where they came from (RFC 6749 section 6).
-- @tparam table pool
-- @tparam string refresh_token
-- @tparam table ctx
-- @treturn table|nil an AuthenticationResult, or nil and an error
function hosted.refresh(pool, refresh_token, ctx)
  local answer, err = hosted.request(pool, {
    path = "/oauth2/token", operation = "refresh_token", minting = true, resend = "once", invalid_grant = "auth",
    fields = {
      { "grant_type", "refresh_token" }, { "client_id", pool.client_id }, { "refresh_token", refresh_token },
    },
  }, ctx)
  if not answer then return nil, err end
  return hosted.to_result(answer)
end

--- Revokes a refresh token (RFC 7009).
-- @tparam table pool
-- @tparam string refresh_token
-- @tparam table ctx
-- @treturn boolean|nil true, or nil and an error
function hosted.revoke(pool, refresh_token, ctx)
  local answer, err = hosted.request(pool, {
    path = "/oauth2/revoke", operation = "revoke", empty = true, resend = "safe",
    fields = { { "token", refresh_token }, { "client_id", pool.client_id } },
  }, ctx)
  if not answer then return nil, err end
  return true
end

return hosted
