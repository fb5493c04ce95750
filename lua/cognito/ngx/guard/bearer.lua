--- The bearer handler: a token in the Authorization header (RFC 6750).
-- @module cognito.ngx.guard.bearer

local core = require "cognito.core"
local headers = require "cognito.ngx.guard.headers"
local reply = require "cognito.ngx.guard.reply"

local bearer = {}

local function challenge(self, more)
  return { ["WWW-Authenticate"] = ('Bearer realm="%s"%s'):format(self.realm, more or "") }
end

local function is_member(list, name)
  for i = 1, #list do
    if list[i] == name then return true end
  end
  return false
end

local function names_group(groups, wanted)
  if type(groups) ~= "table" then return false end
  for i = 1, #wanted do
    if is_member(groups, wanted[i]) then return true end
  end
  return false
end

-- Names of scopes hold no space, so none that was asked for can span two of the token's.
local function names_scope(scope, wanted)
  if type(scope) ~= "string" then return false end
  local padded = " " .. scope .. " "
  for i = 1, #wanted do
    local name = wanted[i]
    if not name:find(" ", 1, true) and padded:find(" " .. name .. " ", 1, true) then return true end
  end
  return false
end

--- What is missing of what a location asks for.
-- @tparam table policy `groups`, `scopes`: one of each list must be named
-- @tparam table claims they name the groups
-- @tparam[opt] string scope the names of scopes, those of the access token
-- @treturn string|nil the list that nothing was found of
function bearer.missing(policy, claims, scope)
  if policy.groups and not names_group(claims["cognito:groups"], policy.groups) then return "groups" end
  if policy.scopes and not names_scope(scope, policy.scopes) then return "scopes" end
end

-- The verifier picks so many claims out of a token; for more it makes a table of all.
local MOST = 16

local function list_of(plan, ...)
  local seen, list = {}, { ... }
  for _, name in ipairs(list) do seen[name] = true end
  for _, entry in ipairs(plan) do
    if not seen[entry.claim] then list[#list + 1] = entry.claim end
    seen[entry.claim] = true
  end
  if #list > 0 and #list <= MOST then return list end
  return nil, #list > MOST
end

--- Which claims the guard itself has to read, for each kind of policy.
-- @tparam table plan of `cognito.ngx.guard.headers`
-- @treturn table `plain`, `groups`, `scopes`, `both`: lists of names, nil for none; `all` when there are too many
function bearer.wanted(plan)
  local wanted = { plain = list_of(plan), groups = list_of(plan, "cognito:groups"), scopes = list_of(plan, "scope") }
  wanted.both, wanted.all = list_of(plan, "cognito:groups", "scope")
  return wanted
end

local function wanted_by(policy)
  if policy.groups then return policy.scopes and "both" or "groups" end
  return policy.scopes and "scopes" or "plain"
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

-- What a handler finds in ngx.ctx.cognito: the claims become a table of its own when it first looks at them. The token
-- is kept where nothing that prints a table can find it.
local function on_demand(token, claims, whole)
  return setmetatable({}, { __index = function(who, name)
    if name ~= "claims" then return nil end
    local own = whole and core.copy(claims) or core.jwt_decode(token)
    rawset(who, "claims", own)
    return own
  end })
end

local function no_token(self, policy, code)
  if code then return reply.json(400, code, challenge(self, (', error="%s"'):format(code))) end
  if not policy.optional then return reply.json(401, "token_required", challenge(self)) end
  headers.clear(self.headers)
  if self.visits then headers.hide_cookies(self.cookie) end
end

local function judge(self, token, policy)
  if self.wanted.all then
    local claims, err = self.verifier:verify(token)
    return claims, claims ~= nil or err
  end
  return self.verifier:pick(token, self.wanted[wanted_by(policy)])
end

--- Lets a request pass that brings a good token.
-- @tparam table self the guard
-- @tparam table policy `groups`, `scopes` (lists), `optional`
function bearer.handle(self, policy)
  local token, code = token_of_request()
  if not token then return no_token(self, policy, code) end
  local claims, whole = judge(self, token, policy)
  if not claims then return refuse_token(self, whole) end
  local missing = bearer.missing(policy, claims, claims.scope)
  if missing then return refuse_policy(self, missing, policy) end
  ngx.ctx.cognito = on_demand(token, claims, whole)
  headers.set(self.headers, claims)
  if self.visits then headers.hide_cookies(self.cookie) end
end

return bearer
