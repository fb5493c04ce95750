--- The refresh benchmark: the library beside a plain C program on the same libcurl, in the same run.
-- usage: lua5.4 bench/refresh_run.lua [ROUNDS [COUNT]], after `make build` and with the environment of `make env`.
local support = require "bench.support"

local rounds, count = tonumber(arg[1]) or 9, tonumber(arg[2]) or 3000
local MAX_GROWTH = 0.05

local function rows_of(url, ca_file, twin)
  local function c(mode) return { twin, mode, count, url, ca_file, 64 } end
  local function lua(interpreter, mode) return { interpreter, "bench/refresh.lua", mode, count, url, ca_file, 64 } end
  return {
    { name = "one at a time: C", command = c "easy" },
    { name = "one at a time: host.send, lua5.4", command = lua("lua5.4", "send"), per = "one at a time: C" },
    { name = "one at a time: library, lua5.4", command = lua("lua5.4", "blocking"), per = "one at a time: C",
      bar = 1.15 },
    { name = "one at a time: library, luajit", command = lua("luajit", "blocking"), per = "one at a time: C" },
    { name = "64 in flight: C, multi_perform", command = c "multi" },
    { name = "64 in flight: C, socket_action", command = c "socket", per = "64 in flight: C, multi_perform" },
    { name = "64 in flight: host.send, lua5.4", command = lua("lua5.4", "send_loop"),
      per = "64 in flight: C, multi_perform" },
    { name = "64 in flight: library, lua5.4", command = lua("lua5.4", "loop"), per = "64 in flight: C, multi_perform",
      bar = 1.2 },
    { name = "64 in flight: library, luajit", command = lua("luajit", "loop"), per = "64 in flight: C, multi_perform" },
  }
end

local function print_rows(title, rows, result)
  print(("\n%s, %d rounds of %d refreshes"):format(title, rounds, count))
  print(("  %-36s %10s %10s %10s %10s"):format("", "CPU us", "ratio", "wall us", "ratio"))
  for _, row in ipairs(rows) do
    local r = result[row.name]
    local bar = row.bar and ("  bar %.2f: %s"):format(row.bar, r.ratio <= row.bar and "kept" or "MISSED") or ""
    print(("  %-36s %10.1f %10.2f %10.1f %10.2f%s"):format(row.name, r.cpu, r.ratio, r.wall, r.wall_ratio, bar))
  end
end

-- One process, the sessions of a whole server: what it holds must not grow with the refreshes.
local function print_many(interpreter, url)
  local resident, growth = table.unpack(support.measure(interpreter, "bench/refresh.lua", "many", 5, url, "", 64))
  print(("  %-36s %10.1f MiB %10.1f MiB  bar %.1f: %s"):format(interpreter, resident / 1024, growth / 1024,
    resident * MAX_GROWTH / 1024, growth <= resident * MAX_GROWTH and "kept" or "MISSED"))
end

local function main()
  local twin = support.compile("csrc/bench/bench_refresh.c", "build/bench/bench_refresh")
  local nginx = support.nginx()
  local ok, err = xpcall(function()
    for _, variant in ipairs { { "HTTP", nginx.plain, "" }, { "TLS", nginx.tls, nginx.ca_file } } do
      local rows = rows_of(variant[2], variant[3], twin)
      print_rows(variant[1], rows, support.compare(rows, rounds))
    end
    print("\n10,000 sessions in one process: resident memory, and its growth over 50,000 refreshes")
    for _, interpreter in ipairs { "lua5.4", "luajit" } do print_many(interpreter, nginx.plain) end
  end, debug.traceback)
  nginx:stop()
  if not ok then error(err, 0) end
end

main()
