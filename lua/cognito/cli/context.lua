--- What a command gets: its arguments, the profile, the pool, and the doors to the terminal.
-- @module cognito.cli.context
local config = require "cognito.cli.config"
local errors = require "cognito.errors"
local json = require "cognito.json"
local out = require "cognito.cli.out"

local context = {}

local Context = {}
-- The terminal is loaded by who asks for it.
function Context.__index(ctx, name)
  if name ~= "term" then return Context[name] end
  local term = require "cognito.cli.term"
  ctx.term = term
  return term
end

--- Say that the command line is wrong.
-- @tparam string text
-- @treturn number exit code 2
function Context:usage(text) -- luacheck: ignore self
  io.stderr:write("cognito: ", text, "\n")
  return out.codes.usage
end

--- The session that the command is about.
-- @treturn table|nil
-- @treturn ?errors
function Context:session()
  return self.pool:session(self.args.user)
end

--- A list that is written as a JSON list also when it is empty.
Context.list = json.list

--- All of standard input, without the line's end.
-- @tparam number max bytes
-- @treturn string|nil
-- @treturn ?errors `invalid` when there is more, or nothing
function Context.read_stdin(max)
  local text = io.stdin:read(max + 1)
  if not text or text == "" then return nil, errors.new("invalid", "standard input is empty", { field = "stdin" }) end
  if #text > max then return nil, errors.new("invalid", "standard input is too long", { field = "stdin" }) end
  return (text:gsub("[\r\n]+$", ""))
end

--- A pool for a profile, or what is wrong with the profile.
-- @tparam table profile
-- @treturn table|nil
-- @treturn ?errors `config`
function Context.new_pool(profile)
  local options, err = config.pool_options(profile)
  if not options then return nil, err end
  return require("cognito").pool(options)
end

--- Run a program with more variables in its environment; its exit code becomes ours.
-- @tparam {string,...} argv
-- @tparam table variables name to value
-- @treturn number
function Context.run(argv, variables)
  local code, name, message = require("cognito.posix").exec(argv, variables)
  if code then return code end
  return out.fail(errors.new("config", message, { code = name, field = argv[1] }))
end

--- Make the context of one command.
-- @tparam table args
-- @tparam ?table parser
-- @tparam boolean needs_pool
-- @treturn table|nil
-- @treturn ?number the exit code when there is none
function context.new(args, parser, needs_pool)
  local ctx = setmetatable({ args = args, parser = parser }, Context)
  if not needs_pool then return ctx end
  local profile, name = config.profile(args.profile)
  if not profile then return nil, out.fail(name, args.json) end
  local pool, err = Context.new_pool(profile)
  if not pool then return nil, out.fail(err, args.json) end
  ctx.profile, ctx.pool = profile, pool
  return ctx
end

return context
