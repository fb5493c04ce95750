local contract = require "spec.contract.storage_contract"
local file = require "cognito.storage.file"
local tmp = require "spec.support.tmp"

local function maker(options)
  return function()
    local path = tmp.dir()
    local function again()
      return file.new { path = path, key = options.key, lock = options.lock }
    end
    return again(), { again = again, close = function() tmp.remove(path) end }
  end
end

contract.describe(describe, it, "file", maker {})
contract.describe(describe, it, "file, sealed", maker { key = ("k"):rep(32) })
