--- The command line: which commands and options there are. Loaded by all commands but the quick `token`.
-- The manual page (docs/cognito.1) names all of them; a spec compares the two.
-- @module cognito.cli.args
local argparse = require "argparse"
local emulator = require "cognito.emulator.arguments"

local args = {}

--- The words that arguments are chosen from: of a command, in order.
args.words = {
  mfa = { { "show", "totp", "on", "off", "prefer" }, { "sms", "totp", "email" } },
  devices = { { "list", "remember", "forget" } },
  completion = { { "bash", "zsh", "fish" } },
}

local FLOWS = { "USER_SRP_AUTH", "USER_PASSWORD_AUTH", "CUSTOM_AUTH", "USER_AUTH" }

local function common(command)
  command:option("-p --profile", "profile to use (default: $COGNITO_PROFILE, else the default one)"):argname "<name>"
  command:flag("--json", "print JSON, errors too")
  return command
end

local function for_user(command)
  common(command)
  command:option("-u --user", "whose session (default: the last one signed in)"):argname "<name>"
  return command
end

local function seconds(text)
  local number = tonumber(text)
  if number and number > 0 and number < math.huge then return number end
  return nil, ("seconds are a number above 0, not '%s'"):format(text)
end

local function add_login(parser)
  local login = common(parser:command("login", "sign in; asks for what the pool asks for"))
  login:argument("username", "user name, e-mail address or phone number"):args "?"
  login:flag("--browser", "sign in on the pool's own login page")
  login:flag("--no-open", "with --browser: print the address of the page instead of opening it")
  login:option("--timeout", "with --browser: how long to wait for it", "300"):convert(seconds):argname "<seconds>"
  login:option("--flow", "how to begin (default: the profile's, else USER_SRP_AUTH)"):choices(FLOWS)
  login:flag("--password-stdin", "read the password from standard input")
end

local function add_sessions(parser)
  local token = for_user(parser:command("token", "print a valid token, refreshed when it must be"))
  token:flag("--id", "the ID token instead of the access token")
  token:flag("--refresh", "refresh even when the token is still valid")
  local exec = for_user(parser:command("exec", "run a command with a valid token in its environment"))
  exec:option("--variable", "name of the variable", "COGNITO_TOKEN"):argname "<name>"
  exec:flag("--id", "the ID token instead of the access token")
  exec:argument("command", "the command and its arguments"):args "+"
  for_user(parser:command("whoami", "who is signed in, and until when"))
  common(parser:command("sessions", "list the sessions of this profile"))
  local logout = for_user(parser:command("logout", "sign out: revoke the refresh token and forget the session"))
  logout:flag("--global", "sign out on all devices")
  logout:flag("--local-only", "forget the session here and tell the service nothing")
end

local function add_accounts(parser)
  local up = common(parser:command("sign-up", "create an account"))
  up:argument "username"
  up:option("-a --attribute", "such as email=a@example.com; as often as needed"):count "*":argname "<name=value>"
  up:flag("--no-password", "for passwordless pools")
  up:flag("--password-stdin", "read the password from standard input")
  local confirm = common(parser:command("confirm", "confirm an account with the code that was sent"))
  confirm:argument "username"
  confirm:flag("--resend", "send the code again")
  confirm:flag("--code-stdin", "read the code from standard input")
  local password = for_user(parser:command("password", "change the password, or set a new one by code"))
  password:flag("--forgot", "by a code that is sent to the user")
end

local function add_factors(parser)
  local mfa = for_user(parser:command("mfa", "show or change the second factors"))
  mfa:argument("action", "show; totp: enrol an authenticator app; on, off, prefer: a factor")
    :args("?"):choices(args.words.mfa[1])
  mfa:argument("factor", "of on, off and prefer"):args("?"):choices(args.words.mfa[2])
  local devices = for_user(parser:command("devices", "list, remember or forget devices"))
  devices:argument("action", "what to do (default: list)"):args("?"):choices(args.words.devices[1])
  devices:argument("key", "device key (default: of this session's own device)"):args "?"
end

local function add_tokens(parser)
  local verify = common(parser:command("verify", "verify a token read from standard input"))
  verify:option("--use", "which token it must be", "access"):choices { "access", "id" }
  common(parser:command("decode", "show what a token read from standard input says, unverified"))
end

local function add_tools(parser)
  local call = for_user(parser:command("call", "call any operation, raw"))
  call:argument("operation", "name in the API model, such as GetUser")
  call:argument("input", "its members as JSON; -: from standard input, where secrets belong"):args "?"
  common(parser:command("doctor", "check endpoint, TLS, clock, store, app client and login page"))
  local completion = parser:command("completion", "print a completion script")
  completion:argument("shell"):choices(args.words.completion[1])
  emulator.add(parser:command("emulator", "run a local user pool for development"))
end

local function add_configure(parser)
  local configure = common(parser:command("configure", "create, change, list or remove profiles"))
  configure:option("--set", "change a setting without asking; as often as needed"):count "*":argname "<name=value>"
  configure:flag("--all", "ask for the rare settings too")
  configure:flag("--default", "make it the default profile")
  configure:flag("--remove", "remove the profile")
  configure:flag("--list", "list the profiles")
end

local function add_version(parser)
  parser:flag("--version", "print the version"):action(function()
    print("cognito " .. require("cognito")._VERSION)
    os.exit(0)
  end)
end

--- The parser of the whole command line.
-- @treturn table an argparse parser
function args.parser()
  local parser = argparse("cognito", "Sign in to Amazon Cognito user pools and keep tokens fresh.",
    "`cognito help COMMAND` explains a command; the manual page, cognito(1), explains all of them.")
  parser:command_target "command_name"
  parser:require_command(true)
  parser:help_max_width(100):usage_max_width(100):help_description_margin(32)
  add_version(parser)
  for _, add in ipairs { add_configure, add_login, add_sessions, add_accounts, add_factors, add_tokens, add_tools } do
    add(parser)
  end
  parser:add_help_command { description = "explain a command" }
  return parser
end

return args
