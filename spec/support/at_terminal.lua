--- The command at a terminal, for specs that type and read there: one emulator for all examples, and for each a home of
-- its own with a profile and a terminal.
--
--     describe("...", function()
--       local emu, shell, term
--       at_terminal(function(...) emu, shell, term = ... end)
local busted = require "busted"
local command = require "spec.support.command"
local emulator = require "spec.support.emulator"
local tmp = require "spec.support.tmp"

--- Call it inside a `describe`.
-- @tparam function take gets the emulator, the command (spec.support.command) and the terminal before each example
return function(take)
  local emu, term
  busted.setup(function() emu = emulator.start { config = command.CONFIG } end)
  busted.teardown(function()
    emu.stop()
    tmp.cleanup()
  end)
  busted.before_each(function()
    emu.reset()
    local shell = command.new(emu)
    shell:configure("default", "cliclient")
    term = shell:terminal()
    take(emu, shell, term)
  end)
  busted.after_each(function() term:stop() end)
end
