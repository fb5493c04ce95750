--- Starts a real nginx (Debian's, with libnginx-mod-http-lua) for one spec and takes it away again.
-- The folder is temporary, the port a free one, user root, daemon off; everything that the
-- server says lands in `<folder>/error.log`, which a spec reads with `server:log()`.
local lfs = require "lfs"
local socket = require "socket"
local http = require "socket.http"
local ltn12 = require "ltn12"
local ports = require "spec.support.ports"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local nginx = {}
local Server = {}
Server.__index = Server

local MODULES = { "ndk_http_module", "ngx_http_lua_module" }
local TEMPLATE = [[
%s
user root;
daemon off;
worker_processes %d;
pid nginx.pid;
error_log error.log %s;
%s
events { worker_connections 4096; }
http {
  access_log off;
  lua_package_path "%s";
  lua_package_cpath "%s";
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
%s
  server {
    listen 127.0.0.1:%d;
%s
  }
}
]]

-- Where tools/install puts the module and its LuaJIT when the machine's own LuaJIT excludes them.
local UNPACKED = lfs.currentdir() .. "/build/unpacked/usr"

local function module_folder()
  local usual = { "/usr/lib/nginx/modules", "/usr/share/nginx/modules", UNPACKED .. "/lib/nginx/modules" }
  for _, folder in ipairs(usual) do
    if lfs.attributes(folder .. "/ngx_http_lua_module.so") then return folder end
  end
end

--- Whether nginx and its Lua module are installed.
-- @treturn boolean
-- @treturn string the reason when not, for `pending`
function nginx.available()
  local found = lfs.attributes "/usr/sbin/nginx"
  if not found then return false, "nginx is not installed" end
  if not module_folder() then return false, "libnginx-mod-http-lua is not installed" end
  return true
end

local function search_path(root, extra)
  local lua = root .. "/lua/?.lua;" .. root .. "/lua/?/init.lua;" .. root .. "/?.lua;"
  local debian = UNPACKED .. "/share/lua/5.1/?.lua;/usr/share/lua/5.1/?.lua;;"
  return (extra or "") .. lua .. debian, root .. "/build/5.1/?.so;;"
end

local function load_modules()
  local lines = {}
  for i, name in ipairs(MODULES) do
    lines[i] = ("load_module %s/%s.so;"):format(module_folder(), name)
  end
  return table.concat(lines, "\n")
end

-- A sanitizer's runtime that this process was started with is not nginx's.
local function environment(options)
  local env = { LD_PRELOAD = "" }
  if lfs.attributes(UNPACKED .. "/lib") then
    for name in lfs.dir(UNPACKED .. "/lib") do
      if name:find "%-linux%-gnu" then env.LD_LIBRARY_PATH = UNPACKED .. "/lib/" .. name end
    end
  end
  for name, value in pairs(options.env or {}) do env[name] = value end
  return env
end

local function configuration(options, port)
  local path, cpath = search_path(options.root or lfs.currentdir(), options.lua_path)
  return TEMPLATE:format(load_modules(), options.workers or 1, options.level or "info", options.main or "",
    path, cpath, options.http or "", port, options.server or "")
end

local function wait_until(seconds, condition)
  local deadline = socket.gettime() + seconds
  while socket.gettime() < deadline do
    local value = condition()
    if value ~= nil then return value end
    socket.sleep(0.01)
  end
end
nginx.wait_until = wait_until

local function listening(child, port)
  return wait_until(20, function()
    if child:status() then return false end
    return ports.wait(port, 0) or nil
  end)
end

--- Start a server.
-- @tparam table options `server` (text inside the server block; `$PORT` becomes the port), `http` and
-- `main` (text for the blocks around it), `workers` (default 1), `level` of the error log (default
-- info), `files` (name -> text, written into the folder), `lua_path` (searched first), `port`,
-- `env` (of the process; nginx passes on what an `env` directive names)
-- @treturn Server with `port`, `url`, `path`, `pid`
function nginx.start(options)
  local path, port = tmp.dir(), options.port or ports.free()
  for name, text in pairs(options.files or {}) do tmp.write(path .. "/" .. name, text) end
  tmp.write(path .. "/nginx.conf", (configuration(options, port):gsub("%$PORT", tostring(port))))
  local self = setmetatable({ path = path, port = port, url = "http://127.0.0.1:" .. port }, Server)
  self.child = proc.start { argv = { "nginx", "-p", path, "-c", "nginx.conf" }, env = environment(options) }
  self.pid = self.child.pid
  if not listening(self.child, port) then
    local said = self:log() .. self.child:errors()
    self:stop()
    error("nginx did not start:\n" .. said, 2)
  end
  return self
end

--- The text of a file in the server's folder, "" when there is none.
function Server:read(name) return tmp.read(self.path .. "/" .. name) or "" end

--- The error log so far.
function Server:log() return self:read "error.log" end

--- Waits until the error log holds a text: what the log phase writes comes after the response.
-- @tparam string text
-- @treturn boolean
function Server:logs(text)
  local deadline = socket.gettime() + 30
  repeat
    if self:log():find(text, 1, true) then return true end
    socket.sleep(0.01)
  until socket.gettime() > deadline
  return false
end

--- One request, redirects not followed.
-- @tparam string target path and query
-- @tparam[opt] table options `method`, `headers` (table), `body`
-- @treturn integer status
-- @treturn string body
-- @treturn table headers, names in lower case
function Server:request(target, options)
  options = options or {}
  local parts, headers = {}, {}
  for name, value in pairs(options.headers or {}) do headers[name] = value end
  if options.body then headers["content-length"] = tostring(#options.body) end
  local ok, status, answer = http.request {
    url = self.url .. target, method = options.method or (options.body and "POST") or "GET", headers = headers,
    source = options.body and ltn12.source.string(options.body), sink = ltn12.sink.table(parts), redirect = false,
  }
  if not ok then return nil, status end
  return status, table.concat(parts), answer
end

--- Send the master a signal: "HUP" reloads, "QUIT" stops gracefully.
function Server:signal(name) self.child:signal(name) end

--- The process ids of the present workers.
function Server:workers()
  local pipe = assert(io.popen(("cat /proc/%d/task/%d/children"):format(self.pid, self.pid)))
  local pids = {}
  for pid in pipe:read("a"):gmatch "%d+" do pids[#pids + 1] = tonumber(pid) end
  pipe:close()
  return pids
end

--- The resident memory of workers. One that is gone raises an error.
-- @tparam[opt] {integer,...} pids default: the present ones
-- @treturn {integer,...} KiB
function Server:memory(pids)
  local sizes = {}
  for i, pid in ipairs(pids or self:workers()) do
    sizes[i] = tonumber(tmp.read(("/proc/%d/status"):format(pid)):match "VmRSS:%s*(%d+)")
  end
  return sizes
end

--- Stop the server. Safe to call twice; the folder goes with `tmp.cleanup`.
function Server:stop() self.child:stop() end

return nginx
