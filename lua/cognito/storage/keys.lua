--- The keys that seal records: where they come from, which one is new, which are kept for old records.
--
-- A key is 32 random octets (`openssl rand -hex 32`). What is given may be
--
--   * a string: the 32 octets, 64 hex digits, or base64;
--   * `{ file = "/path" }`: one key a line, the newest first, `#` starts a comment; the file may not be open to others;
--   * `{ env = "NAME" }`: keys separated by blanks or commas, the newest first;
--   * a function that returns one or more keys, the newest first, or nil and a reason;
--   * a list of these, the newest first.
--
-- The newest key seals; every key opens. To rotate: add the new key behind the old one everywhere, then put it first
-- everywhere, then, when no record of the old key is left, take the old one away. Files, variables and functions are
-- asked again when a record turns up that no known key opens.
-- @module cognito.storage.keys

local core = require "cognito.core"
local errors = require "cognito.errors"

local keys = {}

local Keys = { __name = "cognito.storage.keys" }
Keys.__index = Keys

Keys.__tostring = function()
  return "cognito.storage.keys(***)"
end

local CURE = "a key is 32 random octets as 64 hex digits or base64: make one with `openssl rand -hex 32`"
local FILE_MAX = 65536

local function failure(message, hint)
  return nil, errors.new("store", message, { code = "key", hint = hint or CURE })
end

local function decode_text(text)
  if #text == 64 then return core.hex_decode(text) end
  if #text == 44 then return core.b64_decode(text) end
  if #text == 43 then return core.b64url_decode(text) end
end

-- Raw octets are taken from a program only: a line of 32 characters in a file is a password and not a key.
local function read_key(text, raw)
  if raw and #text == 32 then return text end
  local key = decode_text(text)
  return key and #key == 32 and key or nil
end

local function add_words(list, text, pattern, where)
  for word in text:gmatch(pattern) do
    local key = read_key(word)
    if not key then return failure(where .. " holds something that is not a key") end
    list[#list + 1] = key
  end
  return true
end

local function add_file(list, path)
  local text, code, message = require("cognito.posix").read_secret(path, FILE_MAX)
  if not text then
    local hint = code == "mode" and "chmod 600 " .. path or CURE
    return failure(("the key file %s cannot be used: %s"):format(path, message), hint)
  end
  return add_words(list, text:gsub("#[^\n]*", ""), "%S+", "the key file " .. path)
end

local function add_variable(list, name)
  local text = os.getenv(name)
  if not text then return failure(("the environment variable %s with the key is not set"):format(name)) end
  return add_words(list, text, "[^%s,]+", "the environment variable " .. name)
end

local function add_returned(list, count, first, reason, ...)
  if first == nil then
    local _, err = failure("the key function gave no key", "see the cause")
    err.cause = reason
    return nil, err
  end
  local given = { first, reason, ... }
  for i = 1, count do
    local key = type(given[i]) == "string" and read_key(given[i], true)
    if not key then return failure("the key function returned something that is not a key") end
    list[#list + 1] = key
  end
  return true
end

local function call(list, fn)
  local function take(...)
    return add_returned(list, select("#", ...), ...)
  end
  return take(fn())
end

local function add(list, source)
  if type(source) == "function" then return call(list, source) end
  if type(source) == "table" and source.file then return add_file(list, source.file) end
  if type(source) == "table" then return add_variable(list, source.env) end
  local key = read_key(source, true)
  if not key then return failure("what was given as a key is none") end
  list[#list + 1] = key
  return true
end

local function is_source(value)
  if type(value) == "string" or type(value) == "function" then return true end
  return type(value) == "table" and (type(value.file) == "string") ~= (type(value.env) == "string")
end

local function check(given, where)
  if is_source(given) then return { given } end
  if type(given) == "table" and #given > 0 then
    for _, source in ipairs(given) do
      if not is_source(source) then given = nil break end
    end
    if given then return given end
  end
  error(where .. ": key must be a string, a function, { file = path }, { env = name } or a list of these", 4)
end

--- Describes where keys come from; nothing is read yet.
-- @param given see above; a wrong Lua type raises
-- @tparam string where the name of the caller, for the message
-- @treturn table the keys
function keys.new(given, where)
  return setmetatable({ sources = check(given, where) }, Keys)
end

local function load_all(self)
  local list = {}
  for _, source in ipairs(self.sources) do
    local ok, err = add(list, source)
    if not ok then return nil, err end
  end
  if #list == 0 then return failure("there is no key") end
  self.list = list
  return list
end

local function known_keys(self)
  if self.list then return self.list end
  return load_all(self)
end

--- Seals a text with the newest key.
-- @tparam string place what the text is bound to
-- @tparam string text
-- @treturn string|nil octets, or nil and an error of kind `store`
function Keys:seal(place, text)
  local list, err = known_keys(self)
  if not list then return nil, err end
  local sealed, code, message = core.seal(list[1], place, text)
  if not sealed then return nil, errors.new("store", message, { code = code }) end
  return sealed
end

local function open_with(list, place, sealed)
  local text, code
  for _, key in ipairs(list) do
    text, code = core.unseal(key, place, sealed)
    if code ~= "seal_key" then return text, code end
  end
  return nil, code
end

--- Opens a sealed text with whichever key fits.
-- @tparam string place
-- @tparam string sealed
-- @treturn string|nil the text, or nil and a code of `core.unseal`, or nil and an error of kind `store`
function Keys:open(place, sealed)
  local fresh = not self.list
  local list, err = known_keys(self)
  if not list then return nil, err end
  local text, code = open_with(list, place, sealed)
  if code ~= "seal_key" or fresh then return text, code end
  list, err = load_all(self)
  if not list then return nil, err end
  return open_with(list, place, sealed)
end

--- Other keys for another purpose, one made from each, the newest first.
-- @tparam string purpose
-- @treturn {string,...}|nil of 32 octets, or nil and an error of kind `store`
function Keys:derive(purpose)
  local list, err = known_keys(self)
  if not list then return nil, err end
  local derived = {}
  for i, key in ipairs(list) do derived[i] = core.hmac_sha256(key, "lua-cognito derived key\0" .. purpose) end
  return derived
end

return keys
