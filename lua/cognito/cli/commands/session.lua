--- Commands about the session that is there: token, exec, whoami, sessions, logout.
-- @module cognito.cli.commands.session
local out = require "cognito.cli.out"

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
  if not session then return out.fail(err, ctx.args.json) end
  local token
  token, err = get(session, ctx.args)
  if not token then return out.fail(err, ctx.args.json) end
  if ctx.args.json then
    return out.result(true, { token = token, expires_in = math.floor(session:expires_in()) })
  end
  io.stdout:write(token, "\n")
  return out.codes.ok
end

function commands.exec(ctx)
  local session, err = ctx:session()
  if not session then return out.fail(err, ctx.args.json) end
  local token
  token, err = get(session, ctx.args)
  if not token then return out.fail(err, ctx.args.json) end
  local name = ctx.args.variable
  if not name:match "^[%a_][%w_]*$" then return ctx:usage("--variable must be a variable's name") end
  return ctx.run(ctx.args.command, { [name] = token })
end

function commands.whoami(ctx)
  local session, err = ctx:session()
  if not session then return out.fail(err, ctx.args.json) end
  local token
  token, err = session:access_token()
  if not token then return out.fail(err, ctx.args.json) end
  local claims = session:claims() or {}
  return out.result(ctx.args.json, {
    username = session.username, sub = claims.sub, email = claims.email, groups = claims["cognito:groups"],
    expires_in = math.floor(session:expires_in()), user_pool_id = ctx.profile.user_pool_id,
  })
end

function commands.sessions(ctx)
  local list, err = ctx.pool:sessions()
  if not list then return out.fail(err, ctx.args.json) end
  local rows = {}
  for i, session in ipairs(list) do
    rows[i] = { id = session.id, username = session.username, expires_in = math.floor(session:expires_in()) }
  end
  return out.result(ctx.args.json, { sessions = ctx.list(rows) }, function()
    for _, row in ipairs(rows) do
      out.line(("%s  %s  access token: %d s"):format(row.username, row.id, row.expires_in))
    end
  end)
end

local function outcome(result)
  if result.cleared then out.line "signed out here" end
  if result.revoked then out.line "refresh token revoked" end
  if result.signed_out_globally then out.line "signed out on all devices" end
end

function commands.logout(ctx)
  local session, err = ctx:session()
  if not session then return out.fail(err, ctx.args.json) end
  local result
  result, err = session:sign_out { revoke = not ctx.args.local_only, global = ctx.args.global or false }
  if not result then return out.fail(err, ctx.args.json) end
  return out.result(ctx.args.json, result, outcome)
end

return commands
