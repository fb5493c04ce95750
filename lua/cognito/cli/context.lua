--- What a command gets: its arguments, the profile, the pool, and the doors to the terminal.
-- @module cognito.cli.context
local config = require "cognito.cli.config"
local lazy = require "cognito.lazy"

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
  local found = self.found
  if found and found.err then return nil, found.err end
  return self.pool:session(found and found.id and { id = found.id } or self.args.user)
end

--- A pool for a profile, or what is wrong with the profile.
-- @tparam table profile
-- @tparam[opt] table storage one that reads the profile's folder already
-- @tparam[opt] function on_warning
-- @treturn table|nil the pool, or nil and an error: `config`
function Context.new_pool(profile, storage, on_warning)
  -- what `cognito.pool` calls; the rest of that module would be compiled for nothing
  return require("cognito.facade").new {
    user_pool_id = profile.user_pool_id, client_id = profile.client_id, region = profile.region,
    client_secret = config.variable "COGNITO_CLIENT_SECRET" or profile.client_secret,
    endpoint = profile.endpoint, issuer = profile.issuer, domain = profile.domain,
    ca_file = profile.ca_file, proxy = profile.proxy, flow = profile.flow,
    storage = storage or require("cognito.storage.file").new { path = profile.storage },
    -- where the pool tracks devices, a session whose device was not confirmed could never be refreshed
    device = true, on_warning = on_warning,
  }
end

-- Tokens that could not be stored end with this process, and a refresh token that has rotated ends with them.
local function watch(ctx)
  return function(err)
    if err.kind ~= "store" then return end
    ctx.unsaved = err
    if ctx.args.command_name ~= "login" then out.warn(err, ctx.args.json) end
  end
end

--- Makes the context of one command.
-- @tparam table args
-- @tparam boolean needs_pool
-- @tparam[opt] table found what `cognito.cli.quick` has read already
-- @treturn table|nil
-- @treturn number|nil the exit code when there is none
function context.new(args, needs_pool, found)
  local ctx = setmetatable({ args = args, found = found }, Context)
  if not needs_pool then return ctx end
  local profile, problem = found and found.profile, nil
  if not profile then profile, problem = config.profile(args.profile) end
  if not profile then return nil, ctx:fail(problem) end
  local pool, err = Context.new_pool(profile, found and found.storage, watch(ctx))
  if not pool then return nil, ctx:fail(err) end
  ctx.profile, ctx.pool = profile, pool
  return ctx
end

return context
