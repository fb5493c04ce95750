--- What a refresh costs through the file storage on a RAM disk beside one in memory, against the emulator.
-- usage: lua5.4 bench/store_run.lua [ROUNDS], after `make build` and with the environment of `make env`.
local cost = require "bench.store"
local emulator = require "spec.support.emulator"
local lfs = require "lfs"
local tmp = require "spec.support.tmp"

local rounds = tonumber(arg[1]) or 25
local REFRESHES, BAR = 40, 1.5

local function print_result(r)
  print(("  memory                                    %6.0f us"):format(r.memory * 1e6))
  print(("  memory and a durable file's system calls  %6.0f us  %.2f"):format(r.calls * 1e6, r.calls_ratio))
  print(("  file                                      %6.0f us  %.2f  bar %.2f: %s"):format(r.file * 1e6, r.file_ratio,
    BAR, r.file_ratio <= BAR and "kept" or "MISSED"))
  print(("  sealed file                               %6.0f us  %.2f"):format(r.sealed * 1e6, r.sealed_ratio))
  print(("  last byte of the answer to the finished rename: p50 %.2f ms, p99 %.2f ms"):format(r.p50 * 1e3, r.p99 * 1e3))
end

-- A pool of the service is reached by TLS alone; without it the storage's share is seen more clearly.
local function measure(tls)
  print(("\nCPU a refresh over %s, medians of %d rounds of %d"):format(tls and "TLS" or "HTTP", rounds, REFRESHES))
  local server = emulator.start { tls = tls, config = { users = { alice = { password = "Correct-horse1" } },
    clients = { { id = "emulatorclient1", rotation = { grace = 10 } } } } }
  local ok, result = xpcall(cost.measure, debug.traceback, server, tmp.dir "/dev/shm", rounds, REFRESHES)
  server.stop()
  tmp.cleanup()
  if not ok then error(result, 0) end
  print_result(result)
end

if lfs.attributes "/dev/shm" then
  measure(true)
  measure(false)
else
  print "no RAM disk at /dev/shm: nothing to measure"
end
