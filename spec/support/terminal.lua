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

--- What the screen shows; with "-e" the colours too, as escape sequences.
function Terminal:screen(option)
  return (tmux(self, "capture-pane", "-t", "t", "-p", option or "-J"):gsub("%s+$", ""))
end

local function count(screen, text)
  local found, at = 0, 0
  repeat
    at = screen:find(text, at + 1, true)
    found = found + (at and 1 or 0)
  until not at
  return found
end

--- Waits until the screen shows `text`, `times` times; raises with the screen when it does not.
function Terminal:see(text, seconds, times)
  local ends = socket.gettime() + (seconds or 30)
  local screen
  repeat
    screen = self:screen()
    if count(screen, text) >= (times or 1) then return screen end
    socket.sleep(0.05)
  until socket.gettime() > ends
  error(("the terminal does not show %q but:\n%s"):format(text, screen), 2)
end

--- Runs a command of the shell and answers its questions.
-- @tparam number code the exit code that it must end with
-- @tparam string line
-- @tparam table answers a row each: what to wait for, what to type then; or `key`, a key to press; `times`
-- @treturn string the screen at the end
function Terminal:dialogue(code, line, answers)
  self:line(line .. "; echo code=$?")
  for _, row in ipairs(answers) do
    self:see(row[1], nil, row.times)
    if row.key then self:press(row.key) else self:line(row[2]) end
  end
  return self:see("code=" .. code)
end

--- Whether what is typed is shown: what a shell finds after a command that asked for a secret.
function Terminal:echoes()
  self:line "stty -a | grep -o ' echo '; echo looked=$((1+1))"
  return self:see "looked=2":find("\n echo", 1, true) ~= nil
end

--- Clears the screen, so that `see` finds what comes now. The mark is written in two parts, so that the line that asks
-- for it is not taken for it.
function Terminal:clear()
  self:line "clear; echo cleared-'screen'"
  self:see "cleared-screen"
end

function Terminal:stop() tmux(self, "kill-server") end

return M
