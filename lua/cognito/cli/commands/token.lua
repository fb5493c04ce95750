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

-- The seconds for which it is good. An ID token can end before the access token does.
local function seconds_of(ctx, token, session)
  local left = session:expires_in()
  local exp = ctx.args.id and require("cognito.core").jwt_times(token)
  if exp then
    local records = require "cognito.records"
    left = math.max(0, math.min(left, exp - (records.server_now(ctx.pool, records.of(session)))))
  end
  return math.floor(left)
end

function commands.token(ctx)
  local token, session = commands.get(ctx)
  if not token then return ctx:fail(session) end
  if ctx.args.json then
    return ctx:result { token = token, expires_in = seconds_of(ctx, token, session) }
  end
  io.stdout:write(token, "\n")
  return 0
end

return commands
