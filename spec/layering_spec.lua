-- The drawing of docs/architecture.md, executable: reads the sources and the built files and fails on a breach.
local source = require "spec.support.source"

local BUILD = os.getenv "BUILD" or "build"

-- ---- Lua -------------------------------------------------------------------------------------------------------

-- Rooms from the ground up. A module requires its own room and those below. What is named nowhere else and lies
-- directly in lua/cognito is a feature, like session.lua.
local ROOMS = {
  ground = 1, value = 2, protocol = 3, client = 4, feature = 5, facade = 6, face = 7,
}
local ROOM_OF = {
  ["cognito.errors"] = "ground", ["cognito.options"] = "ground", ["cognito.cancel"] = "ground",
  ["cognito.json"] = "ground", ["cognito.lenient"] = "ground", ["cognito.lazy"] = "ground",
  ["cognito.nearest"] = "ground", ["cognito.wording"] = "ground", ["cognito.contract"] = "ground",
  ["cognito.tokens"] = "value", ["cognito.intake"] = "value", ["cognito.endpoints"] = "value",
  ["cognito.address"] = "value",
  ["cognito.client"] = "client", ["cognito.resend"] = "client", ["cognito.events"] = "client",
  ["cognito"] = "facade",
  ["cognito.ngx.guard"] = "face", ["resty.cognito"] = "face",
}
local ROOM_OF_FOLDER = {
  ["cognito.protocol"] = "protocol", ["cognito.cli"] = "face", ["cognito.host"] = "rim",
  ["cognito.storage"] = "rim", ["cognito.ngx"] = "rim", ["cognito.ngx.guard"] = "face",
  ["cognito.emulator"] = "emulator",
}
-- Who may require the C modules beyond `cognito.core`: patterns of module names.
local C_USERS = {
  ["cognito.http"] = { "^cognito%.host%." },
  ["cognito.posix"] = { "^cognito%.host%.", "^cognito%.storage%.file$", "^cognito%.storage%.keys$", "^cognito%.cli%." },
}

local function matches(name, patterns)
  for _, pattern in ipairs(patterns) do if name:find(pattern) then return true end end
  return false
end

local function room(name)
  return ROOM_OF[name] or ROOM_OF_FOLDER[name:match "^(.*)%." or name]
    or ROOM_OF_FOLDER[name:match "^(cognito%.%w+)" or name] or "feature"
end

local function is_ours(name) return name:find "^cognito" or name:find "^resty%.cognito" end

-- nil when `from` may require `to`, else the reason.
local function breach(from, to)
  local a, b = room(from), room(to)
  if a == "emulator" and is_ours(to) and b ~= "emulator" then return "the emulator shares nothing with the client" end
  if b == "emulator" and a ~= "emulator" then return a ~= "face" and "the emulator is a process of its own" or nil end
  if C_USERS[to] then
    return not matches(from, C_USERS[to]) and "see C_USERS for who may" or nil
  end
  if to == "cognito.core" or not is_ours(to) then return nil end
  if a == "rim" then
    return not (b == "rim" or b == "ground" or b == "value") and "a host or a storage knows nothing of Cognito" or nil
  end
  if b == "rim" then return ROOMS[a] < ROOMS.feature and "hosts and storages are chosen by features or the facade" end
  if a ~= "emulator" and ROOMS[a] < ROOMS[b] then return a .. " requires " .. b .. ": upwards" end
end

local modules = {}
for _, folder in ipairs { "lua/cognito", "lua/resty" } do
  for _, path in ipairs(source.files(folder, "*.lua")) do
    local text = source.read(path)
    modules[#modules + 1] = { path = path, name = source.module_name(path), text = text, code = source.code(text),
      requires = source.requires(text) }
  end
end

-- Collects one line for every breach over all modules; the examples below assert that there is none.
local function breaches(rule)
  local found = {}
  for _, module in ipairs(modules) do
    rule(module, function(text) found[#found + 1] = module.path .. ": " .. text end)
  end
  return found
end

describe("the layering of the Lua sources:", function()
  it("there are sources to read", function() assert.is_true(#modules > 0) end)

  it("modules require downwards only", function()
    assert.same({}, breaches(function(module, report)
      for _, name in ipairs(module.requires) do
        local why = breach(module.name, name)
        if why then report(("requires %s (%s)"):format(name, why)) end
      end
    end))
  end)

  it("no two modules need each other to load", function()
    local graph, state, cycles = {}, {}, {}
    for _, module in ipairs(modules) do
      -- requires at the top level stand at the start of a line; others run later
      graph[module.name] = {}
      for line in module.text:gmatch "[^\n]+" do
        local name = line:match "^local [%w_, ]+= require%s*%(?%s*[\"']([%w_.]+)"
        if name then table.insert(graph[module.name], name) end
      end
    end
    local function visit(name, trail)
      if state[name] == "open" then cycles[#cycles + 1] = trail .. name end
      if state[name] or not graph[name] then return end
      state[name] = "open"
      for _, child in ipairs(graph[name]) do visit(child, trail .. name .. " -> ") end
      state[name] = "done"
    end
    for _, module in ipairs(modules) do visit(module.name, "") end
    assert.same({}, cycles)
  end)

  it("os, io and print appear only in hosts, storage/file, storage/keys, emulator and cli", function()
    assert.same({}, breaches(function(module, report)
      local name = module.name
      if name:find "^cognito%.host%." or name:find "^cognito%.emulator" or name:find "^cognito%.cli"
        or name == "cognito.storage.file" or name == "cognito.storage.keys" then return end
      for _, word in ipairs { "os", "io", "print" } do
        if source.names(module.code, word) then report("names " .. word) end
      end
    end))
  end)

  it("only ngx/ and resty/ name the global ngx", function()
    assert.same({}, breaches(function(module, report)
      if module.name:find "^cognito%.ngx%." or module.name:find "^resty%." then return end
      if source.names(module.code, "ngx") then report "names ngx" end
    end))
  end)

  -- PUC 5.1 cannot yield across pcall, metamethods and iterators.
  it("between client and facade no pcall and no iterator of our own surrounds a call that may yield", function()
    local known = { pairs = true, ipairs = true, next = true }
    assert.same({}, breaches(function(module, report)
      local level = ROOMS[room(module.name)]
      if not level or level < ROOMS.client or level > ROOMS.facade then return end
      for _, word in ipairs { "pcall", "xpcall", "coroutine" } do
        if source.names(module.code, word) then report("names " .. word) end
      end
      for iterator in module.code:gmatch "%f[%w_]in%s+([%w_.:]+)%s*[%(\"]" do
        if not known[iterator] and not iterator:find "[.:]gmatch$" then report("iterates with " .. iterator) end
      end
    end))
  end)
end)

-- ---- the drawing ---------------------------------------------------------------------------------------------------

-- Folders in which a file stands for itself: the drawing names the folder.
local UNNAMED = { "^lua/cognito/emulator/", "^lua/cognito/cli/commands/", "^lua/cognito/ngx/guard/" }

describe("docs/architecture.md", function()
  it("names every module and every C file", function()
    local drawing = assert(source.read("docs/architecture.md"):match "## Rooms\n(.-)\nWho may")
    local words, missing = {}, {}
    for word in drawing:gmatch "[%w_]+" do words[word] = true end
    for _, list in ipairs { source.files("lua", "*.lua"), source.files("csrc/core", "*.c"),
      source.files("csrc/http", "*.c"), source.files("csrc/posix", "*.c"), source.files("csrc/lua", "*.c") } do
      for _, path in ipairs(list) do
        if not matches(path, UNNAMED) and not words[path:match "([%w_]+)%.%w+$"] then missing[#missing + 1] = path end
      end
    end
    assert.same({}, missing)
  end)
end)

-- ---- C -----------------------------------------------------------------------------------------------------------

local SYSTEM_OF = {
  core = { "^openssl/", "^std%w+%.h$", "^string%.h$", "^limits%.h$", "^inttypes%.h$", "^assert%.h$", "^time%.h$",
    "^math%.h$", "^emmintrin%.h$", "^unistd%.h$" },   -- unistd.h for getentropy alone
  http = { "^curl/curl%.h$", "." },
  posix = { "." },
}
local FORBIDDEN = {
  core = { "^lua", "^lauxlib", "^curl/", "^stdio%.h$" },
  http = { "^lua", "^lauxlib" },
  posix = { "^lua", "^lauxlib", "^curl/" },
}
local PROJECT_OF = {
  core = { "^cognito%.h$", "^%.%./cognito%.h$", "^core/" },
  http = { "^http/" },
  posix = { "^cognito%.h$", "^posix/" },
}

local function c_files(folder)
  local list = source.files("csrc/" .. folder, "*.c")
  for _, path in ipairs(source.files("csrc/" .. folder, "*.h")) do list[#list + 1] = path end
  return list
end

local function bad_includes(folder)
  local bad = {}
  for _, path in ipairs(c_files(folder)) do
    for mark, name in source.read(path):gmatch '#%s*include%s*([<"])([^>"]+)' do
      local fine
      if mark == "<" then fine = matches(name, SYSTEM_OF[folder]) and not matches(name, FORBIDDEN[folder])
      else fine = matches(name, PROJECT_OF[folder]) or not name:find "/" and name ~= "cognito.h" end
      if not fine then bad[#bad + 1] = path .. " includes " .. name end
    end
  end
  return bad
end

local function symbols(command)
  local ok = source.lines(command .. " 2>/dev/null; echo $?")
  assert.equal("0", table.remove(ok), command .. " failed: run `make build`")
  return ok
end

describe("the layering of the C sources:", function()
  for _, folder in ipairs { "core", "http", "posix" } do
    it(folder .. " includes only what it may", function() assert.same({}, bad_includes(folder)) end)
  end

  it("bindings neither call Lua nor yield", function()
    local bad = {}
    for _, path in ipairs(c_files "lua") do
      local text = source.read(path):gsub("/%*.-%*/", ""):gsub("//[^\n]*", "")
      for name in text:gmatch "%f[%w_](luaL?_%w+)%s*%(" do
        if name:find "^luaL?_[px]?calls?k?$" or name:find "^lua_pcallk?$" or name:find "^lua_yieldk?$"
          or name == "lua_resume" or name:find "^luaL_do" then bad[#bad + 1] = path .. " uses " .. name end
      end
    end
    assert.same({}, bad)
  end)

  -- the archive is made by `make build` too
  it("the core knows neither Lua nor curl nor stdio", function()
    local bad = {}
    for _, line in ipairs(symbols("nm -u " .. BUILD .. "/libcore.a")) do
      local name = line:match "U ([%w_]+)"
      if name and (name:find "^lua" or name:find "^curl_" or name:find "printf$" and name ~= "snprintf"
        and name ~= "__snprintf_chk" or name == "fopen") then bad[#bad + 1] = name end
    end
    assert.same({}, bad)
  end)

  it("the core has no writable globals", function()
    local bad = {}
    for _, line in ipairs(symbols("nm -f sysv " .. BUILD .. "/libcore.a")) do
      local name, section = line:match "^([%w_.]+)%s*|.*|%s*(%S+)$"
      -- tables of constant pointers are read-only once relocated; names with __ are a sanitizer's own
      local writable = section and (section:find "^%.data" or section:find "^%.bss" or section == "*COM*")
        and not section:find "^%.data%.rel%.ro"
      if writable and not name:find "^__" then bad[#bad + 1] = name .. " in " .. section end
    end
    assert.same({}, bad)
  end)

  local built = {}
  if source.files("csrc/core", "*.c")[1] then built[1] = "core" end
  if source.files("csrc/lua", "l_http*.c")[1] then built[#built + 1] = "http" end
  if source.files("csrc/lua", "l_posix*.c")[1] then built[#built + 1] = "posix" end
  for _, abi in ipairs { "5.4", "5.1" } do
    for _, name in ipairs(built) do
      local path = ("%s/%s/cognito/%s.so"):format(BUILD, abi, name)
      it(("%s for %s exports its luaopen function alone and links no Lua"):format(name, abi), function()
        local exported = {}
        for _, line in ipairs(symbols("nm -D --defined-only " .. path)) do
          exported[#exported + 1] = line:match " [A-Z] ([%w_]+)$"
        end
        assert.same({ "luaopen_cognito_" .. name }, exported)
        for _, line in ipairs(symbols("readelf -d " .. path)) do
          local needed = line:match "NEEDED.*%[(.-)%]"
          if needed then
            assert.is_nil(needed:match "lua", path .. " links " .. needed)
            assert.is_true(name == "http" or not needed:find "curl", path .. " links " .. needed)
          end
        end
      end)
    end
  end
end)

-- ---- all -----------------------------------------------------------------------------------------------------------

describe("every file", function()
  it("of the library and its tools has at most 400 lines", function()
    local long = {}
    for _, path in ipairs(source.lines "find csrc lua tools examples bin spec/support -type f | LC_ALL=C sort") do
      local count = select(2, source.read(path):gsub("\n", ""))
      local counts = not path:find "^csrc/test/" and not path:find "/corpus/" -- cases, not code
      if counts and count > 400 then long[#long + 1] = count .. " " .. path end
    end
    assert.same({}, long)
  end)

  it("of C has lines of at most 120 columns, as .clang-format says", function()
    assert.same({}, source.lines "LC_ALL=C.UTF-8 grep -nE '^.{121,}' -r csrc --include=*.[ch]")
  end)

  it("that is committed names no path of the workplace", function()
    local place = "/" .. "work" .. "/"
    assert.same({}, source.lines("git grep -n -I -F -- " .. place .. " 2>/dev/null"))
  end)
end)
