--- Runs inside nginx: one example of spec/contract/host_contract.lua, in a request or in a timer.
local semaphore = require "ngx.semaphore"
local badserver = require "spec.support.badserver"
local contract = require "spec.contract.host_contract"
local host = require "cognito.ngx.host"

local M = {}

local function parallel(list)
  local threads, failed = {}, nil
  for i, fn in ipairs(list) do threads[i] = ngx.thread.spawn(function() return pcall(fn) end) end
  for _, thread in ipairs(threads) do
    local _, ok, err = ngx.thread.wait(thread)
    failed = failed or not ok and err or nil
  end
  if failed then error(failed, 0) end
end

local function run(number, ports)
  local t = { host = host.new(), parallel = parallel, server = badserver.attach(ports) }
  return xpcall(function() contract.examples[number].run(t) end, debug.traceback)
end

local function in_timer(number, ports)
  local done, ok, err = semaphore.new(), nil, nil
  assert(ngx.timer.at(0, function()
    ok, err = run(number, ports)
    done:post(1)
  end))
  done:wait(30)
  return ok, err or "the timer did not end"
end

--- Answer a request `?number=N&timer=1` with "ok" or the reason.
-- @tparam table ports of the bad server
function M.serve(ports)
  local ok, err = (ngx.var.arg_timer and in_timer or run)(tonumber(ngx.var.arg_number), ports)
  ngx.print(ok and "ok" or tostring(err))
end

return M
