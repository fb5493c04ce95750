--- The command `cognito`: finds what runs a command line, and runs it.
-- `token` is served before the argument parser and libcurl are loaded: shells call it often.
-- @module cognito.cli.main

local EMULATOR = "cognito.emulator.main"

local MODULES = {
  token = "session", exec = "session", whoami = "session", sessions = "session", logout = "session",
  login = "login", ["sign-up"] = "account", confirm = "account", password = "account", mfa = "account",
  devices = "account", verify = "tools", decode = "tools", configure = "tools", call = "tools",
  completion = "tools", doctor = "doctor",
}

-- What these need not have: a profile.
local BARE = { configure = true, completion = true, decode = true }

-- `cognito token` with nothing but its flags and -p, -u: the words that a shell script writes.
local QUICK_FLAGS = { ["--id"] = "id", ["--json"] = "json", ["--refresh"] = "refresh" }
local QUICK_VALUES = { ["-p"] = "profile", ["--profile"] = "profile", ["-u"] = "user", ["--user"] = "user" }

local function quick_args(argv)
  local args, i = { command_name = "token" }, 2
  while argv[i] do
    local flag, value = QUICK_FLAGS[argv[i]], QUICK_VALUES[argv[i]]
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

local function run(args, parser)
  local context = require "cognito.cli.context"
  local ctx, code = context.new(args, parser, not BARE[args.command_name])
  if not ctx then return code end
  return require("cognito.cli.commands." .. MODULES[args.command_name])[args.command_name](ctx)
end

--- Runs one command line.
-- @tparam table argv list of words, the command first
-- @treturn integer exit code (see `cognito.cli.out`)
return function(argv)
  if argv[1] == "emulator" then return require(EMULATOR) { table.unpack(argv, 2) } end
  require("cognito.posix").no_core_dump()
  local args = argv[1] == "token" and quick_args(argv)
  if args then return require "cognito.cli.quick"(args) or run(args) end
  local parser = require "cognito.cli.args"()
  local ok, parsed = parser:pparse(argv)
  if ok then return run(parsed, parser) end
  io.stderr:write("cognito: ", tostring(parsed), "\n", parser:get_usage(), "\n")
  return 2
end
