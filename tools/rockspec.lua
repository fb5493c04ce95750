-- usage: lua5.4 tools/rockspec.lua [--check]: writes the `modules` table of the rockspec from the source tree.
-- With --check nothing is written; the exit code says whether it is up to date.
local ROCKSPEC = "lua-cognito-dev-1.rockspec"
local BEGIN, END = "  -- begin modules: written by `make rockspec`\n", "  -- end modules\n"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function find(arguments)
  local list = {}
  for path in io.popen("find " .. arguments .. " 2>/dev/null | LC_ALL=C sort"):lines() do list[#list + 1] = path end
  return list
end

local function sources(folder) return find("csrc/" .. folder .. " -maxdepth 1 -name '*.c'") end

-- The core files that `list` needs, found by following `#include "core/..."`; the public header stands for the list
-- of error names, which every binding uses.
local function with_core(list)
  local seen, result = {}, {}
  local function add(path)
    if seen[path] then return end
    seen[path], result[#result + 1] = true, path
    local text = read(path)
    if text:find '#include "[./]*cognito%.h"' then add "csrc/core/err.c" end
    for name in text:gmatch '#include "core/([%w_]+)%.h"' do
      local found = find("csrc/core/" .. name .. ".[ch]")
      for _, file in ipairs(found) do add(file) end
    end
  end
  for _, path in ipairs(list) do
    add(path)
    for _, header in ipairs(find(path:gsub("%.c$", ".h"))) do add(header) end
  end
  local c_files = {}
  for _, path in ipairs(result) do if path:find "%.c$" then c_files[#c_files + 1] = path end end
  return c_files
end

-- Which module a binding file belongs to: the same rule as in the Makefile.
local function bindings(module)
  local list = {}
  for _, path in ipairs(sources "lua") do
    local name = path:match "([^/]+)%.c$"
    local owner = name:find "^l_http" and "http" or name:find "^l_posix" and "posix" or "core"
    if owner == module or name == "lcog" then list[#list + 1] = path end
  end
  return list
end

local function join(...)
  local all = {}
  for _, list in ipairs { ... } do table.move(list, 1, #list, #all + 1, all) end
  return all
end

local function c_module(name, files, libraries)
  if not files[1] then return "" end
  local lines = { ('    ["cognito.%s"] = {\n      sources = {\n'):format(name) }
  for _, path in ipairs(files) do lines[#lines + 1] = ('        "%s",\n'):format(path) end
  lines[#lines + 1] = ('      },\n      libraries = { %s },\n      incdirs = { "csrc" },\n    },\n'):format(libraries)
  return table.concat(lines)
end

local function c_modules()
  return c_module("core", join(bindings "core", sources "core"), '"crypto"')
    .. c_module("http", with_core(join(bindings "http", sources "http")), '"curl", "ssl", "crypto"')
    .. c_module("posix", with_core(join(bindings "posix", sources "posix")), '"crypto"')
end

local function lua_modules()
  local lines = {}
  for _, path in ipairs(find "lua -name '*.lua'") do
    local name = path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
    lines[#lines + 1] = ('    ["%s"] = "%s",\n'):format(name, path)
  end
  return table.concat(lines)
end

local text = read(ROCKSPEC)
local first, last = select(2, text:find(BEGIN, 1, true)), text:find(END, 1, true)
local wanted = text:sub(1, first) .. "  modules = {\n" .. c_modules() .. lua_modules() .. "  },\n" .. text:sub(last)
if wanted == text then os.exit(0) end
if arg[1] == "--check" then
  io.stderr:write(ROCKSPEC, " is not up to date: run `make rockspec` and commit it\n")
  os.exit(1)
end
local file = assert(io.open(ROCKSPEC, "wb"))
assert(file:write(wanted))
assert(file:close())
