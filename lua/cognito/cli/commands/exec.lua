--- The command `exec`.
-- @module cognito.cli.commands.exec
local errors = require "cognito.errors"
local out = require "cognito.cli.out"
local posix = require "cognito.posix"
local token_of = require("cognito.cli.commands.token").get

local commands = {}

function commands.exec(ctx)
  local name, argv = ctx.args.variable, ctx.args.command
  if not name:find "^[%a_][%w_]*$" then return ctx:usage("--variable must be a variable's name, not " .. name) end
  local token, failure = token_of(ctx)
  if not token then return ctx:fail(failure) end
  local _, code, message = posix.exec(argv, { [name] = token }) -- comes back only when it fails
  ctx:fail(errors.new("config", ("%s cannot be run: %s"):format(argv[1], message), { code = code, field = argv[1] }))
  return code == "ENOENT" and out.codes.not_found or out.codes.not_executable
end

return commands
