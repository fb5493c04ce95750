--- The bearer handler: a token in the Authorization header (RFC 6750).
-- @module cognito.ngx.guard.bearer

local core = require "cognito.core"
local reply = require "cognito.ngx.guard.reply"
local request = require "cognito.ngx.guard.request"

local bearer = {}

local function challenge(self, more)
  return { ["WWW-Authenticate"] = ('Bearer realm="%s"%s'):format(self.realm, more or "") }
end

local function contains_any(wanted, has)
  for _, name in ipairs(wanted) do
    if has[name] then return true end
  end
  return false
end

local function set_of(list)
  local set = {}
  for _, name in ipairs(type(list) == "table" and list or {}) do set[name] = true end
  return set
end

local function words_of(text)
  local set = {}
  for word in (type(text) == "string" and text or ""):gmatch "%S+" do set[word] = true end
  return set
end

--- What is missing of what a location asks for.
-- @tparam table claims
-- @tparam table policy `groups`, `scopes`: the token must name one of each list
-- @treturn ?string the list that nothing was found of
function bearer.missing(claims, policy)
  if policy.groups and not contains_any(policy.groups, set_of(claims["cognito:groups"])) then return "groups" end
  if policy.scopes and not contains_any(policy.scopes, words_of(claims.scope)) then return "scopes" end
end

-- nginx itself refuses a second Authorization header, which an upstream might read instead of the first. What the token
-- may consist of is the verifier's business.
local function token_of_request()
  local header = ngx.var.http_authorization
  if not header then return nil end
  if not header:find "^[Bb][Ee][Aa][Rr][Ee][Rr] +[^ ]" then return nil, "invalid_request" end
  local token = header:sub(8)
  return token:byte() == 32 and token:match "^ *(.*)$" or token
end

local function refuse_token(self, err)
  if err.kind ~= "token" or err.code == "jwks_unavailable" then return reply.unavailable(err, true) end
  local reason = tostring(err.code):gsub("[^%w_]", "")
  return reply.json(401, "invalid_token",
    challenge(self, (', error="invalid_token", error_description="%s"'):format(reason)))
end

local function refuse_policy(self, missing, policy)
  local more = ', error="insufficient_scope"'
  if missing == "scopes" then more = more .. (', scope="%s"'):format(table.concat(policy.scopes, " ")) end
  return reply.json(403, missing == "scopes" and "insufficient_scope" or "forbidden", challenge(self, more))
end

-- Claims of a token whose verdict is known, made into a table when somebody looks at them.
local Later = {}
function Later.__index(who, name)
  if name ~= "claims" then return nil end
  local claims = core.jwt_decode(rawget(who, "token"))
  rawset(who, "claims", claims)
  return claims
end

--- Let a request pass that brings a good token.
-- @tparam table self the guard
-- @tparam table policy `groups`, `scopes` (lists), `optional`
function bearer.handle(self, policy)
  request.clear(self.header_names)
  local token, code = token_of_request()
  if not token and not code then
    if policy.optional then return end
    return reply.json(401, "token_required", challenge(self))
  end
  if not token then return reply.json(400, code, challenge(self, (', error="%s"'):format(code))) end
  if self.claims_later and not (policy.groups or policy.scopes) then
    local ok, err = self.verifier:check(token)
    if not ok then return refuse_token(self, err) end
    ngx.ctx.cognito = setmetatable({ token = token }, Later)
    return
  end
  local claims, err = self.verifier:verify(token)
  if not claims then return refuse_token(self, err) end
  local missing = bearer.missing(claims, policy)
  if missing then return refuse_policy(self, missing, policy) end
  ngx.ctx.cognito = { claims = claims }
  request.set_claims(self.headers, claims)
end

return bearer
