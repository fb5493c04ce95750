---@meta cognito.host.loop
-- The event loop, for lua-language-server. See ../../cognito.lua.

---@class cognito.loop_options
---@field park? fun(pollable: table, timeout?: number) waits in another event loop, such as cqueues.poll
---@field on_error? fun(err: any, thread: thread)

---@class cognito.loop: cognito.host
local Loop = {}
---Starts a coroutine, which runs at the next step and may call the library.
---@param fn function
---@return thread
function Loop:spawn(fn, ...) end
---Goes on until every coroutine of the loop has ended.
function Loop:run() end
---@param seconds? number 0 never waits; nil waits until something happens
---@return boolean more whether coroutines of the loop are left
function Loop:step(seconds) end
---@return integer
function Loop:pollfd() end
---@return string
function Loop.events() end
---@return number?
function Loop:timeout() end
function Loop:close() end

local loop = {}
---@param options? cognito.loop_options
---@return cognito.loop
function loop.new(options) end

return loop
