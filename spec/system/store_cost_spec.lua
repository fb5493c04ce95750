-- The file storage on a RAM disk beside the memory storage, against the emulator.
local cost = require "spec.support.store_cost"
local emulator = require "spec.support.emulator"
local lfs = require "lfs"
local tmp = require "spec.support.tmp"

describe("the file storage", function()
  it("costs a refresh on a RAM disk at most half as much CPU again as the memory storage", function()
    if not lfs.attributes "/dev/shm" then return pending "no RAM disk at /dev/shm" end
    if os.getenv "ASAN" or os.getenv "VALGRIND" then return pending "figures under a checker mean nothing" end
    local server = emulator.start { config = { users = { alice = { password = "Correct-horse1" } },
      clients = { { id = "emulatorclient1", rotation = { grace = 10 } } } } }
    local folder = tmp.dir "/dev/shm"
    local r = cost.measure(server, folder, tonumber(os.getenv "ROUNDS") or 7, 40)
    server.stop()
    tmp.cleanup()
    print(("CPU a refresh: memory %.0f us, file %.0f us (%.2fx), sealed %.0f us (%.2fx)"):format(r.memory * 1e6,
      r.file * 1e6, r.ratio, r.sealed * 1e6, r.sealed_ratio))
    print(("last byte to finished put: p50 %.2f ms, p99 %.2f ms"):format(r.p50 * 1e3, r.p99 * 1e3))
    assert.is_true(r.ratio <= 1.5, ("%.2f times the CPU"):format(r.ratio))
    assert.is_true(r.p99 < 0.005, ("p99 %.2f ms"):format(r.p99 * 1e3))
  end)
end)
