--- Records as octets: what the file and the Redis storage keep.
--
-- A first line names the form and its number; what follows is bound to the record's key, so that a record which was
-- moved to another key's place is refused:
--
--   lua-cognito record 1\n  the key  \n  SHA-256 of the JSON in hex  \n  JSON  \n
--   lua-cognito sealed 1\n  AES-256-GCM (`core.seal`) of the JSON, the place as additional data
--
-- The digest of the first form finds what disks and people break; only the second withstands an attacker.
-- @module cognito.storage.codec

local core = require "cognito.core"
local json = require "cognito.json"
local lazy = require "cognito.lazy"

local errors = lazy.module "cognito.errors"

local codec = {}

local FORMAT = 1
local PLAIN, SEALED = "lua-cognito record 1\n", "lua-cognito sealed 1\n"

--- The largest encoded record, in bytes.
codec.max_size = 1048576

local function place_of(key)
  return "lua-cognito record 1\0" .. key
end

local digest = core.fingerprint

--- Encodes a record, in three parts that are to be joined; that is left to the writer, who can do it without a Lua
-- string.
-- @tparam string key the record's key
-- @tparam table record
-- @tparam[opt] table keys a `cognito.storage.keys`; nil: not sealed
-- @treturn string|nil the first part, or nil
-- @treturn string|table the second, or an error of kind `store`
-- @treturn string the third
function codec.encode(key, record, keys)
  local text, message = json.encode(record, true)
  if not text or type(record.version) ~= "string" or record[1] ~= nil then
    message = "the record cannot be written: " .. (message or "it is a list, or has no version")
    return nil, errors.new("store", message, { code = "record" })
  end
  if #text > codec.max_size - 256 then
    return nil, errors.new("store", "the record is larger than a mebibyte", { code = "too_large" })
  end
  if not keys then return PLAIN .. key .. "\n" .. digest(text) .. "\n", text, "\n" end
  local sealed, err = keys:seal(place_of(key), text)
  if not sealed then return nil, err end
  return SEALED, sealed, ""
end

local function open_plain(key, octets)
  local owner, sum, text = octets:match("^(%x+)\n(%x+)\n(.*)\n$", #PLAIN + 1)
  if owner ~= key or sum ~= digest(text) then return nil, "corrupt" end
  return text
end

local UNSEALED = { seal_format = "corrupt", seal_tampered = "tampered", seal_key = "key", too_large = "corrupt" }

local function open_sealed(key, octets, keys)
  local text, code = keys:open(place_of(key), octets:sub(#SEALED + 1))
  if text then return text end
  return nil, UNSEALED[code] or code
end

local function open(key, octets, keys)
  local form, number = octets:match("^lua%-cognito (%l+) (%d+)\n")
  if not form then return nil, "corrupt" end
  if tonumber(number) > FORMAT then return nil, "newer" end
  if octets:sub(1, #PLAIN) == PLAIN then
    if keys then return nil, "not_sealed" end
    return open_plain(key, octets)
  end
  if octets:sub(1, #SEALED) ~= SEALED then return nil, "corrupt" end
  if not keys then return nil, "sealed" end
  return open_sealed(key, octets, keys)
end

--- Decodes a record.
-- @tparam string key
-- @tparam string octets
-- @tparam[opt] table keys
-- @treturn table|nil the record; or nil and an error of kind `store` (the keys could not be had) or a code:
-- `corrupt` `tampered` `newer` `key` (sealed with a key that is not ours) `sealed` (and no key was given)
-- `not_sealed` (and one was)
function codec.decode(key, octets, keys)
  local text, problem = open(key, octets, keys)
  if not text then return nil, problem end
  local record = json.decode(text)
  if type(record) ~= "table" or type(record.version) ~= "string" then return nil, "corrupt" end
  return record
end

--- A copy that shares nothing but strings.
-- @tparam table record
-- @treturn table
codec.copy = core.copy

--- Compares two records by content.
-- @tparam table a
-- @tparam table b
-- @treturn boolean
function codec.same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for k, v in pairs(a) do
    if not codec.same(v, b[k]) then return false end
  end
  for k in pairs(b) do
    if a[k] == nil then return false end
  end
  return true
end

return codec
