--- Output handler for busted: failures in full, skips with their reason, figures (see spec/support/figures.lua), and
-- the last line `N passed, N failed, N skipped`, which tools/test adds up.
local figures = require "spec.support.figures"

return function()
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()
  local write = function(...) io.stdout:write(...) end

  local function indent(text) return "    " .. tostring(text):gsub("\n", "\n    ") .. "\n" end

  local function place(item)
    local trace = item.element.trace or item.trace
    if not (trace and trace.short_src) then return "" end
    return (" (%s:%s)"):format(trace.short_src, tostring(trace.currentline))
  end

  local function message_of(item)
    local message = item.message
    if type(message) == "table" and not (getmetatable(message) or {}).__tostring then
      return require("pl.pretty").write(message)
    end
    return tostring(message)
  end

  local function describe(label, item)
    write(label, " ", item.name, place(item), "\n", indent(message_of(item)))
    local traceback = item.trace and item.trace.traceback
    if item.isError and traceback then write(indent(traceback)) end
  end

  function handler.report()
    for _, item in ipairs(handler.failures) do describe("FAILED", item) end
    for _, item in ipairs(handler.errors) do describe("ERROR", item) end
    for _, item in ipairs(handler.pendings) do
      write("SKIPPED ", item.name, item.message and (": " .. message_of(item)) or "", "\n")
    end
    for _, line in ipairs(figures.lines()) do write(line, "\n") end
    write(("%d passed, %d failed, %d skipped\n"):format(handler.successesCount,
      handler.failuresCount + handler.errorsCount, handler.pendingsCount))
    io.stdout:flush()
    return nil, true
  end

  busted.subscribe({ "suite", "end" }, handler.report)
  return handler
end
