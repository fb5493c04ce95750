--- Commands that give a token of the session: token, exec.
-- @module cognito.cli.commands.token
local commands = {}

local function get(session, args)
  if args.refresh then
    local ok, err = session:refresh()
    if not ok then return nil, err end
  end
  if args.id then return session:id_token() end
  return session:access_token()
end

function commands.token(ctx)
  local session, err = ctx:session()
  if not session then return ctx:fail(err) end
  local token
  token, err = get(session, ctx.args)
  if not token then return ctx:fail(err) end
  if ctx.args.json then
    return ctx:result { token = token, expires_in = math.floor(session:expires_in()) }
  end
  io.stdout:write(token, "\n")
  return 0
end

function commands.exec(ctx)
  local name = ctx.args.variable
  if not name:find "^[%a_][%w_]*$" then return ctx:usage("--variable must be a variable's name, not " .. name) end
  local session, err = ctx:session()
  if not session then return ctx:fail(err) end
  local token
  token, err = get(session, ctx.args)
  if not token then return ctx:fail(err) end
  return ctx:run(ctx.args.command, { [name] = token })
end

return commands
