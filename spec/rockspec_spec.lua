-- Every module of the tree is in the rockspec, and nothing else is.
local source = require "spec.support.source"

local function load_rockspec(path)
  local env = {}
  local text = source.read(path)
  local chunk
  if _VERSION == "Lua 5.1" then
    chunk = assert(loadstring(text, path))
    setfenv(chunk, env)
  else
    chunk = assert(load(text, path, "t", env))
  end
  chunk()
  return env
end

describe("the rockspec", function()
  local rockspec = load_rockspec "lua-cognito-dev-1.rockspec"
  local modules = rockspec.build.modules

  it("names every Lua module, and each of its paths exists", function()
    local wanted, got = {}, {}
    for _, path in ipairs(source.files("lua", "*.lua")) do wanted[source.module_name(path)] = path end
    for name, value in pairs(modules) do if type(value) == "string" then got[name] = value end end
    assert.same(wanted, got)
  end)

  it("compiles every C source of the library, each in one or more modules that exist", function()
    local wanted, got = {}, {}
    for _, folder in ipairs { "core", "http", "posix", "lua" } do
      for _, path in ipairs(source.files("csrc/" .. folder, "*.c")) do wanted[path] = true end
    end
    for _, value in pairs(modules) do
      for _, path in ipairs(type(value) == "table" and value.sources or {}) do got[path] = true end
    end
    assert.same(wanted, got)
  end)

  it("names libraries, not headers", function()
    for _, dependency in pairs(rockspec.external_dependencies) do
      assert.is_nil(dependency.header)
      assert.is_string(dependency.library)
    end
  end)

  -- what the User-Agent says is compared with the module's version in pool_spec.lua
  it("has the version that the module and the changelog name, or is the one of the sources", function()
    local named = require("cognito")._VERSION
    assert.equal(named, (source.read "CHANGELOG.md":match "\n## (%d%S*)"))
    local version = rockspec.version:match "^(.+)%-%d+$"
    if version ~= "dev" then assert.equal(named, version) end
  end)

  it("is as `make rockspec` writes it", function()
    assert.equal("0", source.lines("lua5.4 tools/rockspec.lua --check 2>/dev/null; echo $?")[1])
  end)
end)
