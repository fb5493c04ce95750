--- What the benchmarks share: a static nginx, child processes, medians. Runs on lua5.4 from the project's root.
local ports = require "spec.support.ports"
local tmp = require "spec.support.tmp"

local M = {}

local function run(...)
  local words = {}
  for i, word in ipairs { ... } do words[i] = tmp.quote(word) end
  local pipe = assert(io.popen(table.concat(words, " ")))
  local output = pipe:read("a")
  local ok = pipe:close()
  return ok, output
end

-- ---- an answer of the size that the service sends ----

local function b64url(text)
  local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  local out = {}
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    for j = 3, (c and 0 or b and 1 or 2), -1 do
      local d = n // 64 ^ j % 64 // 1 | 0
      out[#out + 1] = digits:sub(d + 1, d + 1)
    end
  end
  return table.concat(out)
end

-- A token of about `length` bytes: its claims are padded.
local function token(length, claims)
  local head = b64url('{"kid":"0MMFAMyiFMoq5Ks2xqZLXEXAMPLEkeyid1234=","alg":"RS256"}')
  local room = (length - #head - 2 - 342) * 3 // 4 - #claims - #'{,"event_id":""}'
  return head .. "." .. b64url(('{%s,"event_id":"%s"}'):format(claims, ("e"):rep(math.max(room, 0)))) .. "."
    .. ("s"):rep(342)
end

local function answer()
  local times = ('"auth_time":%d,"exp":%d,"iat":%d'):format(os.time(), os.time() + 86400, os.time())
  local common = '"sub":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","iss":"https://cognito-idp.eu-west-1.amazonaws.com/'
    .. 'eu-west-1_AbCdEf123",' .. times
  return ('{"AuthenticationResult":{"AccessToken":"%s","ExpiresIn":86400,"IdToken":"%s","TokenType":"Bearer"},'
    .. '"ChallengeParameters":{}}'):format(
    token(1133, common .. ',"token_use":"access","client_id":"1h57kf5cpq17m0eml12EXAMPLE","username":"alice"'),
    token(1261, common .. ',"token_use":"id","aud":"1h57kf5cpq17m0eml12EXAMPLE","cognito:username":"alice"'))
end

-- ---- nginx ----

local CONF = [[
worker_processes 1; daemon off; master_process off; pid %s/pid; error_log %s/error.log; %s
events { worker_connections 1024; }
http {
  %s
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3; uwsgi_temp_path %s/t4;
  scgi_temp_path %s/t5;
  server {
    listen 127.0.0.1:%d; listen 127.0.0.1:%d ssl; ssl_certificate %s/cert.pem; ssl_certificate_key %s/key.pem;
    location / { default_type application/x-amz-json-1.1; return 200 %s; }
  }
}
]]

local Nginx = {}
Nginx.__index = Nginx

-- The answer as nginx is told it: one for all requests, or one by the operation's name.
local function answers_of(operations)
  if not operations then return "", "'" .. answer() .. "'" end
  local lines = {}
  for name, text in pairs(operations) do lines[#lines + 1] = ("~%s$ '%s';"):format(name, text) end
  return ("map $http_x_amz_target $answer { default '{}'; %s }"):format(table.concat(lines, " ")), "$answer"
end

--- Starts a static nginx on two free ports: `plain` and `tls` are its URLs, `ca_file` its certificate.
-- @tparam[opt] table operations the answer to each operation, by its name; without it tokens are the answer to all
function M.nginx(operations)
  local dir = tmp.dir()
  assert(run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", dir .. "/key.pem", "-out",
    dir .. "/cert.pem"))
  local plain, tls = ports.free(), ports.free()
  local map, what = answers_of(operations)
  tmp.write(dir .. "/nginx.conf", CONF:format(dir, dir, os.getenv("USER") == "root" and "user root;" or "",
    map, dir, dir, dir, dir, dir, plain, tls, dir, dir, what))
  local pipe = assert(io.popen(("echo $$; exec nginx -c %s/nginx.conf 2>/dev/null"):format(tmp.quote(dir))))
  local self = setmetatable({ dir = dir, pipe = pipe, pid = pipe:read("n"), ca_file = dir .. "/cert.pem",
    plain = ("http://localhost:%d/"):format(plain), tls = ("https://localhost:%d/"):format(tls) }, Nginx)
  assert(ports.wait(tls, 10), "nginx did not start; see " .. dir .. "/error.log")
  return self
end

function Nginx:stop()
  os.execute(("kill %d"):format(self.pid))
  self.pipe:close()
  tmp.remove(self.dir)
end

-- ---- measuring ----

--- Compiles a C program beside which the library is measured; returns its path.
function M.compile(source, out, libraries)
  assert(run("sh", "-c", ("mkdir -p build/bench && cc -std=c11 -O2 -o %s %s %s"):format(tmp.quote(out),
    tmp.quote(source), libraries or "-lcurl")))
  return out
end

--- Runs a command and returns the numbers of its last line.
function M.measure(...)
  local ok, output = run(...)
  assert(ok, "failed: " .. table.concat({ ... }, " ") .. "\n" .. output)
  local numbers = {}
  for number in output:match("([^\n]*)\n$"):gmatch("%S+") do numbers[#numbers + 1] = tonumber(number) end
  return numbers
end

function M.median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  return sorted[(#sorted + 1) // 2]
end

--- Measures commands in turn, `rounds` times, so that a machine that changes its speed changes it for all.
-- @tparam table rows list of `{ name =, command = list, per = name of the row it is compared with }`
-- @treturn table by name: `cpu`, `wall` (medians, microseconds), `ratio`, `wall_ratio` (medians of the rounds' ratios),
-- `extra` (the last further number)
function M.compare(rows, rounds)
  local seen = {}
  for _, row in ipairs(rows) do seen[row.name] = { cpu = {}, wall = {}, ratio = {}, wall_ratio = {} } end
  for _ = 1, rounds do
    local now = {}
    for _, row in ipairs(rows) do
      local numbers = M.measure(table.unpack(row.command))
      local s = seen[row.name]
      now[row.name] = numbers
      s.cpu[#s.cpu + 1], s.wall[#s.wall + 1], s.extra = numbers[1], numbers[2], numbers[3]
    end
    for _, row in ipairs(rows) do
      local s, mine, other = seen[row.name], now[row.name], now[row.per or row.name]
      s.ratio[#s.ratio + 1], s.wall_ratio[#s.wall_ratio + 1] = mine[1] / other[1], mine[2] / other[2]
    end
  end
  local result = {}
  for name, s in pairs(seen) do
    result[name] = { cpu = M.median(s.cpu), wall = M.median(s.wall), ratio = M.median(s.ratio),
      wall_ratio = M.median(s.wall_ratio), extra = s.extra }
  end
  return result
end

return M
