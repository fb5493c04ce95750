-- Shared files run on 5.1, LuaJIT and 5.4: `min` is what they have in common.
std = "min"
max_line_length = 120
-- looked up with a guard: `table.unpack or unpack`, `math.type and ...`
read_globals = { "unpack", "jit", "loadstring", "setfenv", table = { fields = { "unpack" } }, math = { fields = { "type", "tointeger", "maxinteger" } } }
exclude_files = { "build", "conformance/node_modules", ".luarocks" }
files["spec"] = { std = "min+busted" }
files["conformance"] = { std = "lua54+busted" }
files["spec/system"] = { std = "lua54+busted" }
files["lua/cognito/ngx"] = { std = "min+ngx_lua" }
files["lua/resty"] = { std = "min+ngx_lua" }
files["spec/support/ngx"] = { std = "min+ngx_lua" }
files["examples/openresty"] = { std = "min+ngx_lua" }
files["lua/cognito/emulator"] = { std = "lua54" }
files["lua/cognito/cli"] = { std = "lua54" }
files["bin/cognito"] = { std = "lua54" }
files["bench"] = { std = "lua54" }
files["tools"] = { std = "lua54" }
files["types"] = { ignore = { ".*" } }
files["**/*.rockspec"] = { std = "rockspec" }
files["config.ld"] = { std = "ldoc" }
files[".luacheckrc"] = { std = "luacheckrc" }
