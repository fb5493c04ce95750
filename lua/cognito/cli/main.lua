--- The command `cognito`: finds what runs a command line, and runs it.
-- `token` is served before the argument parser and libcurl are loaded: shells call it often.
-- @module cognito.cli.main

local EMULATOR = "cognito.emulator.main"

local MODULES = {
  token = "token", exec = "token", whoami = "session", sessions = "session", logout = "session",
  login = "login", ["sign-up"] = "account", confirm = "account", password = "account", mfa = "account",
  devices = "account", verify = "tools", decode = "tools", configure = "configure", call = "tools",
  completion = "tools", doctor = "doctor",
}

-- What these need not have: a profile.
local BARE = { configure = true, completion = true, decode = true }

-- `cognito token` with nothing but its flags and -p, -u: the words that a shell script writes.
local QUICK_FLAGS = { ["--id"] = "id", ["--json"] = "json", ["--refresh"] = "refresh" }
local VALUES = { ["-p"] = "profile", ["--profile"] = "profile", ["-u"] = "user", ["--user"] = "user" }

local function quick_args(argv)
  local args, i = { command_name = "token" }, 2
  while argv[i] do
    local flag, value = QUICK_FLAGS[argv[i]], VALUES[argv[i]]
    if flag then
      args[flag] = true
    elseif value and argv[i + 1] then
      i = i + 1
      args[value] = argv[i]
    else
      return nil
    end
    i = i + 1
  end
  return args
end

-- What follows the program's name in `cognito exec` is the program's own, with or without -- before it.
local function with_border(argv)
  if argv[1] ~= "exec" then return argv end
  local words, i = table.move(argv, 1, #argv, 1, {}), 2
  while words[i] and words[i]:sub(1, 1) == "-" and words[i] ~= "--" do
    i = i + ((VALUES[words[i]] or words[i] == "--variable") and 2 or 1)
  end
  if words[i] and words[i] ~= "--" then table.insert(words, i, "--") end
  return words
end

-- The command line could not be read, so it is looked at word by word for how to say so.
local function refuse(argv, parser, message)
  local as_json, command = false, nil
  for _, word in ipairs(argv) do
    if word == "--" then break end
    as_json = as_json or word == "--json"
    command = command or (MODULES[word] and word)
  end
  if #argv == 0 then
    io.stderr:write(parser:get_help(), "\n")
    return 2
  end
  local hint = command and ("`cognito %s --help` explains it"):format(command) or "`cognito --help` lists the commands"
  return require("cognito.cli.out").usage(message:gsub("\n", ". "), as_json, hint)
end

local function run(args, parser)
  local context = require "cognito.cli.context"
  local ctx, code = context.new(args, parser, not BARE[args.command_name])
  if not ctx then return code end
  return require("cognito.cli.commands." .. MODULES[args.command_name])[args.command_name](ctx)
end

local function dispatch(argv)
  if argv[1] == "emulator" then return require(EMULATOR) { table.unpack(argv, 2) } end
  local posix = require "cognito.posix"
  posix.no_core_dump()
  posix.end_by_interrupt()
  local args = argv[1] == "token" and quick_args(argv)
  if args then return not args.refresh and require "cognito.cli.quick"(args) or run(args) end
  local parser = require("cognito.cli.args").parser()
  local ok, parsed = parser:pparse(with_border(argv))
  if ok then return run(parsed, parser) end
  return refuse(argv, parser, tostring(parsed))
end

local function explain(fault)
  return "cognito: this is a fault of the program itself, please report it:\n" .. debug.traceback(tostring(fault), 2)
end

--- Runs one command line.
-- @tparam table argv list of words, the command first
-- @treturn integer exit code (see `cognito.cli.out`)
return function(argv)
  local ok, code = xpcall(dispatch, explain, argv)
  if not ok then
    io.stderr:write(code, "\n")
    return 1
  end
  if io.stdout:flush() then return code end
  io.stderr:write "cognito: standard output cannot be written\n"
  return code == 0 and 1 or code
end
