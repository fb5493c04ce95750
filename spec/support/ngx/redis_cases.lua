--- Runs inside nginx: Redis over cosockets, as an application connects to it.
local cognito = require "cognito"
local contract = require "spec.contract.storage_contract"
local redis = require "nginx.redis"

local M = {}

local KEY = ("k"):rep(32)

local function connect(port)
  return function()
    local client = redis:new()
    client:set_timeout(2000)
    local ok, reason = client:connect("127.0.0.1", port)
    if not ok then return nil, reason end
    return client
  end
end

--- A storage over the Redis of that port.
function M.storage(port, prefix)
  return cognito.storage.redis { connect = connect(port), key = KEY, prefix = prefix or "cognito:" }
end

--- The storage contract; answers "ok" or the failures.
function M.contract(port)
  local count = 0
  local passed, failures = contract.run(function()
    count = count + 1
    local prefix = ("contract%d:"):format(count)
    local function again() return M.storage(port, prefix) end
    return again(), { again = again, wait = ngx.sleep }
  end, { expires = true })
  ngx.print(#failures == 0 and passed >= 18 and "ok" or table.concat(failures, "\n"))
end

--- Write a record that ends by itself.
function M.ending(port)
  local record = { version = "a.1", ends_at = ngx.now() + 100 }
  local ok, err = M.storage(port, "ending:"):put(("a"):rep(64), record, nil)
  ngx.print(ok and "ok" or tostring(err))
end

return M
