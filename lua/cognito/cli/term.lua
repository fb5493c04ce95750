--- The terminal: questions, secrets without echo, QR codes. Everything goes to the terminal or stderr, so that stdout
-- stays clean for results.
-- @module cognito.cli.term
local errors = require "cognito.errors"
local posix = require "cognito.posix"

local term = {}

local MAX_LINE = 2048

local function clean(text) return (text:gsub("[^\n]+", errors.visible)) end

-- nil and nothing: the person pressed Ctrl-C or Ctrl-D, and that needs no explanation.
local function failure(prompt, code, message)
  if code == "interrupted" or code == "end" then
    io.stderr:write "\n"
    return nil
  end
  if code == "no_terminal" then message = ("there is no terminal to ask on: %s"):format(prompt) end
  return nil, errors.new("config", message, { code = code, hint = code == "no_terminal" and "run it in a terminal" })
end

--- What is wrong when a question cannot be asked. For commands that would do half of their work before they ask.
-- @treturn errors|nil `config` with code `no_terminal`
function term.unreachable()
  local tty = io.open("/dev/tty", "r+")
  if tty then
    tty:close()
    return nil
  end
  return select(2, failure("this command asks questions", "no_terminal"))
end

local function ask(prompt, hidden, may_be_empty)
  while true do
    local line, code, message = posix.ask(clean(prompt) .. ": ", hidden, MAX_LINE)
    if not line then return failure(prompt, code, message) end
    if line ~= "" or may_be_empty then return line end
  end
end

--- Asks for a line.
-- @tparam string prompt
-- @tparam[opt] boolean may_be_empty
-- @treturn string|nil the line, or nil and an error: `config` when there is no terminal; nothing when the person gave
-- up
function term.ask(prompt, may_be_empty) return ask(prompt, false, may_be_empty) end

--- Asks for a secret, without echo.
-- @tparam string prompt
-- @tparam[opt] boolean may_be_empty
-- @treturn string|nil the secret, or nil and an error
function term.secret(prompt, may_be_empty) return ask(prompt, true, may_be_empty) end

--- Asks for a new password, twice.
-- @treturn string|nil the password, or nil and an error
function term.new_password()
  while true do
    local first, err = term.secret "New password"
    if not first then return nil, err end
    local second
    second, err = term.secret "The same again"
    if not second then return nil, err end
    if first == second then return first end
    term.say "These two differ."
  end
end

--- All of standard input, without the line's end.
-- @tparam number max bytes
-- @tparam[opt] boolean secret it may not be typed at a terminal, which would show it
-- @treturn string|nil the text, or nil and an error: `invalid` when there is more, or nothing
function term.read_stdin(max, secret)
  if posix.is_terminal(0) then
    if secret then
      return nil, errors.new("invalid", "standard input is a terminal, which would show what is typed",
        { field = "stdin", hint = "leave the option out to be asked without echo" })
    end
    term.say "Reading standard input; Ctrl-D ends it."
  end
  local text = io.stdin:read(max + 1)
  if not text or text == "" then return nil, errors.new("invalid", "standard input is empty", { field = "stdin" }) end
  if #text > max then return nil, errors.new("invalid", "standard input is too long", { field = "stdin" }) end
  return (text:gsub("[\r\n]+$", ""))
end

--- Tells the person something, on stderr.
-- @tparam string text
function term.say(text) io.stderr:write(clean(tostring(text)), "\n") end

local FRAMES, TICKS = { "|", "/", "-", "\\" }, 6 -- a frame each 0.12 s

--- A spinner for what takes long, or nil where nobody would see it.
-- @tparam string text
-- @treturn function|nil tick() draws the next frame now and then
-- @treturn function|nil stop() wipes the line
function term.spinner(text)
  if not term.is_terminal(2) then return nil end
  local ticks = 0
  local function tick()
    ticks = ticks + 1
    if ticks % TICKS ~= 1 then return end
    io.stderr:write("\r", FRAMES[math.floor(ticks / TICKS) % #FRAMES + 1], " ", clean(text))
  end
  return tick, function() io.stderr:write("\r", (" "):rep(#text + 2), "\r") end
end

--- Whether a descriptor is a terminal.
-- @tparam number fd
-- @treturn boolean
function term.is_terminal(fd) return posix.is_terminal(fd) end

--- Whether a descriptor is a terminal of somebody who has not asked for no colours (NO_COLOR).
-- @tparam number fd
-- @treturn boolean
function term.has_colours(fd)
  local plain = os.getenv "NO_COLOR"
  return (plain == nil or plain == "") and posix.is_terminal(fd)
end

-- The text goes to qrencode by its standard input: it holds the TOTP secret, which has no place in argv. Where there is
-- no qrencode the shell reads it, since a pipe that nobody reads would end this process.
local function draw_qr(text)
  local kind = term.has_colours(2) and "ANSIUTF8" or "UTF8"
  local pipe = io.popen(("qrencode -t %s -m 2 -o - >&2 2>/dev/null || { cat >/dev/null; exit 1; }"):format(kind), "w")
  if not pipe then return false end
  pipe:write(text)
  return pipe:close()
end

--- Shows a QR code where `qrencode` is there and stderr is a terminal; the text itself otherwise.
-- @tparam string text
function term.qr(text)
  if not term.is_terminal(2) or not draw_qr(text) then term.say(text) end
end

return term
