-- The contract of every host (spec/contract/host_contract.lua) over the nginx host, in requests and in timers.
local socket = require "socket"
local badserver = require "spec.support.badserver"
local contract = require "spec.contract.host_contract"
local nginx = require "spec.support.nginx"
local tmp = require "spec.support.tmp"

local SERVER = [[
    resolver 127.0.0.1:%d ipv6=off; resolver_timeout 200ms;
    lua_ssl_trusted_certificate %s; lua_ssl_verify_depth 3; lua_ssl_protocols TLSv1.2 TLSv1.3;
    lua_socket_log_errors off;
    location /run { content_by_lua_block { require("spec.support.ngx.contract").serve { %s } } }
]]

local function port_table(ports)
  local list = {}
  for name, port in pairs(ports) do list[#list + 1] = ("[%q]=%d"):format(name, port) end
  return table.concat(list, ", ")
end

for place, query in pairs { request = "", timer = "&timer=1" } do
  describe("host contract: nginx, in a " .. place .. ":", function()
    local available, why = nginx.available()
    if not available then
      pending("needs nginx: " .. why)
      return
    end

    local bad, server, silent

    setup(function()
      silent = assert(socket.udp())
      assert(silent:setsockname("127.0.0.1", 0))
      bad = badserver.start()
      server = nginx.start { server = SERVER:format(select(2, silent:getsockname()), bad.ca_file,
        port_table(bad.ports)) }
    end)

    teardown(function()
      if server then server:stop() end
      if bad then bad:stop() end
      silent:close()
      tmp.cleanup()
    end)

    for number, example in ipairs(contract.examples) do
      it(example.name, function()
        assert.equal("ok", select(2, server:request(("/run?number=%d%s"):format(number, query))))
      end)
    end
  end)
end
