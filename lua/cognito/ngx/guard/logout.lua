--- The logout handler: ends the visit here, revokes the refresh token, and ends the hosted login's own session where
-- there is one.
-- @module cognito.ngx.guard.logout

local reply = require "cognito.ngx.guard.reply"
local request = require "cognito.ngx.guard.request"

local logout = {}

-- Only a form or script of this site knows the word; a link from elsewhere must not sign anybody out.
local function is_ours(self, visit)
  if request.is_cross_site() then return false end
  local given = ngx.var.http_x_csrf_token
  if not given then
    local fields = request.form()
    given = fields and fields.csrf
  end
  return self.browser:is_token(visit.id, given)
end

local function next_place(self)
  if self.hosted then
    local url = self.hosted:logout_url()
    if url then return url end
  end
  return self.after_logout
end

local function refuse(status, code, title, html)
  if request.is_api() then return reply.json(status, code) end
  return reply.page(status, title, html)
end

--- Signs out.
-- @tparam table self the guard
-- @tparam table policy `global` (every session of the user)
function logout.handle(self, policy)
  if ngx.req.get_method() ~= "POST" then
    ngx.header["Allow"] = "POST"
    return refuse(405, "method_not_allowed", "Not allowed", "Signing out takes a form that is sent by POST.")
  end
  local visit, err = self.visits:find(ngx.var.http_cookie)
  if err then return reply.unavailable(err, request.is_api()) end
  if visit and not is_ours(self, visit) then
    return refuse(403, "csrf", "Not signed out", "The form has expired. Go back, reload the page and try again.")
  end
  if visit then
    reply.cookie(self.visits:drop(visit))
    local global = policy.global or false
    -- what cannot be revoked at once is revoked later, so the person waits for no second attempt
    visit.session:sign_out { global = global, max_attempts = not global and 1 or nil }
  end
  if request.is_api() then return reply.done() end
  return reply.redirect(next_place(self))
end

return logout
