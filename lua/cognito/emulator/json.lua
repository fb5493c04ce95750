--- JSON for the emulator: lists and objects stay distinct in both directions.
-- lua-cjson reads `{}` and `[]` alike, which would hide a client that sends one for the other, and Debian's build
-- cannot write an empty list. The reader is strict (RFC 8259) and refuses duplicate names and broken UTF-8.
-- @module cognito.emulator.json

local M = {}

local List = { __name = "json.list" }
local Number = { __name = "json.number" }

--- Stands for JSON null.
M.null = setmetatable({}, { __name = "json.null", __tostring = function() return "null" end })

--- Marks a table as a JSON list (also when it is empty).
-- @tparam[opt] table t a sequence
-- @treturn table the same table
function M.list(t) return setmetatable(t or {}, List) end

--- @treturn boolean whether t was read from or is to be written as a list
function M.is_list(t) return getmetatable(t) == List end

--- A timestamp as the service writes it: seconds in exponent form, such as 1.659377625E9.
function M.timestamp(seconds)
  local text = ("%.12E"):format(seconds):gsub("0*E%+?0*", "E")
  return setmetatable({ text = (text:gsub("%.E", ".0E")) }, Number)
end

--------------------------------------------------------------------------------------------------- writing

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote(s)
  return '"' .. s:gsub('[%c"\\\127]', function(c)
    return ESCAPES[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

local encode

local function encode_list(t)
  local out = {}
  for i = 1, #t do out[i] = encode(t[i]) end
  return "[" .. table.concat(out, ",") .. "]"
end

local function encode_object(t)
  local keys, out = {}, {}
  for key in pairs(t) do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  for i, key in ipairs(keys) do out[i] = quote(key) .. ":" .. encode(t[key]) end
  return "{" .. table.concat(out, ",") .. "}"
end

local function encode_table(t)
  local mt = getmetatable(t)
  if t == M.null then return "null" end
  if mt == Number then return t.text end
  if mt == List or t[1] ~= nil then return encode_list(t) end
  return encode_object(t)
end

function encode(value)
  local kind = type(value)
  if kind == "string" then return quote(value) end
  if kind == "table" then return encode_table(value) end
  if kind == "boolean" then return tostring(value) end
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if kind == "number" then return ("%.14g"):format(value) end
  error("cannot write a " .. kind .. " as JSON", 2)
end

--- @param value a Lua value; tables with a first element or made by `list` become lists
-- @treturn string JSON text with sorted names
M.encode = encode

--------------------------------------------------------------------------------------------------- reading

local decode_value

local function fail(what, at) error({ json = what .. " at byte " .. at }, 0) end

local function skip(s, i) return s:match("^[ \t\r\n]*()", i) end

local UNESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function decode_unicode(s, i)
  local hex = s:match("^%x%x%x%x", i) or fail("a bad \\u escape", i)
  local code = tonumber(hex, 16)
  if code < 0xD800 or code > 0xDFFF then return utf8.char(code), i + 4 end
  local low = code < 0xDC00 and tonumber(s:match("^\\u([dD][c-fC-F]%x%x)", i + 4) or "", 16)
  if not low then fail("half a surrogate pair", i) end
  return utf8.char(0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00)), i + 10
end

local function decode_escape(s, i)
  local c = s:sub(i, i)
  if c == "u" then return decode_unicode(s, i + 1) end
  return UNESCAPES[c] or fail("an unknown escape", i), i + 1
end

local function decode_string(s, i)
  local out = {}
  while true do
    local plain, stop = s:match('^([^"\\%c]*)()', i)
    out[#out + 1] = plain
    local c = s:sub(stop, stop)
    if c == '"' then return table.concat(out), stop + 1 end
    if c ~= "\\" then fail("a control character or the end inside a string", stop) end
    out[#out + 1], i = decode_escape(s, stop + 1)
  end
end

local function decode_number(s, i)
  local int, frac, exp, stop = s:match("^(%-?%d+)(%.?%d*)([eE]?[+-]?%d*)()", i)
  local text = int and int .. frac .. exp
  if not int or int:find("^%-?0%d") or frac == "." or (exp ~= "" and not exp:find("^[eE][+-]?%d+$")) then
    fail("not a JSON value", i)
  end
  return (frac == "" and exp == "") and math.tointeger(tonumber(text)) or tonumber(text) + 0.0, stop
end

local function decode_list(s, i, depth)
  local out = M.list {}
  i = skip(s, i)
  if s:sub(i, i) == "]" then return out, i + 1 end
  while true do
    out[#out + 1], i = decode_value(s, i, depth)
    i = skip(s, i)
    local c = s:sub(i, i)
    if c == "]" then return out, i + 1 end
    if c ~= "," then fail("a list without , or ]", i) end
    i = i + 1
  end
end

local function decode_member(s, i, out, depth)
  i = skip(s, i)
  if s:sub(i, i) ~= '"' then fail("a name must be a string", i) end
  local key, after = decode_string(s, i + 1)
  if out[key] ~= nil then fail("the name " .. key .. " twice", i) end
  after = skip(s, after)
  if s:sub(after, after) ~= ":" then fail("a name without :", after) end
  out[key], after = decode_value(s, after + 1, depth)
  return skip(s, after)
end

local function decode_object(s, i, depth)
  local out = {}
  i = skip(s, i)
  if s:sub(i, i) == "}" then return out, i + 1 end
  while true do
    i = decode_member(s, i, out, depth)
    local c = s:sub(i, i)
    if c == "}" then return out, i + 1 end
    if c ~= "," then fail("an object without , or }", i) end
    i = i + 1
  end
end

local WORDS = { t = { "true", true }, f = { "false", false }, n = { "null", M.null } }

function decode_value(s, i, depth)
  if depth > 64 then fail("nested too deep", i) end
  i = skip(s, i)
  local c = s:sub(i, i)
  if c == '"' then return decode_string(s, i + 1) end
  if c == "{" then return decode_object(s, i + 1, depth + 1) end
  if c == "[" then return decode_list(s, i + 1, depth + 1) end
  local word = WORDS[c]
  if not word then return decode_number(s, i) end
  if s:sub(i, i + #word[1] - 1) ~= word[1] then fail("not a JSON value", i) end
  return word[2], i + #word[1]
end

local function decode_all(s)
  if not utf8.len(s) then fail("broken UTF-8", 1) end
  local value, i = decode_value(s, 1, 0)
  if skip(s, i) ~= #s + 1 then fail("text after the value", i) end
  return value
end

--- Reads one JSON text.
-- @tparam string s
-- @return the value (lists carry a mark, null is `json.null`), or nil and what is wrong with it
function M.decode(s)
  local ok, result = pcall(decode_all, s)
  if ok then return result end
  if type(result) == "table" and result.json then return nil, result.json end
  error(result, 0)
end

return M
