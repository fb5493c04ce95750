--- Runs bench/check.lua on Lua 5.4 and LuaJIT against a static nginx.
local support = require "bench.support"

local nginx = support.nginx()
for _, lua in ipairs { "lua5.4", "luajit" } do
  print("\n" .. lua)
  os.execute(("%s bench/check.lua %s"):format(lua, nginx.plain))
end
nginx:stop()
