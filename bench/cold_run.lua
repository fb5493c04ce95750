--- Whole processes: from the start to the first refreshed token, and the command `cognito token`, beside plain C and
-- beside lua5.4 that loads lua-cjson and ends; and a script over boto3, where Debian's python3 (or $PYTHON) has it.
-- usage: lua5.4 bench/cold_run.lua [ROUNDS]
local support = require "bench.support"

local rounds = tonumber(arg[1]) or 9
local RUNS = "5" -- of each command a round

local function sh(text)
  local pipe = assert(io.popen(text))
  local output = pipe:read("a")
  assert(pipe:close(), text)
  return (output:gsub("%s+$", ""))
end

-- The system's roots and the server's certificate, hashed as OpenSSL wants a folder of certificates.
local function trust_folder(ca_file)
  local folder = sh "mktemp -d -t lua-cognito-bench.XXXXXX" .. "/"
  sh(("for f in /etc/ssl/certs/*.0; do ln -s \"$(readlink -f $f)\" %s$(basename $f); done"):format(folder))
  -- At the first free number of its hash: a root of the same name (Debian's snake oil is localhost's too) is a link
  -- here, and a copy onto it would be written into the system's folder.
  local hash, number = sh("openssl x509 -hash -noout -in " .. ca_file), 0
  while io.open(folder .. hash .. "." .. number) do number = number + 1 end
  sh(("cp %s %s%s.%d"):format(ca_file, folder, hash, number))
  return folder
end

-- A home with a profile and a stored session whose token is good, or over.
local function home(url, ca_file)
  local folder = sh "mktemp -d -t lua-cognito-bench.XXXXXX"
  local env = ("env HOME=%s XDG_CONFIG_HOME=%s/c XDG_STATE_HOME=%s/s "):format(folder, folder, folder)
  sh(env .. ("lua5.4 bin/cognito configure --set user_pool_id=eu-west-1_AbCdEf123 "
    .. "--set client_id=1h57kf5cpq17m0eml12EXAMPLE --set endpoint=%s --set ca_file=%s"):format(url, ca_file))
  sh(env .. ([[lua5.4 -e 'local c = require "cognito"; local pool = c.pool { user_pool_id = "eu-west-1_AbCdEf123",
    client_id = "1h57kf5cpq17m0eml12EXAMPLE", endpoint = "%s", ca_file = "%s", storage = c.storage.file() }
    assert(pool:adopt { refresh_token = ("r"):rep(1686), username = "alice" }:access_token())']]):format(url, ca_file))
  return folder, { "env", "HOME=" .. folder, "XDG_CONFIG_HOME=" .. folder .. "/c", "XDG_STATE_HOME=" .. folder .. "/s" }
end

local function row(name, command, more)
  local whole = { "build/bench/bench_process", RUNS }
  for _, word in ipairs(command) do whole[#whole + 1] = word end
  local r = { name = name, command = whole }
  for key, value in pairs(more or {}) do r[key] = value end
  return r
end

local function with(env, ...)
  local words = {}
  for _, word in ipairs(env) do words[#words + 1] = word end
  for _, word in ipairs { ... } do words[#words + 1] = word end
  return words
end

-- The row that a boto3 script must be slower than, by this factor.
local function boto3_row(nginx, env)
  local python = os.getenv "PYTHON" or "/usr/bin/python3"
  local version = sh(python .. " -c 'import boto3; print(boto3.__version__)' 2>/dev/null || true")
  if version == "" then
    print "boto3 is not there: no comparison with it"
    return nil
  end
  return row(("boto3 %s script, TLS"):format(version), with(env, python, "bench/cold.py", nginx.tls, nginx.ca_file),
    { per = "cognito token, expired, TLS", least = 25 })
end

local function rows_of(nginx, trust, env)
  local twin = "build/bench/bench_refresh"
  return {
    row("cold HTTP: C", { twin, "easy", "0", nginx.plain, "" }),
    row("cold HTTP: library", { "lua5.4", "bench/cold.lua", nginx.plain }, { per = "cold HTTP: C", bar = 1.6,
      memory = 1.25 }),
    row("cold TLS: C, hashed roots", { twin, "easy", "0", nginx.tls, trust }),
    row("cold TLS: library, hashed roots", { "lua5.4", "bench/cold.lua", nginx.tls, trust },
      { per = "cold TLS: C, hashed roots", bar = 1.5, memory = 1.25 }),
    -- all through env, which sets the home of the command
    row("cold TLS: C, one file", with(env, twin, "easy", "0", nginx.tls, nginx.ca_file)),
    row("cognito token, expired, TLS", with(env, "lua5.4", "bin/cognito", "token", "--refresh"),
      { per = "cold TLS: C, one file", bar = 1.9 }),
    row("lua5.4 with lua-cjson", with(env, "lua5.4", "-e", "require 'cjson'")),
    row("cognito token, valid", with(env, "lua5.4", "bin/cognito", "token"),
      { per = "lua5.4 with lua-cjson", bar = 4 }),
    boto3_row(nginx, env),
  }
end

local function print_rows(rows, result)
  print(("\nwhole processes, %d rounds of %s runs, medians"):format(rounds, RUNS))
  print(("  %-34s %9s %7s %9s %7s %9s %7s"):format("", "CPU ms", "ratio", "wall ms", "ratio", "peak MiB", "ratio"))
  for _, r in ipairs(rows) do
    local one, other = result[r.name], result[r.per or r.name]
    local bar = r.bar and ("  bar %.2f wall: %s"):format(r.bar, one.wall_ratio <= r.bar and "kept" or "MISSED") or ""
    if r.least then
      bar = ("  bar %.2f wall at least: %s"):format(r.least, one.wall_ratio >= r.least and "kept" or "MISSED")
    end
    if r.memory then
      bar = bar .. (", %.2f memory: %s"):format(r.memory, one.extra / other.extra <= r.memory and "kept" or "MISSED")
    end
    print(("  %-34s %9.2f %7.2f %9.2f %7.2f %9.1f %7.2f%s"):format(r.name, one.cpu / 1000, one.ratio, one.wall / 1000,
      one.wall_ratio, one.extra / 1024, one.extra / other.extra, bar))
  end
end

local function main()
  support.compile("csrc/bench/bench_refresh.c", "build/bench/bench_refresh")
  support.compile("csrc/bench/bench_process.c", "build/bench/bench_process", "")
  local nginx = support.nginx()
  local trust = trust_folder(nginx.ca_file)
  local folder, env = home(nginx.tls, nginx.ca_file)
  local ok, err = xpcall(function()
    local rows = rows_of(nginx, trust, env)
    print_rows(rows, support.compare(rows, rounds))
  end, debug.traceback)
  nginx:stop()
  sh("rm -rf " .. trust .. " " .. folder)
  if not ok then error(err, 0) end
end

main()
