--- The command `configure`: makes, changes, lists and removes profiles.
-- @module cognito.cli.commands.configure
local complaints = require "cognito.cli.complaints"
local config = require "cognito.cli.config"
local settings = require "cognito.cli.settings"
local json = require "cognito.json"
local options = require "cognito.options"
local out = require "cognito.cli.out"

local command = {}

local SETTINGS = {}
for _, setting in ipairs(settings.list) do SETTINGS[setting.name] = setting end

local EXAMPLE = { user_pool_id = "eu-west-1_AbCdEf123", client_id = "1h57kf5cpq17m0eml12EXAMPLE" }

local function is_port(n) return n and n % 1 == 0 and n > 0 and n < 65536 end

-- The items of a list; nil and what is wrong with one of them.
local function split(setting, text)
  local list = {}
  for item in text:gmatch "[^,%s]+" do
    local value = setting.list == "number" and tonumber(item) or setting.list == "string" and item
    if not value or setting.list == "number" and not is_port(value) then
      return nil, ("%s holds port numbers from 1 to 65535, not %q"):format(setting.name, item)
    end
    list[#list + 1] = value
  end
  return json.list(list)
end

-- A pool that has this one setting tells whether the setting can be right.
local function complaint(ctx, profile, setting, value)
  local trial = { [setting.name] = value }
  for name, example in pairs(EXAMPLE) do trial[name] = trial[name] or profile[name] or example end
  local pool, err = ctx.new_pool(trial)
  local ok = pool
  if pool and pool.domain then ok, err = pool:hosted_login { redirect_uri = "http://localhost/" } end
  if ok or err.field ~= setting.name then return nil end
  return err.hint and err.message .. "; " .. err.hint or err.message
end

-- The value that a text means, false for none; nil and what is wrong with it.
local function value_of(ctx, profile, setting, text)
  if text == "" then return false end
  local value, wrong = text, nil
  if setting.list then value, wrong = split(setting, text) end
  if not value then return nil, wrong end
  wrong = complaint(ctx, profile, setting, value)
  if wrong then return nil, wrong end
  return value
end

local function unknown_setting(name)
  local near = options.nearest(name, SETTINGS)
  if near then return ("there is no setting %s; did you mean %s?"):format(name, near) end
  local names = {}
  for i, setting in ipairs(settings.list) do names[i] = setting.name end
  return ("there is no setting %s; there are %s"):format(name, table.concat(names, ", "))
end

local function set_one(ctx, profile, word)
  local name, text = word:match "^([%w_-]+)=(.*)$"
  if not name then return "--set must be NAME=VALUE, not " .. word end
  local setting = SETTINGS[name]
  if not setting then return unknown_setting(name) end
  if setting.secret or name == "proxy" and text:find("@", 1, true) then
    return name .. " is asked for: a secret has no place on a command line"
  end
  local value, wrong = value_of(ctx, profile, setting, text)
  if value == nil then return wrong end
  profile[name] = value or nil
end

local function set_from_words(ctx, profile, words)
  for _, word in ipairs(words) do
    local wrong = set_one(ctx, profile, word)
    if wrong then return wrong end
  end
end

local function question(setting, present)
  if present == nil then return setting.ask end
  if setting.secret then return setting.ask .. " [kept]" end
  return ("%s [%s]"):format(setting.ask, type(present) == "table" and table.concat(present, ",") or present)
end

-- Return alone keeps what is there. Asks again until the answer can be right.
local function ask_setting(ctx, profile, setting)
  local term, present = ctx.term, profile[setting.name]
  while true do
    local text, err = (setting.secret and term.secret or term.ask)(question(setting, present), true)
    if not text then return nil, err end
    local value, wrong = value_of(ctx, profile, setting, text)
    if value then profile[setting.name] = value end
    if value == false and setting.required and not present then wrong = setting.name .. " is needed" end
    if not wrong then return true end
    term.say(wrong)
  end
end

local function ask_all(ctx, profile)
  local err = ctx.term.unreachable()
  if err then return nil, err end
  ctx.term.say "Return alone keeps what stands in brackets, or leaves the setting out."
  for _, setting in ipairs(settings.list) do
    local skipped = setting.rare and not ctx.args.all or setting.needs and not profile[setting.needs]
    local ok = skipped
    if not skipped then ok, err = ask_setting(ctx, profile, setting) end
    if not ok then return nil, err end
  end
  return true
end

local function list_profiles(ctx, data)
  local rows = {}
  for name, profile in pairs(data.profiles) do
    rows[#rows + 1] = { name = name, user_pool_id = profile.user_pool_id, client_id = profile.client_id,
      default = name == data.default }
  end
  table.sort(rows, function(a, b) return a.name < b.name end)
  return ctx:result({ profiles = json.list(rows) }, function()
    if #rows == 0 then ctx.term.say "There is no profile yet: run `cognito configure`." end
    for _, row in ipairs(rows) do
      out.line(("%s  %s  %s%s"):format(row.name, row.user_pool_id, row.client_id, row.default and "  (default)" or ""))
    end
  end)
end

local function write(ctx, data, name, text)
  local written, err = settings.write(data)
  if not written then return ctx:fail(err) end
  return ctx:result({ profile = name }, function() out.line(text) end)
end

local function first_of(profiles)
  local first
  for name in pairs(profiles) do
    if not first or name < first then first = name end
  end
  return first
end

local function remove(ctx, data, name)
  if not data.profiles[name] then return ctx:fail(complaints.no_profile(name)) end
  data.profiles[name] = nil
  if data.default == name then data.default = first_of(data.profiles) end
  return write(ctx, data, name, ("profile %s is removed"):format(name))
end

local function change(ctx, data, name)
  local profile = data.profiles[name] or {}
  if #ctx.args.set > 0 then
    local wrong = set_from_words(ctx, profile, ctx.args.set)
    if wrong then return ctx:usage(wrong) end
  elseif not (ctx.args.default and data.profiles[name]) then
    local ok, err = ask_all(ctx, profile)
    if not ok then return ctx:fail(err) end
  end
  local pool, err = ctx.new_pool(profile)
  if not pool then return ctx:fail(err) end
  data.profiles[name] = profile
  if ctx.args.default or not data.default then data.default = name end
  return write(ctx, data, name, ("profile %s is written"):format(name))
end

function command.configure(ctx)
  local data, err = config.read()
  if not data then return ctx:fail(err) end
  if ctx.args.list then return list_profiles(ctx, data) end
  local name = ctx.args.profile or config.variable "COGNITO_PROFILE" or "default"
  if not name:find "^[%w_.-]+$" then return ctx:usage "a profile's name is made of letters, digits, dots and dashes" end
  return (ctx.args.remove and remove or change)(ctx, data, name)
end

return command
