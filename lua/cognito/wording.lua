--- How foreign texts and errors are worded: one printable line, whatever is in them.
-- Most texts are plain already, and most programs show no error: `cognito.errors` asks here only for the others.
-- @module cognito.wording

local utf8_sound = require("cognito.core").utf8_sound

local wording = {}

local function escape(sequence)
  return (sequence:gsub(".", function(c) return ("\\x%02x"):format(c:byte()) end))
end

-- Cuts at the end of a UTF-8 sequence, so that a cut text is still text.
local function cut(text, max)
  if #text <= max then return text end
  local stop = max - 3
  while stop > 0 and text:byte(stop + 1) >= 0x80 and text:byte(stop + 1) < 0xC0 do stop = stop - 1 end
  return text:sub(1, stop) .. "..."
end

-- What is no UTF-8 would make a log line or a JSON text of it unreadable.
local function escape_broken(text)
  local out, at = {}, 1
  while at <= #text do
    local sound = utf8_sound(text:sub(at))
    out[#out + 1] = text:sub(at, at + sound - 1)
    at = at + sound
    if at <= #text then out[#out + 1] = escape(text:sub(at, at)) end
    at = at + 1
  end
  return table.concat(out)
end

-- What a terminal obeys or a reader does not see, in UTF-8: the other control characters (U+0080 to U+009F), and what
-- turns the direction of a text or ends its line.
local UNSEEN = { "[%c\127]", "\194[\128-\159]", "\226\128[\142\143\168-\174]", "\226\129[\166-\169]" }

local function escape_unseen(text)
  for _, pattern in ipairs(UNSEEN) do text = text:gsub(pattern, escape) end
  return text
end

--- See `cognito.errors.visible`.
-- @tparam string text any bytes
-- @treturn string
function wording.visible(text)
  text = escape_unseen(text)
  if utf8_sound(text) == #text then return text end
  return (text:gsub("[\128-\255]", escape))
end

--- See `cognito.errors.clean`.
-- @tparam string text any bytes
-- @tparam number max
-- @treturn string at most `max` bytes
function wording.clean(text, max)
  text = escape_unseen(cut(text, 4 * max))
  if utf8_sound(text) < #text then text = escape_broken(text) end
  return cut(text, max)
end

local function details(err, clean)
  local list = {}
  if err.operation then list[#list + 1] = err.operation end
  if err.code then list[#list + 1] = tostring(err.code) end
  if err.field then list[#list + 1] = "field " .. tostring(err.field) end
  if err.status then list[#list + 1] = ("HTTP %d"):format(err.status) end
  if err.request_id then list[#list + 1] = "request " .. tostring(err.request_id) end
  if #list == 0 then return "" end
  return " (" .. clean(table.concat(list, ", ")) .. ")"
end

--- An error as one line: what happened, where, and the cure.
-- @tparam table err an error object
-- @tparam function clean see `cognito.errors.clean`
-- @treturn string
function wording.line(err, clean)
  local line = err.kind .. ": " .. clean(err.message) .. details(err, clean)
  if err.hint then line = line .. "; " .. clean(err.hint) end
  return line
end

return wording
