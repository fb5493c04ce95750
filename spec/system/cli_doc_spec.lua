-- The manual page and the completions say what the parser takes: all of it, and nothing else.
local command = require "spec.support.command"
local config = require "cognito.cli.config"
local out = require "cognito.cli.out"
local proc = require "spec.support.proc"
local settings = require "cognito.cli.settings"
local source = require "spec.support.source"
local tmp = require "spec.support.tmp"

local COMMON = { ["--help"] = true, ["--profile"] = true, ["--json"] = true, ["--user"] = true, ["--version"] = true }

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

local function matches(text, pattern)
  local set = {}
  for item in text:gmatch(pattern) do set[item] = true end
  return set
end

-- Roff as a reader sees its words: escapes and requests of fonts taken away.
local function plain(roff)
  return (roff:gsub("\\f%u", ""):gsub("\\%-", "-"):gsub('"', ""))
end

-- The text from one heading to the next: name to text.
local function parts(text, heading)
  local list, name = {}, nil
  for line in text:gmatch "[^\n]*" do
    local found = line:match("^%." .. heading .. " (.+)$")
    if found then
      name = found
      list[name] = ""
    elseif name then
      list[name] = list[name] .. line .. "\n"
    end
  end
  return list
end

describe("the manual page", function()
  local page = plain(source.read "docs/cognito.1")
  local chapters = parts(page, "SH")
  local sections = parts(chapters.COMMANDS, "SS")
  local shell = command.new { url = "", pool_id = "" }

  teardown(tmp.cleanup)

  local function help(words)
    local code, text = shell:run(words)
    assert.equal(0, code)
    return text
  end

  local function commands()
    return matches(help "--help":match "Commands:(\n.-)\n\n", "\n   (%l[%l-]+)")
  end

  it("has a section for each command, in whose help stands what stands there", function()
    local names, written = commands(), {}
    for name in pairs(sections) do written[name] = true end
    assert.same(names, written)
    for name in pairs(names) do
      local text = name == "help" and "" or help(name .. " --help")
      local section = sections[name]:gsub("%.B login %-%-browser", name == "login" and "%0" or "")
      local flags, said = matches(text, "%-%-%l[%l-]+"), matches(section, "%f[%-]%-%-%l[%l-]+")
      for flag in pairs(COMMON) do flags[flag], said[flag] = nil, nil end
      assert.same(flags, said, name)
      for choices in text:gmatch "{([%w_,]+)}" do
        for choice in choices:gmatch "[%w_]+" do assert.truthy(section:find(choice, 1, true), name .. " " .. choice) end
      end
      for argument in text:gsub("Options:.*", ""):gmatch "\n   (%l+) " do
        assert.truthy(section:find(argument, 1, true) or name == "call", name .. " " .. argument)
      end
    end
  end)

  it("explains the options that many commands have", function()
    for flag in pairs(COMMON) do assert.truthy(chapters.OPTIONS:find(flag, 1, true), flag) end
    assert.same({ ["--help"] = true, ["--version"] = true }, matches(help "--help", "%-%-%l[%l-]+"))
  end)

  it("names each setting of a profile", function()
    local names = {}
    for _, setting in ipairs(settings.list) do names[setting.name] = true end
    local written = {}
    for line in chapters.SETTINGS:gmatch "%.TP\n%.BR? ([^\n]+)" do
      for name in line:gmatch "[%l_]+" do written[name] = true end
    end
    assert.same(names, written)
    for name in pairs(config.types) do names[name] = nil end
    assert.same({}, names)
  end)

  it("names each exit code", function()
    local codes, written = {}, {}
    for _, code in pairs(out.codes) do codes[tostring(code)] = true end
    for line in chapters["EXIT STATUS"]:gmatch "%.TP\n%.B ([^\n]+)" do
      for code in line:gmatch "%d+" do written[code] = true end
    end
    assert.same(codes, written)
  end)

  it("names each variable that is looked at", function()
    local read = { XDG_STATE_HOME = true }
    for _, folder in ipairs { "lua/cognito/cli", "lua/cognito/host" } do
      for _, path in ipairs(source.files(folder, "*.lua")) do
        local text = source.read(path):gsub("config%.variable", "os.getenv")
        for name in text:gmatch 'getenv[ (]*"([%u_]+)"' do read[name] = true end
      end
    end
    read.HOME = nil -- the XDG variables stand for it
    local written = {}
    for line in chapters.ENVIRONMENT:gmatch "%.TP\n%.B ([^\n]+)" do
      for name in line:gmatch "[%u_]+" do written[name] = true end
    end
    assert.same(read, written)
  end)

  it("is sound roff", function()
    local code, _, err = proc.run { argv = { "groff", "-man", "-ww", "-z", "docs/cognito.1" } }
    if code == 127 then return pending "needs groff" end
    assert.equal("", err)
    assert.equal(0, code)
  end)

  describe("and the completions", function()
    local function script(name) return help("completion " .. name) end

    it("of each shell name all commands and options", function()
      for _, name in ipairs { "bash", "zsh", "fish" } do
        local text = script(name)
        for word in pairs(commands()) do
          assert.truthy(text:find(word, 1, true), name .. " " .. word)
          local flags = word == "help" and {} or matches(help(word .. " --help"), "%-%-(%l[%l-]+)")
          for flag in pairs(flags) do assert.truthy(text:find(flag, 1, true), name .. " " .. flag) end
        end
      end
    end)

    it("complete in bash what is begun", function()
      local path = tmp.write(shell.home .. "/completion", script "bash")
      local function complete(...)
        local words = { "cognito", ... }
        local line = ("source %s; COMP_WORDS=(%s); COMP_CWORD=%d; _cognito_words; echo ${COMPREPLY[@]}"):format(path,
          table.concat(words, " "), #words - 1)
        local code, text, err = proc.run { argv = { "bash", "-c", line } }
        assert.equal("", err)
        assert.equal(0, code)
        return matches(text, "%S+")
      end
      assert.same(set_of { "login", "logout" }, complete "log")
      assert.same(set_of { "--browser" }, complete("login", "--b"))
      assert.same(set_of { "totp" }, complete("mfa", "to"))
      assert.same(set_of { "sms" }, complete("mfa", "-p", "on", "on", "sm"))
      assert.same(set_of { "remember" }, complete("devices", "--json", "re"))
      assert.same(set_of { "USER_SRP_AUTH" }, complete("login", "--flow", "USER_S"))
      assert.same(set_of { "--state-file" }, complete("emulator", "--st"))
    end)
  end)
end)
