--- Commands for those who look inside: verify, decode, configure, call, completion.
-- @module cognito.cli.commands.tools
local config = require "cognito.cli.config"
local json = require "cognito.json"
local out = require "cognito.cli.out"

local commands = {}

local MAX_TOKEN = 64 * 1024
local MAX_INPUT = 1024 * 1024

local function read_token(ctx)
  local token, err = ctx.read_stdin(MAX_TOKEN)
  if not token then return nil, err end
  return (token:gsub("^%s*Bearer%s+", ""))
end

function commands.verify(ctx)
  local use = ctx.args.use
  if use ~= "access" and use ~= "id" then return ctx:usage("--use must be access or id") end
  local token, err = read_token(ctx)
  if not token then return out.fail(err, ctx.args.json) end
  local profile = ctx.profile
  local verifier
  verifier, err = require("cognito").verifier {
    user_pool_id = profile.user_pool_id, client_id = profile.client_id, token_use = use, issuer = profile.issuer,
    ca_file = profile.ca_file,
  }
  if not verifier then return out.fail(err, ctx.args.json) end
  local claims
  claims, err = verifier:verify(token)
  if not claims then return out.fail(err, ctx.args.json) end
  return out.result(ctx.args.json, claims)
end

function commands.decode(ctx)
  local token, err = read_token(ctx)
  if not token then return out.fail(err, ctx.args.json) end
  local claims, header = require("cognito").jws.decode_unverified(token)
  if not claims then return out.fail(header, ctx.args.json) end
  return out.result(ctx.args.json, { header = header, claims = claims, verified = false }, function()
    out.line "NOT VERIFIED: anybody can write this."
    out.pairs(header)
    out.pairs(claims)
  end)
end

local SETTINGS = {}
for _, setting in ipairs(config.settings) do SETTINGS[setting.name] = setting end

local function split(text)
  local list = {}
  for item in text:gmatch "[^,%s]+" do list[#list + 1] = tonumber(item) or item end
  return json.list(list)
end

local function value_of(setting, text)
  if text == "" then return nil end
  return setting.list and split(text) or text
end

local function set_from_words(profile, words)
  for _, word in ipairs(words) do
    local name, text = word:match "^([%w_]+)=(.*)$"
    local setting = name and SETTINGS[name]
    if not setting then return nil, "--set must be NAME=VALUE with a setting that exists: " .. word end
    if setting.secret then return nil, name .. " is asked for: a secret has no place on a command line" end
    profile[name] = value_of(setting, text)
  end
  return true
end

local function ask_setting(ctx, setting, present)
  if setting.secret then return ctx.term.secret(setting.ask .. (present and " [kept]" or ""), true) end
  return ctx.term.ask(setting.ask .. (present and " [" .. tostring(present) .. "]" or ""), true)
end

local function ask_all(ctx, profile)
  for _, setting in ipairs(config.settings) do
    local present = profile[setting.name]
    if type(present) == "table" then present = table.concat(present, ",") end
    local text, err = ask_setting(ctx, setting, present)
    if not text then return nil, err end
    if text ~= "" then profile[setting.name] = value_of(setting, text) end
  end
  return true
end

local function list_profiles(ctx, data)
  local rows = {}
  for name, profile in pairs(data.profiles) do
    rows[#rows + 1] = { name = name, user_pool_id = profile.user_pool_id, default = name == data.default }
  end
  table.sort(rows, function(a, b) return a.name < b.name end)
  return out.result(ctx.args.json, { profiles = ctx.list(rows) }, function()
    for _, row in ipairs(rows) do
      out.line(row.name .. "  " .. tostring(row.user_pool_id) .. (row.default and "  (default)" or ""))
    end
  end)
end

function commands.configure(ctx)
  local data, err = config.read()
  if not data then return out.fail(err, ctx.args.json) end
  if ctx.args.list then return list_profiles(ctx, data) end
  local name = ctx.args.profile
  local profile = data.profiles[name] or {}
  if #ctx.args.set > 0 then
    local ok, words = set_from_words(profile, ctx.args.set)
    if not ok then return ctx:usage(words) end
  else
    local ok, failure = ask_all(ctx, profile)
    if not ok then return failure and out.fail(failure, ctx.args.json) or out.codes.interrupted end
  end
  local pool, problem = ctx.new_pool(profile)
  if not pool then return out.fail(problem, ctx.args.json) end
  data.profiles[name], data.default = profile, data.default or name
  local written, unwritten = config.write(data)
  if not written then return out.fail(unwritten, ctx.args.json) end
  return out.result(ctx.args.json, { profile = name }, function() out.line("profile " .. name .. " is written") end)
end

local function input_of(ctx)
  local text, err = ctx.args.input, nil
  if text == "-" then text, err = ctx.read_stdin(MAX_INPUT) end
  if err then return nil, err end
  if not text then return {} end
  local value, message = json.decode(text)
  if type(value) ~= "table" then return nil, "the input must be a JSON object: " .. tostring(message) end
  return value
end

function commands.call(ctx)
  local input, err = input_of(ctx)
  if not input then return type(err) == "string" and ctx:usage(err) or out.fail(err, ctx.args.json) end
  local op = require("cognito.protocol.ops").by_name[ctx.args.operation]
  local caller = ctx.pool
  if op and op.auth and not input.AccessToken and not input.Session then
    caller, err = ctx:session()
    if not caller then return out.fail(err, ctx.args.json) end
  end
  local answer
  answer, err = caller:call(ctx.args.operation, input)
  if not answer then return out.fail(err, ctx.args.json) end
  io.stdout:write(json.encode(answer), "\n")
  return out.codes.ok
end

local SHELLS = { bash = "get_bash_complete", zsh = "get_zsh_complete", fish = "get_fish_complete" }

function commands.completion(ctx)
  local method = SHELLS[ctx.args.shell]
  if not method then return ctx:usage("the shell is bash, zsh or fish") end
  io.stdout:write(ctx.parser[method](ctx.parser), "\n")
  return out.codes.ok
end

return commands
