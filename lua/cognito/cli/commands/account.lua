--- Commands about an account: sign-up, confirm, password, mfa, devices.
-- @module cognito.cli.commands.account
local json = require "cognito.json"
local out = require "cognito.cli.out"

local commands = {}

local function sent(ctx, delivery)
  if delivery and delivery.destination then ctx.term.say("A code was sent to " .. delivery.destination .. ".") end
end

local function attributes(list)
  local map = {}
  for _, text in ipairs(list or {}) do
    local name, value = text:match "^([^=]+)=(.*)$"
    if not name then return nil, "--attribute must be NAME=VALUE, not " .. text end
    map[name] = value
  end
  return map
end

-- The password of a new account; false for none. nil, and an error or nothing: the person gave up.
local function first_password(ctx)
  if ctx.args.no_password then return false end
  if ctx.args.password_stdin then return ctx.term.read_stdin(256, true) end
  return ctx.term.new_password()
end

local function with_profile(ctx, command)
  return ("cognito %s%s %s"):format(command, ctx.args.profile and " -p " .. ctx.args.profile or "", ctx.args.username)
end

commands["sign-up"] = function(ctx)
  local map, wrong = attributes(ctx.args.attribute)
  if not map then return ctx:usage(wrong) end
  local password, err = first_password(ctx)
  if password == nil then return ctx:fail(err) end
  local result
  result, err = ctx.pool:sign_up { username = ctx.args.username, password = password or nil, attributes = map }
  if not result then return ctx:fail(err) end
  return ctx:result({ confirmed = result.confirmed, sub = result.sub, delivery = result.delivery }, function()
    sent(ctx, result.delivery)
    out.line(result.confirmed and "the account is ready: run " .. with_profile(ctx, "login")
      or "now run: " .. with_profile(ctx, "confirm"))
  end)
end

local function resend(ctx)
  local delivery, err = ctx.pool:resend_code { username = ctx.args.username }
  if not delivery then return ctx:fail(err) end
  return ctx:result(delivery, function() sent(ctx, delivery) end)
end

local function ask_code(ctx)
  if ctx.args.code_stdin then return ctx.term.read_stdin(64) end
  return ctx.term.ask "Code"
end

function commands.confirm(ctx)
  if ctx.args.resend then return resend(ctx) end
  local code, ok, err
  code, err = ask_code(ctx)
  if code then ok, err = ctx.pool:confirm_sign_up { username = ctx.args.username, code = code } end
  if not ok then return ctx:fail(err) end
  return ctx:result({ confirmed = true }, function() out.line "confirmed" end)
end

-- Nothing is sent before it is sure that the person can be asked for the rest.
local function forgot(ctx)
  local username, delivery, code, password
  local err = ctx.term.unreachable()
  if err then return nil, err end
  username = ctx.args.user
  if not username then username, err = ctx.term.ask "Username" end
  if username then delivery, err = ctx.pool:forgot_password { username = username } end
  if not delivery then return nil, err end
  sent(ctx, delivery)
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
  if not ok then return ctx:fail(err) end
  return ctx:result({ changed = true }, function() out.line "the password is changed" end)
end

-- The secret is shown to a person alone: where nobody can type the code, none is made.
local function enrol(ctx, session)
  local secret, code, ok
  local err = ctx.term.unreachable()
  if not err then secret, err = session:associate_totp() end
  if not secret then return nil, err end
  ctx.term.say "Scan this with an authenticator app:"
  ctx.term.qr(require("cognito.totp").uri { secret = secret.secret, account = session.username,
    issuer = ctx.profile.user_pool_id })
  ctx.term.say("or type this key into it: " .. secret.secret)
  code, err = ctx.term.ask "Code from the app"
  if code then ok, err = session:verify_totp { code = code } end
  if not ok then return nil, err end
  return session:set_mfa { totp = { enabled = true, preferred = true } }
end

local MFA = {
  totp = enrol,
  on = function(ctx, session) return session:set_mfa { [ctx.args.factor] = { enabled = true } } end,
  off = function(ctx, session) return session:set_mfa { [ctx.args.factor] = { enabled = false } } end,
  prefer = function(ctx, session)
    return session:set_mfa { [ctx.args.factor] = { enabled = true, preferred = true } }
  end,
}

local function show_mfa(state)
  if #state.enabled == 0 then return out.line "no second factor is on" end
  for _, name in ipairs(state.enabled) do out.line(name .. (name == state.preferred and "  (preferred)" or "")) end
end

local function wrong_factor(action, factor)
  local needed = action == "on" or action == "off" or action == "prefer"
  if needed and not factor then return ("`mfa %s` needs a factor: sms, totp or email"):format(action) end
  if factor and not needed then return ("`mfa %s` takes no factor"):format(action) end
end

function commands.mfa(ctx)
  local action = ctx.args.action or "show"
  local wrong = wrong_factor(action, ctx.args.factor)
  if wrong then return ctx:usage(wrong) end
  local state, ok
  local session, err = ctx:session()
  if session then ok = true end
  if session and MFA[action] then ok, err = MFA[action](ctx, session) end
  if ok then state, err = session:mfa() end
  if not state then return ctx:fail(err) end
  return ctx:result({ preferred = state.preferred, enabled = json.list(state.enabled) }, show_mfa)
end

local function own_device(session) return session:export().device_key end

-- The service refreshes a session with its device's key only.
local function forget(ctx, session)
  local own = own_device(session)
  local ok, err = session:forget_device { key = ctx.args.key }
  if not ok then return nil, err end
  if own and (ctx.args.key or own) == own then
    ctx.term.say "This session cannot be refreshed without its device: run `cognito login` again."
  end
  return true
end

local DEVICES = {
  remember = function(ctx, session)
    if not ctx.args.key then return session:remember_device(true) end
    return session:call("UpdateDeviceStatus", { DeviceKey = ctx.args.key, DeviceRememberedStatus = "remembered" })
  end,
  forget = forget,
}

local function all_devices(session)
  local rows, next_device = {}, session:each_device()
  local device, err = next_device()
  while device do
    rows[#rows + 1] = device
    device, err = next_device()
  end
  if err then return nil, err end
  return rows
end

local function show_devices(ctx, session)
  return function(value)
    if #value.devices == 0 then ctx.term.say "No device is known." end
    for _, row in ipairs(value.devices) do
      local words = { row.key, tostring(row.attributes.device_name or "") }
      if row.attributes["dev:device_remembered_status"] == "remembered" then words[#words + 1] = "(remembered)" end
      if row.key == own_device(session) then words[#words + 1] = "(this one)" end
      out.line(table.concat(words, "  "))
    end
  end
end

function commands.devices(ctx)
  local action, rows, ok = ctx.args.action or "list", nil, nil
  if action == "list" and ctx.args.key then return ctx:usage "`devices list` takes no key" end
  local session, err = ctx:session()
  if session then ok = true end
  if session and DEVICES[action] then ok, err = DEVICES[action](ctx, session) end
  if ok then rows, err = all_devices(session) end
  if not rows then return ctx:fail(err) end
  return ctx:result({ devices = json.list(rows) }, show_devices(ctx, session))
end

return commands
