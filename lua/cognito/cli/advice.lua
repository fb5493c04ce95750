--- What to type after an error: the library's own hints name its functions, these name commands.
-- @module cognito.cli.advice

local advice = {}

-- `{p}` becomes the profile's option where one was given, `{who}` the user name.
local BY_CODE = {
  UserNotConfirmedException = "run `cognito confirm{p} {who}` with the code that was sent; --resend sends a new one",
  PasswordResetRequiredException = "run `cognito password{p} --forgot -u {who}` to set a new one by a code",
  CodeDeliveryFailureException = "the account may be there: `cognito confirm{p} {who} --resend` sends the code again",
  UsernameExistsException = "run `cognito login{p} {who}`, or choose another name",
  AliasExistsException = "another user has this e-mail address or phone number: use another one",
  SoftwareTokenMFANotFoundException = "run `cognito mfa{p} totp` first; the pool must allow authenticator apps",
  EnableSoftwareTokenMFAException = "check the clock of the device that shows the codes, and run the command again",
  login_timeout = "run it again; --timeout SECONDS gives more time",
  jwks_unavailable = "nobody could look at the token: `cognito doctor{p}` looks for the cause",
}

local BY_COMMAND = {
  confirm = { ExpiredCodeException = "run `cognito confirm{p} {who} --resend` for a new code",
    no_terminal = "run it in a terminal, or give the code with --code-stdin" },
  password = { ExpiredCodeException = "run the command again for a new code" },
  login = {
    no_terminal = "run it in a terminal; where the pool asks for the password alone, --password-stdin is enough",
  },
  ["sign-up"] = { no_terminal = "run it in a terminal, or give the password with --password-stdin" },
  configure = { no_terminal = "run it in a terminal, or give the settings with --set NAME=VALUE" },
}

local BY_FIELD = {
  domain = "give the prefix or host of the pool's login page: cognito configure{p} --set domain=PREFIX",
  ports = "register http://localhost:PORT/ as a callback URL of the app client, and run "
    .. "`cognito configure{p} --set redirect_ports=PORT`",
  client_secret = "`cognito configure{p}` asks for the client secret; $COGNITO_CLIENT_SECRET goes before it",
}

local BY_KIND = {
  sign_in_required = "run `cognito login{p}{user}`",
  challenge_expired = "run the command again",
}

local UNREACHED = { dns = true, connect = true, tls = true, timeout = true, network = true, bad_response = true,
  http_redirect = true }

local function choose(err, command)
  local own = BY_COMMAND[command]
  if own and own[err.code] then return own[err.code] end
  if BY_CODE[err.code] then return BY_CODE[err.code] end
  if err.kind == "config" and err.code ~= "ports_taken" then
    local hint = BY_FIELD[err.reason or err.field]
    if hint then return hint end
  end
  if UNREACHED[err.kind] and command ~= "doctor" then return err.hint or "`cognito doctor{p}` looks for the cause" end
  return BY_KIND[err.kind]
end

--- What to do about an error, in words of the command line.
-- @tparam errors err
-- @tparam table args the parsed command line
-- @treturn string|nil nil: the error's own hint is right
function advice.of(err, args)
  local hint = choose(err, args.command_name)
  if not hint then return nil end
  local who = args.username or args.user
  local words = { p = args.profile and " -p " .. args.profile or "",
    who = who or "USERNAME", user = who and " " .. who or "" }
  return (hint:gsub("{(%l+)}", words))
end

return advice
