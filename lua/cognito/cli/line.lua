--- A command line as people write it: read by the argument parser, and run.
-- @module cognito.cli.line
local context = require "cognito.cli.context"

local MODULES = {
  token = "token", exec = "exec", whoami = "session", sessions = "session", logout = "session",
  login = "login", ["sign-up"] = "account", confirm = "account", password = "account", mfa = "account",
  devices = "account", verify = "tools", decode = "tools", configure = "configure", call = "tools",
  completion = "tools", doctor = "doctor",
}

-- What these need not have: a profile.
local BARE = { configure = true, completion = true, decode = true }

-- The options of `exec` that have a value.
local VALUES = { ["-p"] = true, ["--profile"] = true, ["-u"] = true, ["--user"] = true, ["--variable"] = true }

-- What follows the program's name in `cognito exec` is the program's own, with or without -- before it.
local function with_border(argv)
  if argv[1] ~= "exec" then return argv end
  local words, i = table.move(argv, 1, #argv, 1, {}), 2
  while words[i] and words[i]:sub(1, 1) == "-" and words[i] ~= "--" do i = i + (VALUES[words[i]] and 2 or 1) end
  if words[i] and words[i] ~= "--" then table.insert(words, i, "--") end
  return words
end

-- `cognito help COMMAND` is `cognito COMMAND --help`.
local function with_help(argv)
  if argv[1] ~= "help" or not argv[2] or argv[2]:sub(1, 1) == "-" then return argv end
  return { argv[2], "--help", table.unpack(argv, 3) }
end

-- The parser ends the process when it has explained something, but here what it printed is looked after first.
-- The exit code if it would have; else what its `pparse` gives.
local function parse(parser, argv)
  local exit, code = os.exit, nil
  os.exit = function(wanted) -- luacheck: ignore 122
    code = wanted
    error "the parser has ended"
  end
  local ran, ok, parsed = pcall(parser.pparse, parser, argv)
  os.exit = exit -- luacheck: ignore 122
  if not ran and not code then error(ok, 0) end
  return code, ok, parsed
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
  local ctx, code = context.new(args, not BARE[args.command_name])
  if not ctx then return code end
  ctx.parser = parser
  return require("cognito.cli.commands." .. MODULES[args.command_name])[args.command_name](ctx)
end

--- Runs one command line.
-- @tparam table argv list of words, the command first
-- @treturn integer exit code (see `cognito.cli.out`)
return function(argv)
  local parser = require("cognito.cli.args").parser()
  argv = with_help(argv)
  local code, ok, parsed = parse(parser, with_border(argv))
  if code then return code end
  if ok then return run(parsed, parser) end
  return refuse(argv, parser, tostring(parsed))
end
