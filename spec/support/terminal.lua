--- A real terminal for specs: a tmux server of its own, typed into and read from.
local proc = require "spec.support.proc"
local socket = require "socket"
local tmp = require "spec.support.tmp"
local M = {}

local Terminal = {}
Terminal.__index = Terminal

local function tmux(self, ...)
  local code, out, err = proc.run { argv = { "tmux", "-S", self.socket, "-f", "/dev/null", ... }, env = self.env }
  if code ~= 0 then error(("tmux %s: %s%s"):format((...), out, err), 2) end
  return out
end

--- Starts a terminal that runs `sh`, with these variables in its environment.
-- @tparam ?table env name to value
function M.start(env)
  local self = setmetatable({ socket = tmp.dir() .. "/tmux", env = env }, Terminal)
  tmux(self, "new-session", "-d", "-s", "t", "-x", "100", "-y", "50", "env PS1='$ ' sh")
  return self
end

--- Types text; no key is special.
function Terminal:type(text) tmux(self, "send-keys", "-t", "t", "-l", text) end

--- Presses a key by tmux's name: "Enter", "C-c", "C-d".
function Terminal:press(key) tmux(self, "send-keys", "-t", "t", key) end

--- Types a line and presses Return.
function Terminal:line(text)
  self:type(text)
  self:press "Enter"
end

--- What the screen shows.
function Terminal:screen() return (tmux(self, "capture-pane", "-t", "t", "-p", "-J"):gsub("%s+$", "")) end

--- Waits until the screen shows `text`; raises with the screen when it does not.
function Terminal:see(text, seconds)
  local ends = socket.gettime() + (seconds or 30)
  local screen
  repeat
    screen = self:screen()
    if screen:find(text, 1, true) then return screen end
    socket.sleep(0.02)
  until socket.gettime() > ends
  error(("the terminal does not show %q but:\n%s"):format(text, screen), 2)
end

--- Clears the screen, so that `see` finds what comes now. The mark is written in two parts, so that the line that asks
-- for it is not taken for it.
function Terminal:clear()
  self:line "clear; echo cleared-'screen'"
  self:see "cleared-screen"
end

function Terminal:stop() tmux(self, "kill-server") end

return M
