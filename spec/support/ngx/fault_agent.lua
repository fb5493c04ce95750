--- One signed-in session that does what a spec says and tells what came of it. Runs in the spec's own process or, over
-- HTTP, inside an nginx worker, so that one table of faults serves all hosts.
local cognito = require "cognito"
local json = require "cognito.json"

local M = {}

local state = {}

--- Make the pool of the session.
-- @tparam table given options of `cognito.pool`, and `memory` (true: the memory storage)
function M.init(given)
  local options = { storage = cognito.storage.memory() }
  for name, value in pairs(given) do options[name] = value end
  options.on_warning = function() end
  state.pool = assert(cognito.pool(options))
  -- The limits are for what meets the fault; the sign-in before it takes what a loaded machine or valgrind needs.
  options.timeout, options.deadline = 60, 120
  state.patient = assert(cognito.pool(options))
end

local ACTIONS = {}

function ACTIONS.sign_in()
  local step, err = state.patient:sign_in { username = "alice", password = "Correct-horse1",
    flow = "USER_PASSWORD_AUTH" }
  if not step then return nil, err end
  state.session, err = state.pool:session { id = step.session.id }
  return state.session and true, err
end

function ACTIONS.refresh() return state.session:refresh() end

--- Renew by asking for a token whose time is over.
function ACTIONS.token() return state.session:access_token() ~= nil or nil, select(2, state.session:access_token()) end

--- Do one thing.
-- @tparam string name `sign_in`, `refresh`, `token`
-- @treturn table `ok`, `kind`, `code`, `maybe_processed`, `retryable`, `seconds`, `refresh_token`, `kept` (the stored
-- session is still there)
function M.act(name)
  local host = state.pool.host
  local started = host.monotime()
  local ok, err = ACTIONS[name]()
  local result = { ok = ok == true, seconds = host.monotime() - started }
  if err then
    result.kind, result.code, result.text = err.kind, tostring(err.code), tostring(err)
    result.maybe_processed, result.retryable = err.maybe_processed, err.retryable
  end
  local stored = state.session and state.pool:session { id = state.session.id }
  result.kept = stored ~= nil
  result.refresh_token = stored and stored:export().refresh_token or nil
  return result
end

--- The handler inside nginx: `?do=NAME`.
function M.serve() ngx.print(json.encode(M.act(ngx.var.arg_do))) end

return M
