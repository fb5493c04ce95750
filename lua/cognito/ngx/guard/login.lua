--- The login handler: lets a request of a signed-in browser pass, with a fresh token and the headers that the
-- upstream wants, and sends the others to sign in.
-- @module cognito.ngx.guard.login

local bearer = require "cognito.ngx.guard.bearer"
local core = require "cognito.core"
local headers = require "cognito.ngx.guard.headers"
local reply = require "cognito.ngx.guard.reply"
local request = require "cognito.ngx.guard.request"
local tokens = require "cognito.tokens"
local urls = require "cognito.ngx.guard.urls"

local login = {}

local function is_api(policy)
  if policy.api ~= nil then return policy.api end
  return request.is_api()
end

local function sign_in_url(self)
  return urls.with(self.login_path, "return", urls.safe(ngx.var.request_uri, self.return_urls, self.home))
end

-- A redirect would lose what a form had sent, without a word.
local LOST = "You have been signed out meanwhile, and <strong>what you sent was not processed</strong>. "
  .. '<a href="%s" target="_blank" rel="noopener">Sign in in another tab</a>, then reload this page to send it again.'

local function send_to_sign_in(self, policy)
  if is_api(policy) then
    return reply.json(401, "sign_in_required", { ["WWW-Authenticate"] = ('Bearer realm="%s"'):format(self.realm) })
  end
  local method = ngx.req.get_method()
  if method == "GET" or method == "HEAD" then return reply.redirect(sign_in_url(self), 302) end
  return reply.page(401, "Not sent", LOST:format(reply.escape(urls.with(self.login_path, "return", self.home))),
    { ["WWW-Authenticate"] = ('Bearer realm="%s"'):format(self.realm) })
end

local function nobody(self, policy)
  if policy.optional then return headers.hide_cookies(self.cookie) end
  return send_to_sign_in(self, policy)
end

-- The claims of a token are read once for each token, not for each request.
local function claims_of(visit, session)
  local kept, token = visit.kept, session.record and session.record.id_token
  if kept.claims and kept.claims_of == token then return kept.claims end
  local claims, err = session:claims()
  if not claims then return nil, err end
  kept.claims, kept.claims_of = claims, token
  return claims
end

-- The access token alone names scopes; the groups are in both.
local function scope_of(kept, token)
  if kept.scope_of ~= token then
    local claims = core.jwt_decode(token)
    kept.scope, kept.scope_of = claims and claims.scope, token
  end
  return kept.scope
end

local RETRY = 10

local function renew(premature, session, kept)
  if premature then return end
  session:refresh()
  kept.renewing = nil
end

-- Begun in a timer some time before the request would have to wait for it. Siblings that have the same idea find that
-- it is done already.
local function renew_ahead(self, visit)
  local session, kept = visit.session, visit.kept
  local now = self.pool.host.monotime()
  if kept.renewing and now < kept.renewing then return end
  local left = session:expires_in() - tokens.margin(session.record, self.pool.margin)
  if left > math.min(self.background, session.record.lifetime / 4) then return end
  kept.renewing = now + RETRY
  ngx.timer.at(0, renew, session, kept)
end

local function pass(self, visit, token, claims)
  headers.hide_cookies(self.cookie)
  if self.background then renew_ahead(self, visit) end
  ngx.ctx.cognito = { claims = claims, session = visit.session, visit = visit }
  headers.set(self.headers, claims)
  if self.forward == "access" then ngx.req.set_header("Authorization", "Bearer " .. token) end
  if self.forward == "id" then
    local id_token = visit.session:id_token()
    if id_token then ngx.req.set_header("Authorization", "Bearer " .. id_token) end
  end
end

local function session_is_over(self, visit, policy)
  reply.cookie(self.visits:drop(visit))
  return nobody(self, policy)
end

local FORBIDDEN = 'Your account does not have access to this page. <a href="%s">Go back</a>.'

local function forbid(self, policy)
  if is_api(policy) then return reply.json(403, "forbidden") end
  return reply.page(403, "Not for you", FORBIDDEN:format(reply.escape(self.home)))
end

--- Lets a request of a signed-in browser pass.
-- @tparam table self the guard
-- @tparam table policy `optional`, `groups`, `scopes`, `api` (true or false instead of looking)
function login.handle(self, policy)
  headers.clear(self.headers)
  local visit, err = self.visits:find(ngx.var.http_cookie)
  if not visit then
    if err then return reply.unavailable(err, is_api(policy)) end
    return nobody(self, policy)
  end
  local token, why = visit.session:access_token()
  if not token then
    if why.kind == "sign_in_required" then return session_is_over(self, visit, policy) end
    return reply.unavailable(why, is_api(policy))
  end
  local claims, bad = claims_of(visit, visit.session)
  if not claims then return reply.unavailable(bad, is_api(policy)) end
  if bearer.missing(policy, claims, policy.scopes and scope_of(visit.kept, token)) then return forbid(self, policy) end
  return pass(self, visit, token, claims)
end

return login
