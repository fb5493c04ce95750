-- The life of an account in an nginx worker: the same contract as in spec/account_spec.lua.
local emulator = require "spec.support.emulator"
local nginx = require "spec.support.nginx"
local tmp = require "spec.support.tmp"

local HTTP = [[
    lua_shared_dict sessions 8m;
    init_by_lua_block {
        require("spec.support.ngx.pool").init { pool_id = %q, client_id = %q, url = %q }
        require("spec.support.ngx.sealed")()
    }
]]

local SERVER = [[
    location /life {
        content_by_lua_block {
            local run = require("spec.contract.account_contract").run
            local ok, err = pcall(run, require("spec.support.ngx.pool").pool, %q, ngx.var.arg_name)
            ngx.print(ok and "lived" or tostring(err))
        }
    }
]]

describe("an account's life", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  it("is the same in nginx", function()
    local emu = emulator.start { config = { mfa = "OPTIONAL", device_tracking = "opt_in", limits = false } }
    local server = nginx.start {
      workers = 1, http = HTTP:format(emu.pool_id, emu.client_id, emu.url), server = SERVER:format(emu.url),
    }
    local status, body = server:request "/life?name=nginx-user"
    server:stop()
    emu.stop()
    tmp.cleanup()
    assert.equal("lived", body)
    assert.equal(200, status)
  end)
end)
