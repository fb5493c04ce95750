--- Commands about an account: sign-up, confirm, password, mfa, devices.
-- @module cognito.cli.commands.account
local out = require "cognito.cli.out"

local commands = {}

local function sent(delivery)
  if delivery and delivery.destination then out.line("a code was sent to " .. delivery.destination) end
end

local function attributes(list)
  local map = {}
  for _, text in ipairs(list or {}) do
    local name, value = text:match "^([^=]+)=(.*)$"
    if not name then return nil end
    map[name] = value
  end
  return map
end

commands["sign-up"] = function(ctx)
  local args = ctx.args
  local map, err = attributes(args.attribute)
  if not map then return ctx:usage("--attribute must be NAME=VALUE") end
  local password
  if not args.no_password then password, err = ctx.term.new_password() end
  if err then return out.fail(err, args.json) end
  local result
  result, err = ctx.pool:sign_up { username = args.username, password = password, attributes = map }
  if not result then return out.fail(err, args.json) end
  local value = { confirmed = result.confirmed, sub = result.sub, delivery = result.delivery }
  return out.result(args.json, value, function()
    sent(result.delivery)
    out.line(result.confirmed and "the account is ready" or "now run: cognito confirm " .. args.username)
  end)
end

function commands.confirm(ctx)
  local args = ctx.args
  if args.resend then
    local delivery, err = ctx.pool:resend_code { username = args.username }
    if not delivery then return out.fail(err, args.json) end
    return out.result(args.json, delivery, sent)
  end
  local code, err = args.code, nil
  if not code then code, err = ctx.term.ask "Code" end
  if not code then return out.fail(err, args.json) end
  local ok
  ok, err = ctx.pool:confirm_sign_up { username = args.username, code = code }
  if not ok then return out.fail(err, args.json) end
  return out.result(args.json, { confirmed = true }, function() out.line "confirmed" end)
end

local function forgot(ctx)
  local username, err = ctx.args.user, nil
  if not username then username, err = ctx.term.ask "Username" end
  if not username then return nil, err end
  local delivery
  delivery, err = ctx.pool:forgot_password { username = username }
  if not delivery then return nil, err end
  if not ctx.args.json then sent(delivery) end
  local code, password
  code, err = ctx.term.ask "Code"
  if code then password, err = ctx.term.new_password() end
  if not password then return nil, err end
  return ctx.pool:confirm_forgot_password { username = username, code = code, new_password = password }
end

local function change(ctx)
  local session, err = ctx:session()
  if not session then return nil, err end
  local previous, password
  previous, err = ctx.term.secret "Present password"
  if previous then password, err = ctx.term.new_password() end
  if not password then return nil, err end
  return session:change_password { previous_password = previous, new_password = password }
end

function commands.password(ctx)
  local ok, err = (ctx.args.forgot and forgot or change)(ctx)
  if not ok then return err and out.fail(err, ctx.args.json) or out.codes.interrupted end
  return out.result(ctx.args.json, { changed = true }, function() out.line "the password is changed" end)
end

local function enrol(ctx, session)
  local secret, err = session:associate_totp()
  if not secret then return nil, err end
  local issuer = ctx.profile.user_pool_id
  ctx.term.say "Scan this with an authenticator app:"
  ctx.term.qr(require("cognito.totp").uri { secret = secret.secret, account = session.username, issuer = issuer })
  ctx.term.say("or type this key into it: " .. secret.secret)
  local code
  code, err = ctx.term.ask "Code from the app"
  if not code then return nil, err end
  local ok
  ok, err = session:verify_totp { code = code }
  if not ok then return nil, err end
  return session:set_mfa { totp = { enabled = true, preferred = true } }
end

local FACTORS = { sms = true, totp = true, email = true }

local MFA = {
  totp = enrol,
  on = function(ctx, session) return session:set_mfa { [ctx.args.factor] = { enabled = true } } end,
  off = function(ctx, session) return session:set_mfa { [ctx.args.factor] = { enabled = false } } end,
  prefer = function(ctx, session)
    return session:set_mfa { [ctx.args.factor] = { enabled = true, preferred = true } }
  end,
}

function commands.mfa(ctx)
  local action = ctx.args.action or "show"
  if action ~= "show" and not MFA[action] then return ctx:usage("the action is show, totp, on, off or prefer") end
  if (action == "on" or action == "off" or action == "prefer") and not FACTORS[ctx.args.factor or ""] then
    return ctx:usage("the factor is sms, totp or email")
  end
  local session, err = ctx:session()
  if not session then return out.fail(err, ctx.args.json) end
  local ok = true
  if MFA[action] then ok, err = MFA[action](ctx, session) end
  local state
  if ok then state, err = session:mfa() end
  if not state then return err and out.fail(err, ctx.args.json) or out.codes.interrupted end
  return out.result(ctx.args.json, { preferred = state.preferred, enabled = ctx.list(state.enabled) })
end

local DEVICES = {
  remember = function(ctx, session)
    if not ctx.args.key then return session:remember_device(true) end
    return session:call("UpdateDeviceStatus", { DeviceKey = ctx.args.key, DeviceRememberedStatus = "remembered" })
  end,
  forget = function(ctx, session) return session:forget_device { key = ctx.args.key } end,
}

function commands.devices(ctx)
  local action = ctx.args.action or "list"
  if action ~= "list" and not DEVICES[action] then return ctx:usage("the action is list, remember or forget") end
  local session, err = ctx:session()
  if not session then return out.fail(err, ctx.args.json) end
  local ok = true
  if DEVICES[action] then ok, err = DEVICES[action](ctx, session) end
  if not ok then return out.fail(err, ctx.args.json) end
  local rows, next_device = {}, session:each_device()
  local device
  device, err = next_device()
  while device do
    rows[#rows + 1] = device
    device, err = next_device()
  end
  if err then return out.fail(err, ctx.args.json) end
  return out.result(ctx.args.json, { devices = ctx.list(rows) }, function()
    for _, row in ipairs(rows) do out.line(row.key .. "  " .. tostring(row.attributes.device_name or "")) end
  end)
end

return commands
