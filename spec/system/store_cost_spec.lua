-- The file storage on a RAM disk beside the memory storage, against the emulator. The goal is at most 1.5 times the CPU
-- (`make store-cost`, on a quiet machine); the bare system calls of a durable file take most of that, and what other
-- programs do to the caches weighs heavier on them, so in the suite the bound is wider.
local cost = require "spec.support.store_cost"
local emulator = require "spec.support.emulator"
local lfs = require "lfs"
local tmp = require "spec.support.tmp"

local BOUND = tonumber(os.getenv "BOUND") or 2
local ROUNDS = tonumber(os.getenv "COST_ROUNDS") or 7

describe("the file storage", function()
  teardown(tmp.cleanup)

  it(("costs a refresh on a RAM disk at most %.1f times the CPU of the memory storage"):format(BOUND), function()
    if not lfs.attributes "/dev/shm" then return pending "no RAM disk at /dev/shm" end
    if os.getenv "ASAN" or os.getenv "VALGRIND" then return pending "figures under a checker mean nothing" end
    local server = emulator.start { config = { users = { alice = { password = "Correct-horse1" } },
      clients = { { id = "emulatorclient1", rotation = { grace = 10 } } } } }
    local r = cost.measure(server, tmp.dir "/dev/shm", ROUNDS, 40)
    server.stop()
    print(("CPU a refresh: memory %.0f us, file %.0f us (%.2fx), sealed %.0f us (%.2fx)"):format(r.memory * 1e6,
      r.file * 1e6, r.ratio, r.sealed * 1e6, r.sealed_ratio))
    print(("of these the bare system calls of a durable file: %.0f us with the memory's (%.2fx)"):format(r.calls * 1e6,
      r.calls_ratio))
    print(("last byte to finished put: p50 %.2f ms, p99 %.2f ms"):format(r.p50 * 1e3, r.p99 * 1e3))
    assert.is_true(r.ratio <= BOUND, ("%.2f times the CPU"):format(r.ratio))
    assert.is_true(r.p50 < 0.005, ("p50 %.2f ms"):format(r.p50 * 1e3))
  end)
end)
