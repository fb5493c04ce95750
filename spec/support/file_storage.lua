--- What the specs of the file storage share: keys, looks at a folder, and what every refusal looks like.
local assert = require "luassert"
local file = require "cognito.storage.file"
local lfs = require "lfs"
local tmp = require "spec.support.tmp"

local file_storage = { KEY = ("ab"):rep(32), OTHER = ("cd"):rep(32), SEAL = ("k"):rep(32) }

--- Runs a shell command; `%s` in it stand for words that are quoted.
function file_storage.sh(format, ...)
  local words = { ... }
  for i, word in ipairs(words) do words[i] = tmp.quote(word) end
  local command = format:format((table.unpack or unpack)(words))
  local status = os.execute(command)
  assert(status == true or status == 0, command)
end

--- The names in a folder, sorted.
function file_storage.names_in(path)
  local list = {}
  for name in lfs.dir(path) do
    if name ~= "." and name ~= ".." then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

--- Asserts a refusal of kind `store` that says what to do, and holds no secret.
function file_storage.fails(code, hint, ok, err)
  assert.is_nil(ok)
  assert.is_table(err)
  assert.equal("store", err.kind)
  assert.equal(code, err.code)
  assert.is_string(err.hint)
  assert.matches(hint, err.hint)
  assert.is_nil((tostring(err):find("CANARY", 1, true)))
  return err
end

--- A new folder with one record in it.
-- @treturn string the folder
-- @treturn table its storage
-- @treturn string the record's file
function file_storage.with_record(record, key)
  local path = tmp.dir()
  local storage = file.new { path = path, key = key }
  assert(storage:put(file_storage.KEY, record, nil))
  return path, storage, path .. "/" .. file_storage.KEY .. ".session"
end

return file_storage
