-- The same sign-in as in spec/signin_hosts_spec.lua, inside nginx: in a request and in a timer.
local emulator = require "spec.support.emulator"
local journey = require "spec.support.journey"
local nginx = require "spec.support.nginx"
local tmp = require "spec.support.tmp"

local SERVER = [[
    location /walk { content_by_lua_block {
        local ok, result = xpcall(function()
            return require("spec.support.journey").walk { pool_id = ngx.var.arg_pool, url = ngx.var.arg_url }
        end, debug.traceback)
        ngx.print(tostring(result))
    } }
    location /timer { content_by_lua_block {
        local pool_id, url, result = ngx.var.arg_pool, ngx.var.arg_url, nil
        ngx.timer.at(0, function()
            local _, text = xpcall(function()
                return require("spec.support.journey").walk { pool_id = pool_id, url = url }
            end, debug.traceback)
            result = text
        end)
        for _ = 1, 500 do
            if result then break end
            ngx.sleep(0.02)
        end
        ngx.print(tostring(result))
    } }
]]

describe("the same sign-in in nginx", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local e, server
  setup(function()
    e = emulator.start { config = journey.config }
    server = nginx.start { server = SERVER }
  end)
  teardown(function()
    if server then server:stop() end
    if e then e.stop() end
    tmp.cleanup()
  end)

  for _, where in ipairs { "walk", "timer" } do
    it("yields in a " .. (where == "walk" and "request" or where), function()
      local status, body = server:request(("/%s?pool=%s&url=%s"):format(where, e.pool_id, e.url))
      assert.equal("done", body)
      assert.equal(200, status)
      assert.falsy(server:log():find("[error]", 1, true))
    end)
  end
end)
