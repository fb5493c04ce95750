--- Figures that a spec measures: reported where a run shows them, not only in the log of a spec that passes.
--
--     require("spec.support.figures").report("page to token", "%.0f ms", milliseconds)
--
-- The output handler (spec/support/output.lua) prints each as a line `FIGURE name: value` before the sum, and
-- tools/test-one shows these lines below the spec's own. A figure is a report; a bound is an assertion of the spec.
-- The handler loads this module first, so that busted, which isolates spec files, gives them the same one.
local M = {}

local list = {}

--- Report a figure.
-- @tparam string name
-- @tparam string form of string.format
-- @param ... its values
function M.report(name, form, ...) list[#list + 1] = ("FIGURE %s: %s"):format(name, form:format(...)) end

--- All lines so far.
-- @treturn {string,...}
function M.lines() return list end

return M
