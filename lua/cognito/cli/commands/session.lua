--- Commands about the session that is there: whoami, sessions, logout.
-- @module cognito.cli.commands.session
local json = require "cognito.json"
local out = require "cognito.cli.out"

local commands = {}

function commands.whoami(ctx)
  local session, err = ctx:session()
  if not session then return ctx:fail(err) end
  local token
  token, err = session:access_token()
  if not token then return ctx:fail(err) end
  local claims = session:claims() or {}
  return ctx:result({
    username = session.username, sub = claims.sub, email = claims.email, groups = claims["cognito:groups"],
    expires_in = math.floor(session:expires_in()), user_pool_id = ctx.profile.user_pool_id,
  })
end

function commands.sessions(ctx)
  local list, err = ctx.pool:sessions()
  if not list then return ctx:fail(err) end
  local rows = {}
  for i, session in ipairs(list) do
    rows[i] = { id = session.id, username = session.username, expires_in = math.floor(session:expires_in()) }
  end
  return ctx:result({ sessions = json.list(rows) }, function()
    if #rows == 0 then ctx.term.say "Nobody is signed in." end
    for _, row in ipairs(rows) do
      out.line(("%s  %s  access token: %d s"):format(row.username, row.id, row.expires_in))
    end
  end)
end

local SAYINGS = { { "cleared", "signed out here" }, { "revoked", "refresh token revoked" },
  { "global", "signed out on all devices" }, { "queued", "the refresh token will be revoked as soon as possible" } }

local function outcome(result)
  for _, saying in ipairs(SAYINGS) do
    if result[saying[1]] then out.line(saying[2]) end
  end
end

-- What was asked for and did not happen. A token that waits to be revoked is no failure.
local function failure(ctx, result)
  local failed = result.errors
  return failed.clear or ctx.args.global and failed.global or not result.queued and failed.revoke or nil
end

function commands.logout(ctx)
  local session, err = ctx:session()
  if not session then return ctx:fail(err) end
  local global = ctx.args.global or false
  -- what cannot be revoked at once is revoked by a later command, so nobody waits for a second attempt
  local result = session:sign_out { revoke = not ctx.args.local_only, global = global,
    max_attempts = not global and 1 or nil }
  err = failure(ctx, result)
  for step, problem in pairs(result.errors) do result.errors[step] = out.error_table(problem) end
  ctx:result(result, outcome)
  return err and ctx:fail(err) or out.codes.ok
end

return commands
