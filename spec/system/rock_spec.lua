-- The rock, built by LuaRocks itself from a copy of the tree, works in a tree of its own.
local proc = require "spec.support.proc"
local source = require "spec.support.source"
local tmp = require "spec.support.tmp"

local ROCKSPEC = "lua-cognito-dev-1.rockspec"

describe("the rock", function()
  local copy, home

  -- LuaRocks compiles inside the folder of the rockspec.
  setup(function()
    copy, home = tmp.dir(), tmp.dir()
    local files = "Makefile LICENSE README.md CHANGELOG.md bin csrc docs examples lua types " .. ROCKSPEC
    assert.equal("0", source.lines(("tar cf - %s | tar xf - -C %s; echo $?"):format(files, copy))[1])
  end)
  teardown(tmp.cleanup)

  local function run(argv)
    local words = { "env", "-u", "LUA_PATH", "-u", "LUA_CPATH", "-u", "LUA_PATH_5_4", "-u", "LUA_CPATH_5_4",
      "HOME=" .. home }
    for _, word in ipairs(argv) do words[#words + 1] = word end
    local code, out, err = proc.run { argv = words, cwd = copy, timeout = 150 }
    assert(code == 0, ("%s: exit code %s\n%s%s"):format(table.concat(argv, " "), tostring(code), out, err))
    return out
  end

  local function luarocks(version, ...) return run { "luarocks", "--lua-version=" .. version, ... } end

  -- A script that loads modules from the tree alone and says where each came from.
  local function loads(lua, version, tree)
    local script = ([[
      package.path = "%s/share/lua/%s/?.lua;%s/share/lua/%s/?/init.lua;" .. package.path
      package.cpath = "%s/lib/lua/%s/?.so;" .. package.cpath
      for _, name in ipairs { "cognito.core", "cognito.http", "cognito.posix", "cognito", "cognito.host.loop" } do
        assert(type(require(name)) == "table", name)
      end
      assert(require("cognito.core").hex_encode(require("cognito.core").sha256("")):sub(1, 8) == "e3b0c442")
      io.write(assert(package.searchpath and package.searchpath("cognito.core", package.cpath) or "loaded"))
    ]]):format(tree, version, tree, version, tree, version)
    return run { lua, "-e", script }
  end

  it("passes luarocks lint", function() luarocks("5.4", "lint", ROCKSPEC) end)

  it("is built by luarocks make for 5.4, is packed, and works when installed in an empty tree", function()
    local tree = tmp.dir()
    luarocks("5.4", "make", "--deps-mode=none", "--pack-binary-rock", ROCKSPEC)
    local rock = source.lines("ls " .. copy .. "/*.rock")[1]
    luarocks("5.4", "install", "--deps-mode=none", "--tree", tree, rock)
    assert.equal(tree .. "/lib/lua/5.4/cognito/core.so", loads("lua5.4", "5.4", tree))
    assert.matches("emulator", run { tree .. "/bin/cognito", "--help" })
  end)

  it("is built by luarocks make for the 5.1 ABI and loads in Lua 5.1 and LuaJIT", function()
    local tree = tmp.dir()
    run { "find", "csrc", "-name", "*.o", "-delete" }
    luarocks("5.1", "make", "--deps-mode=none", "--tree", tree, ROCKSPEC)
    assert.equal("loaded", loads("lua5.1", "5.1", tree))
    assert.equal(tree .. "/lib/lua/5.1/cognito/core.so", loads("luajit", "5.1", tree))
  end)
end)
