-- The loop inside other event loops, for real: the examples, against the emulator.
local emulator = require "spec.support.emulator"
local proc = require "spec.support.proc"
local socket = require "socket"
local source = require "spec.support.source"
local tmp = require "spec.support.tmp"

describe("the loop host inside other loops", function()
  local server, env
  setup(function()
    local config = dofile "examples/demo_pool.lua"
    config.clients[1].access_token_ttl, config.clients[1].id_token_ttl = 3600, 3600 -- its four seconds may be too short
    server = emulator.start { config = config }
    env = { COGNITO_ENDPOINT = server.url }
  end)
  teardown(function()
    server.stop()
    tmp.cleanup()
  end)

  local function run(interpreter, example)
    local start = socket.gettime()
    local code, out, err = proc.run { argv = { interpreter, "examples/" .. example }, env = env }
    assert.equal("0", tostring(code), out .. err)
    -- an attempt's deadline is twice that: a loop that nobody woke goes on only then
    assert.is_true(socket.gettime() - start < 5, example .. " waited for a deadline")
    return out
  end

  local function fails(interpreter, example)
    local code, out, err = proc.run { argv = { interpreter, "examples/" .. example },
      env = { COGNITO_ENDPOINT = "http://127.0.0.1:1" } }
    assert.are_not.equal("0", tostring(code))
    return out .. err
  end

  for _, kind in ipairs { "cqueues", "luv", "frames" } do
    it("runs as its first lines say: " .. kind, function()
      local line = source.read("examples/loop_" .. kind .. ".lua"):match "(tools/with%-emulator [^\n]+)"
      local code, out, err = proc.run { argv = { "sh", "-c", line } }
      assert.equal("0", tostring(code), out .. err)
      assert.truthy(out:find("signed in as alice", 1, true), out)
    end)
  end

  for _, interpreter in ipairs { "lua5.4", "lua5.1", "luajit" } do
    for _, kind in ipairs { "cqueues", "luv", "frames" } do
      it("say what is wrong: " .. kind .. ", " .. interpreter, function()
        assert.truthy(fails(interpreter, "loop_" .. kind .. ".lua"):find("connect: Failed to connect", 1, true))
      end)
    end
  end

  for _, interpreter in ipairs { "lua5.4", "luajit" } do
    it("cqueues, " .. interpreter, function()
      local out = run(interpreter, "loop_cqueues.lua")
      for i = 1, 3 do assert.truthy(out:find(("task %d: signed in as alice"):format(i), 1, true), out) end
      assert.truthy(out:find("ticked 10 times", 1, true), out)
    end)

    it("luv, " .. interpreter, function()
      local out = run(interpreter, "loop_luv.lua")
      for i = 1, 3 do assert.truthy(out:find(("task %d: signed in as alice"):format(i), 1, true), out) end
      assert.truthy(out:find("ticked 10 times", 1, true), out)
    end)

    it("a frame loop, " .. interpreter, function()
      local out = run(interpreter, "loop_frames.lua")
      local frames, longest = out:match("signed in as alice after (%d+) frames; the longest step took ([%d.]+) ms")
      assert.truthy(frames, out)
      assert.is_true(tonumber(frames) >= 2, out)
      assert.is_true(tonumber(longest) < 1000, out) -- what the proof of the password computes
    end)
  end
end)
