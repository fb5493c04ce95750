--- The command `token`.
-- @module cognito.cli.commands.token
local commands = {}

--- The token that the command line asks for.
-- @tparam table ctx
-- @treturn string|nil the token, or nil and an error
-- @treturn table the session
function commands.get(ctx)
  local session, err = ctx:session()
  if not session then return nil, err end
  local token = true
  if ctx.args.refresh then token, err = session:refresh() end
  if token then token, err = session[ctx.args.id and "id_token" or "access_token"](session) end
  if token then return token, session end
  return nil, err
end

function commands.token(ctx)
  local token, session = commands.get(ctx)
  if not token then return ctx:fail(session) end
  if ctx.args.json then
    return ctx:result { token = token, expires_in = math.floor(session:expires_in()) }
  end
  io.stdout:write(token, "\n")
  return 0
end

return commands
