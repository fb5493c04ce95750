-- Storage in a shared dictionary, inside a real nginx; the examples are spec/support/ngx/storage_cases.lua.
local nginx = require "spec.support.nginx"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local SERVER = [[
    location /case/ { content_by_lua_block {
        local name = ngx.var.uri:match "([%w_]+)$"
        local ok, reason = xpcall(require("spec.support.ngx.storage_cases")[name], debug.traceback)
        ngx.print(ok and "ok" or tostring(reason))
    } }
]]

describe("cognito.ngx.storage in nginx", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local server

  setup(function()
    server = nginx.start {
      workers = 4, http = "lua_shared_dict sessions 4m; lua_shared_dict small 256k;", server = SERVER,
    }
  end)

  teardown(function()
    if server then server:stop() end
    tmp.cleanup()
  end)

  local text = assert(tmp.read "spec/support/ngx/storage_cases.lua")
  for name in text:gmatch "\nfunction cases%.([%w_]+)" do
    if not name:find "^count" then
      it((name:gsub("_", " ")), function() assert.equal("ok", select(2, server:request("/case/" .. name))) end)
    end
  end

  it("loses no write of four workers that replace one record", function()
    local _, out = proc.run { timeout = 60,
      argv = { "curl", "-s", "-Z", "--parallel-immediate", server.url .. "/case/count?i=[1-12]" } }
    assert.equal(("ok"):rep(12), out)
    assert.equal("ok", select(2, server:request "/case/counted?n=600"))
  end)
end)
