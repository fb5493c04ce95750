--- The command line: which commands and options there are. Loaded by all commands but the quick `token`.
-- @module cognito.cli.args
local argparse = require "argparse"

local function common(command)
  command:option("-p --profile", "profile to use (default: $COGNITO_PROFILE, else the first one configured)")
  command:flag("--json", "print JSON")
  return command
end

local function for_user(command)
  common(command)
  command:option("-u --user", "username of the session (default: the last one signed in)")
  return command
end

local function add_sessions(parser)
  local login = common(parser:command("login", "sign in; asks for what the pool asks for"))
  login:argument("username", "username, e-mail address or phone number"):args "?"
  login:flag("--browser", "sign in on the pool's own login page")
  login:flag("--no-open", "print the address of the login page instead of opening a browser")
  login:option("--flow", "USER_SRP_AUTH, USER_PASSWORD_AUTH, CUSTOM_AUTH or USER_AUTH")
  login:option("--timeout", "seconds to wait for the browser"):convert(tonumber):default "300"
  login:flag("--password-stdin", "read the password from standard input")
  local token = for_user(parser:command("token", "print a valid token, refreshed when it must be"))
  token:flag("--id", "the ID token instead of the access token")
  token:flag("--refresh", "refresh even when the token is still valid")
  local exec = for_user(parser:command("exec", "run a command with a valid token in its environment"))
  exec:option("--variable", "name of the variable"):default "COGNITO_TOKEN"
  exec:flag("--id", "the ID token instead of the access token")
  exec:argument("command", "the command and its arguments; put -- before it"):args "+"
  for_user(parser:command("whoami", "who is signed in, and until when"))
  common(parser:command("sessions", "list the sessions of this profile"))
  local logout = for_user(parser:command("logout", "sign out: revoke the refresh token and forget the session"))
  logout:flag("--global", "sign out on all devices")
  logout:flag("--local-only", "forget the session here and tell the service nothing")
end

local function add_accounts(parser)
  local up = common(parser:command("sign-up", "create an account"))
  up:argument("username")
  up:option("-a --attribute", "NAME=VALUE, as often as needed"):count "*"
  up:flag("--no-password", "for passwordless pools")
  local confirm = common(parser:command("confirm", "confirm an account with the code that was sent"))
  confirm:argument("username")
  confirm:argument("code"):args "?"
  confirm:flag("--resend", "send the code again")
  local password = for_user(parser:command("password", "change the password, or set a new one by code"))
  password:flag("--forgot", "by a code that is sent; needs the username")
end

local function add_factors(parser)
  local mfa = for_user(parser:command("mfa", "show or change the second factors"))
  mfa:argument("action", "show, totp, on, off, prefer"):args "?"
  mfa:argument("factor", "sms, totp or email"):args "?"
  local devices = for_user(parser:command("devices", "list, remember or forget devices"))
  devices:argument("action", "list, remember, forget"):args "?"
  devices:argument("key", "device key"):args "?"
end

local function add_tokens(parser)
  local verify = common(parser:command("verify", "verify a token read from standard input"))
  verify:option("--use", "access or id"):default "access"
  common(parser:command("decode", "show what a token read from standard input says, unverified"))
end

local function add_tools(parser)
  local configure = parser:command("configure", "create or change a profile")
  configure:option("-p --profile", "its name"):default "default"
  configure:option("--set", "NAME=VALUE, as often as needed; secrets are asked for"):count "*"
  configure:flag("--list", "list the profiles")
  configure:flag("--json", "print JSON")
  local call = for_user(parser:command("call", "call any operation, raw"))
  call:argument("operation", "name in the API model, such as GetUser")
  call:argument("input", "its members as JSON; -: from standard input"):args "?"
  common(parser:command("doctor", "check endpoint, TLS, clock, store and client settings"))
  local completion = parser:command("completion", "print a completion script")
  completion:argument("shell", "bash, zsh or fish")
end

--- The parser of the whole command line.
-- @treturn table an argparse parser
return function()
  local parser = argparse("cognito", "Sign in to Amazon Cognito user pools and keep tokens fresh.")
  parser:command_target "command_name"
  parser:require_command(true)
  parser:help_max_width(100)
  add_sessions(parser)
  add_accounts(parser)
  add_factors(parser)
  add_tokens(parser)
  add_tools(parser)
  parser:command("emulator", "run a local user pool for development (cognito emulator --help)")
  return parser
end
