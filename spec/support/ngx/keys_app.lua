--- Runs inside nginx: the two servers of spec/system/ngx_keys_spec.lua, one that has a key set and one that wants it.
local clock = require "cognito.ngx.clock"

local M = {}

-- Time passes when the spec says so, in all workers at once.
local monotime, now = clock.monotime, clock.now
local function shift() return ngx.shared.shift:get "seconds" or 0 end
function clock.monotime() return monotime() + shift() end
function clock.now() return now() + shift() end

local cognito = require "cognito"
local seal = require "spec.support.ngx.sealed"

--- The source of the keys: what it answers, how late and with which status is in its dictionary.
function M.source()
  local dict = ngx.shared.source
  dict:incr("count", 1, 0)
  ngx.sleep(dict:get "delay" or 0)
  ngx.status = dict:get "status" or 200
  ngx.print(dict:get "jwks")
end

--- `?name=N` with a body: sets; without: answers the value.
function M.value(dict)
  ngx.req.read_body()
  local body, name = ngx.req.get_body_data(), ngx.var.arg_name
  if body then dict:set(name, tonumber(body) or body) end
  ngx.print(tostring(dict:get(name) or 0))
end

--- Make the verifier.
-- @tparam table given `issuer`, `client_id`
function M.init(given)
  M.verifier = assert(cognito.verifier { user_pool_id = "eu-west-1_TestPool1", client_id = given.client_id,
    token_use = "access", issuer = given.issuer, jwks_max_age = 60, jwks_cooldown = 10, timeout = 3,
    storage = assert(cognito.storage.shared_dict { name = "keys", key = ("k"):rep(32) }) })
  seal()
end

--- Give the verifier a key set in init_by_lua*, before the workers start.
function M.preload(text) assert(M.verifier:cache_jwks(text)) end

--- Fetch the keys ahead of every request, in the background of this worker.
function M.ahead()
  assert(ngx.timer.at(0, function() M.verifier:fetch_keys() end))
end

--- Judge the token of the request: the worker, the verdict, and how long it took.
function M.judge()
  local start = monotime()
  local claims, err = M.verifier:verify((ngx.var.http_authorization or ""):sub(8))
  ngx.say(ngx.worker.pid(), " ", claims and "valid" or err.code, " ", monotime() - start)
end

return M
