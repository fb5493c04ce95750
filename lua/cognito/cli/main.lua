--- The command `cognito`: finds the sub-command's module and runs it.
-- @module cognito.cli.main

local commands = { emulator = "cognito.emulator.main" }

local usage = [[
usage: cognito COMMAND [options]

commands:
  emulator   run a local user pool for development (cognito emulator --help)
]]

--- Runs one command line.
-- @tparam table argv list of words, the command first
-- @treturn integer exit code: 0 done, 1 failed, 2 wrong usage
return function(argv)
  local name = argv[1]
  if name == "--help" or name == "help" then
    io.stdout:write(usage)
    return 0
  end
  if not commands[name] then
    io.stderr:write(name and ("cognito: unknown command '" .. name .. "'\n") or "", usage)
    return 2
  end
  return require(commands[name])({ table.unpack(argv, 2) })
end
