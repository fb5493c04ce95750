---@meta resty.cognito
-- The guard of nginx locations, for lua-language-server. See ../cognito.lua.

---@class cognito.guard_options `pool`, `verifier` or both
---@field pool? cognito.pool for `login`
---@field key? cognito.key seals cookies and forms; needed with `pool`
---@field storage? cognito.storage default: the pool's
---@field cookie? string default "__Host-session"
---@field idle? number default 1800
---@field absolute? number default 43200
---@field login? string path of the sign-in page, default "/login"
---@field hosted? cognito.hosted_login_options sign-in at the pool's own pages
---@field home? string
---@field return_urls? string[] default: every path of this site
---@field after_logout? string
---@field headers? table<string, string> header for the upstream -> claim
---@field forward? "access"|"id" this token goes upstream as Authorization
---@field realm? string
---@field max_sign_ins? integer at a time and worker, default 16
---@field verifier? cognito.verifier_options for `bearer`
---@field background? number before a request would have to wait for a renewal
---@field passkeys? boolean the form may begin with a passkey

---@class cognito.guard_policy
---@field optional? boolean true: who brings nothing may pass too
---@field groups? string[] the token must name one
---@field scopes? string[] the token must name one
---@field api? boolean instead of looking at the request

---@class cognito.guard_view what to draw
---@field name "sign_in"|"challenge"|"forgot"|"reset"
---@field csrf string goes into the form
---@field return_to string
---@field action string
---@field problem? string
---@field notice? string
---@field username? string
---@field field? string
---@field delivery? cognito.delivery
---@field challenge? cognito.challenge
---@field state? string goes into the form

---@class cognito.guard_visitor in `ngx.ctx.cognito`
---@field claims table
---@field session? cognito.session

---@class cognito.guard
local Guard = {}
---Lets a request with a good bearer token pass. rewrite_by_lua*, access_by_lua*
---@param policy? cognito.guard_policy
function Guard:bearer(policy) end
---Lets a request of a signed-in browser pass. rewrite_by_lua*, access_by_lua*
---@param policy? cognito.guard_policy
function Guard:login(policy) end
---The sign-in page. content_by_lua*
---@return cognito.guard_view? view nil when the request is answered
function Guard:form() end
---Where the hosted login sends the browser back. content_by_lua*
function Guard:callback() end
---@param policy? { global?: boolean }
function Guard:logout(policy) end
---@return string? word against cross-site requests
function Guard:csrf() end
---@param given? string
---@return boolean
function Guard:is_csrf(given) end

local guard = {}
---Makes a guard, best in init_by_lua*.
---@param options cognito.guard_options
---@return cognito.guard?, cognito.error?
function guard.new(options) end

return guard
