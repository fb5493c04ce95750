--- Runs inside nginx: the pool of the specs, as an application would make it in init_by_lua*, and handlers over it.
local cognito = require "cognito"

local M = {}

--- Make the pool from the specs' settings.
-- @tparam table given `pool_id`, `client_id`, `url`, `storage`, further options of `cognito.pool` in `more`
function M.init(given)
  local options = {
    user_pool_id = given.pool_id, client_id = given.client_id, client_secret = given.client_secret,
    endpoint = given.url, issuer = given.issuer, domain = given.domain, flow = "USER_PASSWORD_AUTH",
    timeout = given.timeout, deadline = given.deadline,
    storage = given.storage or assert(cognito.storage.shared_dict { name = "sessions", key = ("k"):rep(32) }),
  }
  M.pool = assert(cognito.pool(options))
end

local function answer(value, err)
  if value then return ngx.say(value) end
  ngx.status = err.kind == "sign_in_required" and 401 or 503
  ngx.print(tostring(err))
end

function M.sign_in()
  local step, err = M.pool:sign_in { username = ngx.var.arg_user or "alice", password = "Correct-horse1" }
  answer(step and step.session.id, err)
end

--- A session of which only the refresh token is known, so the first use renews it.
function M.expired()
  local step = assert(M.pool:sign_in { username = "alice", password = "Correct-horse1" })
  local session = assert(M.pool:adopt { username = "alice", refresh_token = step.session:export().refresh_token })
  ngx.print(session.id)
end

function M.token()
  local session, err = M.pool:session { id = ngx.var.arg_id }
  if not session then return answer(nil, err) end
  answer(session:access_token())
end

function M.sign_out()
  local session, err = M.pool:session { id = ngx.var.arg_id }
  if not session then return answer(nil, err) end
  local done, why = session:sign_out()
  answer(done and "out", why)
end

return M
