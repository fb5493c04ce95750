--- Commands for those who look inside: verify, decode, call, completion.
-- @module cognito.cli.commands.tools
local json = require "cognito.json"
local out = require "cognito.cli.out"

local commands = {}

local MAX_TOKEN = 64 * 1024
local MAX_INPUT = 1024 * 1024

local function read_token(ctx)
  local token, err = ctx.term.read_stdin(MAX_TOKEN)
  if not token then return nil, err end
  return (token:gsub("^%s*Bearer%s+", ""))
end

function commands.verify(ctx)
  local token, err = read_token(ctx)
  if not token then return ctx:fail(err) end
  local profile = ctx.profile
  local verifier
  verifier, err = require("cognito").verifier {
    user_pool_id = profile.user_pool_id, client_id = profile.client_id, token_use = ctx.args.use,
    issuer = profile.issuer, ca_file = profile.ca_file, proxy = profile.proxy,
  }
  if not verifier then return ctx:fail(err) end
  local claims
  claims, err = verifier:verify(token)
  if not claims then return ctx:fail(err) end
  return ctx:result(claims)
end

function commands.decode(ctx)
  local token, err = read_token(ctx)
  if not token then return ctx:fail(err) end
  local claims, header = require("cognito").jws.decode_unverified(token)
  if not claims then return ctx:fail(header) end
  return ctx:result({ header = header, claims = claims, verified = false }, function()
    out.line "NOT VERIFIED: anybody can write this."
    out.pairs(header)
    out.pairs(claims)
  end)
end

-- What may stand on a command line although the model calls it sensitive: it tells about a person, and opens nothing.
local MAY_BE_SEEN = { ClientId = true, UserAttributes = true, UserContextData = true, Username = true,
  ValidationData = true }

local function find_secret(input)
  local sensitive = require("cognito.protocol.ops").sensitive
  for name in pairs(input) do
    if sensitive[name] and not MAY_BE_SEEN[name] then return name end
  end
end

-- The members of the operation; nil and what is wrong with the command line, or nil, nil and an error.
local function input_of(ctx)
  local text, err = ctx.args.input, nil
  if text == "-" then text, err = ctx.term.read_stdin(MAX_INPUT) end
  if err then return nil, nil, err end
  if not text then return {} end
  local value, message = json.decode(text)
  if type(value) ~= "table" or not text:find "^%s*{" then
    return nil, "the input must be a JSON object" .. (message and ": " .. message or "")
  end
  local secret = ctx.args.input ~= "-" and find_secret(value)
  if secret then return nil, secret .. " has no place on a command line: give the input as - and on standard input" end
  return value
end

local function operation_of(ctx)
  local by_name = require("cognito.protocol.ops").by_name
  local op = by_name[ctx.args.operation]
  if op then return op end
  local near = require("cognito.options").nearest(ctx.args.operation, by_name)
  return nil, ("no operation without AWS credentials is called %s%s"):format(ctx.args.operation,
    near and "; did you mean " .. near .. "?" or "")
end

local function caller_of(ctx, op, input)
  if op.auth and not input.AccessToken and not input.Session then return ctx:session() end
  return ctx.pool
end

function commands.call(ctx)
  local op, unknown = operation_of(ctx)
  if not op then return ctx:usage(unknown) end
  local input, wrong, err = input_of(ctx)
  if wrong then return ctx:usage(wrong) end
  local caller, answer
  if input then caller, err = caller_of(ctx, op, input) end
  if caller then answer, err = caller:call(op.name, input) end
  if not answer then return ctx:fail(err) end
  io.stdout:write(json.encode(answer), "\n")
  return out.codes.ok
end

local SHELLS = { bash = "get_bash_complete", zsh = "get_zsh_complete", fish = "get_fish_complete" }

-- argparse completes commands, options and their values in bash, but not the words of an argument.
local BASH = [[

_cognito_words() {
    _cognito
    local word count=-1 list= command= skip=
    local cur="${COMP_WORDS[COMP_CWORD]}"
    case "$cur" in -*) return ;; esac
    case "${COMP_WORDS[COMP_CWORD-1]}" in -p|--profile|-u|--user) return ;; esac
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$skip$word" in
        -p|--profile|-u|--user) skip=value ;;
        -*) ;;
        value*) skip= ;;
        *) command="${command:-$word}"; count=$((count+1)) ;;
        esac
    done
    case "$command.$count" in
%s    *) return ;;
    esac
    COMPREPLY=($(compgen -W "$list" -- "$cur"))
}

complete -F _cognito_words -o bashdefault -o default cognito
]]

local function bash_words()
  local rows = {}
  for name, places in pairs(require("cognito.cli.args").words) do
    for i, words in ipairs(places) do
      rows[#rows + 1] = ('    %s.%d) list="%s" ;;\n'):format(name, i - 1, table.concat(words, " "))
    end
  end
  table.sort(rows)
  return BASH:format(table.concat(rows))
end

function commands.completion(ctx)
  local shell, parser = ctx.args.shell, ctx.parser
  io.stdout:write(parser[SHELLS[shell]](parser), shell == "bash" and bash_words() or "\n")
  return out.codes.ok
end

return commands
