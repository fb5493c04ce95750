-- The helpers of the specs: processes, ports, folders.
local proc = require "spec.support.proc"
local ports = require "spec.support.ports"
local tmp = require "spec.support.tmp"

describe("the helpers of the specs:", function()
  teardown(tmp.cleanup)

  it("a command's exit code, output and errors are seen", function()
    local code, out, err = proc.run { argv = { "sh", "-c", 'echo "$GREETING it\'s"; echo bad >&2; exit 3' },
      env = { GREETING = "hello 'you'" } }
    assert.same({ 3, "hello 'you' it's\n", "bad\n" }, { code, out, err })
  end)

  it("a command runs in the folder that was asked for", function()
    local dir = tmp.dir()
    local _, out = proc.run { argv = { "pwd" }, cwd = dir }
    assert.equal(dir .. "\n", out)
  end)

  it("a child is stopped, also one that ignores TERM", function()
    local child = proc.start { argv = { "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done" } }
    assert.equal("ready", child:wait_line("ready"))
    assert.is_nil(child:status())
    assert.equal(137, child:stop())
    assert.equal(137, child:stop())
  end)

  it("a child that ends is not waited for any longer", function()
    local child = proc.start { argv = { "sh", "-c", "echo broken >&2; exit 1" } }
    local line, why = child:wait_line("ready", 10)
    assert.is_nil(line)
    assert.matches("status 1\nbroken", why)
    child:stop()
  end)

  it("no child outlives its test process", function()
    local script = tmp.write(tmp.dir() .. "/orphan.lua", [[
      local child = require("spec.support.proc").start { argv = { "sleep", "60" } }
      print(child.pid)
      io.stdout:flush()
      os.execute("kill -KILL $PPID")
    ]])
    local code, out = proc.run { argv = { proc.interpreter(), script } }
    assert.equal(137, code)
    local pid = tonumber(out)
    local gone
    for _ = 1, 200 do
      gone = proc.run { argv = { "kill", "-0", pid } } ~= 0
      if gone then break end
    end
    assert.is_true(gone)
  end)

  it("a free port is free, and a port without a listener is not waited for beyond the limit", function()
    local port = ports.free()
    assert.is_false(ports.wait(port, 0.05))
  end)
end)
