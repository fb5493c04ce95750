-- Libraries that are mapped before Lua loads them.
local posix = require "cognito.posix"

local function path_of(name)
  for template in package.cpath:gmatch "[^;]+" do
    local path = template:gsub("%?", name)
    local file = io.open(path)
    if file then
      file:close()
      return path
    end
  end
end

describe("posix.map_library", function()
  it("maps what require loads afterwards", function()
    assert.is_true(posix.map_library(path_of "cognito/http"))
    assert.is_function(require("cognito.http").crowd)
  end)

  it("says that there is no such library", function()
    local ok, code = posix.map_library "./no/such/library.so"
    assert.is_nil(ok)
    assert.equal("ENOENT", code)
    assert.has_error(function() posix.map_library "a\0b" end)
  end)
end)
