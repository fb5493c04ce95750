--- What a command gets: its arguments, the profile, the pool, and the doors to the terminal.
-- @module cognito.cli.context
local config = require "cognito.cli.config"
local errors = require "cognito.errors"
local lazy = require "cognito.lazy"
local posix = require "cognito.posix"

local json = lazy.module "cognito.json"
local out = lazy.module "cognito.cli.out"

local context = {}

local Context = {}
-- The terminal is loaded by who asks for it.
function Context.__index(ctx, name)
  if name ~= "term" then return Context[name] end
  local term = require "cognito.cli.term"
  ctx.term = term
  return term
end

--- Says that the command line is wrong.
-- @tparam string text
-- @treturn number exit code 2
function Context:usage(text)
  return out.usage(text, self.args.json, ("`cognito %s --help` explains it"):format(self.args.command_name))
end

--- Says what went wrong, and what to type next.
-- @tparam[opt] errors err nil: the person gave up at a prompt
-- @treturn number the exit code
function Context:fail(err)
  if not err then return out.codes.interrupted end
  return out.fail(err, self.args.json, require("cognito.cli.advice").of(err, self.args))
end

--- Prints a result; see `cognito.cli.out.result`.
function Context:result(value, lines) return out.result(self.args.json, value, lines) end

--- The session that the command is about.
-- @treturn table|nil the session, or nil and an error
function Context:session()
  return self.pool:session(self.args.user)
end

--- A list that is written as a JSON list also when it is empty.
function Context.list(t) return json.list(t) end

--- All of standard input, without the line's end.
-- @tparam number max bytes
-- @tparam[opt] boolean secret it may not be typed at a terminal, which would show it
-- @treturn string|nil the text, or nil and an error: `invalid` when there is more, or nothing
function Context:read_stdin(max, secret)
  if posix.is_terminal(0) then
    if secret then
      return nil, errors.new("invalid", "standard input is a terminal, which would show what is typed",
        { field = "stdin", hint = "leave the option out to be asked without echo" })
    end
    self.term.say "Reading standard input; Ctrl-D ends it."
  end
  local text = io.stdin:read(max + 1)
  if not text or text == "" then return nil, errors.new("invalid", "standard input is empty", { field = "stdin" }) end
  if #text > max then return nil, errors.new("invalid", "standard input is too long", { field = "stdin" }) end
  return (text:gsub("[\r\n]+$", ""))
end

--- A pool for a profile, or what is wrong with the profile.
-- @tparam table profile
-- @treturn table|nil the pool, or nil and an error: `config`
function Context.new_pool(profile)
  local options, err = config.pool_options(profile)
  if not options then return nil, err end
  return require("cognito").pool(options)
end

--- Become a program, with more variables in its environment. Comes back only when that fails.
-- @tparam {string,...} argv
-- @tparam table variables name to value
-- @treturn number exit code: 127 when there is no such program, 126 when it cannot be run
function Context:run(argv, variables)
  local _, name, message = posix.exec(argv, variables)
  self:fail(errors.new("config", ("%s cannot be run: %s"):format(argv[1], message), { code = name, field = argv[1] }))
  return name == "ENOENT" and out.codes.not_found or out.codes.not_executable
end

--- Makes the context of one command.
-- @tparam table args
-- @tparam[opt] table parser
-- @tparam boolean needs_pool
-- @treturn table|nil
-- @treturn number|nil the exit code when there is none
function context.new(args, parser, needs_pool)
  local ctx = setmetatable({ args = args, parser = parser }, Context)
  if not needs_pool then return ctx end
  local profile, name = config.profile(args.profile)
  if not profile then return nil, ctx:fail(name) end
  local pool, err = Context.new_pool(profile)
  if not pool then return nil, ctx:fail(err) end
  ctx.profile, ctx.pool = profile, pool
  return ctx
end

return context
