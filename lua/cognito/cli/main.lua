--- The command `cognito`. `token` as shells write it is served here: it is called often, so neither the argument parser
-- nor the other commands are loaded for it. All else is `cognito.cli.line`.
-- @module cognito.cli.main

-- `cognito token` with nothing but its flags and -p, -u: the words that a shell script writes.
local FLAGS = { ["--id"] = "id", ["--json"] = "json", ["--refresh"] = "refresh" }
local VALUES = { ["-p"] = "profile", ["--profile"] = "profile", ["-u"] = "user", ["--user"] = "user" }

local function usual_args(argv)
  local args, i = { command_name = "token" }, 2
  while argv[i] do
    local flag, value = FLAGS[argv[i]], VALUES[argv[i]]
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

local function token(args)
  collectgarbage "stop" -- one refresh later at most the process is over, and all its memory free
  local done, found = nil, nil
  if not args.refresh then done, found = require "cognito.cli.quick"(args) end
  if done then return done end
  local ctx, code = require("cognito.cli.context").new(args, true, found)
  if not ctx then return code end
  return require("cognito.cli.commands.token").token(ctx)
end

local function dispatch(argv)
  local posix = require "cognito.posix"
  posix.hold_standard()
  if argv[1] == "emulator" then return require("cognito.emulator.main") { table.unpack(argv, 2) } end
  posix.no_core_dump()
  posix.end_by_interrupt()
  local args = argv[1] == "token" and usual_args(argv)
  if args then return token(args) end
  return require "cognito.cli.line"(argv)
end

local function explain(fault)
  return "cognito: this is a fault of the program itself, please report it:\n" .. debug.traceback(tostring(fault), 2)
end

local function run(argv)
  local ok, code = xpcall(dispatch, explain, argv)
  if not ok then
    io.stderr:write(code, "\n")
    return 1
  end
  if require("cognito.posix").flush_output() then return code end
  io.stderr:write "cognito: standard output cannot be written\n"
  return code == 0 and 1 or code
end

--- Runs one command line and ends the process, with an exit code of `cognito.cli.out`.
-- @tparam table argv list of words, the command first
return function(argv)
  local code = run(argv)
  -- sooner than `os.exit`: OpenSSL would tidy up for half a millisecond
  require("cognito.posix").exit(code)
end
