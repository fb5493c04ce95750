--- Where in nginx the library may wait, and errors that name the cure.
-- Cosockets, sleeping and semaphores are disabled in some phases of nginx (lua-nginx-module, "Cosockets Not
-- Available Everywhere"); the raw message would be "API disabled in the context of ...".
-- @module cognito.ngx.phase

local errors = require "cognito.errors"

local phase = {}

local WAITING = {
  rewrite = true, access = true, content = true, timer = true,
  ssl_cert = true, ssl_session_fetch = true, ssl_client_hello = true,
}

local DIRECTIVES = {
  init = "init_by_lua*", init_worker = "init_worker_by_lua*", exit_worker = "exit_worker_by_lua*",
  set = "set_by_lua*", header_filter = "header_filter_by_lua*", body_filter = "body_filter_by_lua*",
  log = "log_by_lua*", balancer = "balancer_by_lua*",
}

local CURE = "call it in rewrite_by_lua*, access_by_lua* or content_by_lua*, or hand it to ngx.timer.at(0, ...)"
local CURE_INIT = "start it from init_worker_by_lua* with ngx.timer.at(0, ...)"

--- Whether a call that waits may run here.
-- @tparam string what the call, for the message
-- @treturn boolean true, or nil and an error of kind `config` that names the phase and the cure
function phase.check(what)
  local name = ngx.get_phase()
  if WAITING[name] then return true end
  local where = DIRECTIVES[name] or name
  return nil, errors.new("config", ("%s cannot wait in %s"):format(what, where), {
    code = "phase", hint = (name == "init" or name == "init_worker") and CURE_INIT or CURE,
  })
end

return phase
