--- `cognito token` while the stored token is good: read the profile, read the record, print. Shells call this often, so
-- it loads no argument parser, no client and no libcurl. Whatever is out of the ordinary is left to the full command.
-- @module cognito.cli.quick
local config = require "cognito.cli.config"
local posix = require "cognito.posix"

local MARGIN = 60 -- seconds, as that of a pool that names none

local NO_CLOCK = { difference = function() end } -- nothing was heard of the server's clock yet

-- As much of a pool as finding and reading a record takes.
local function pool_of(profile)
  local storage = require("cognito.storage.file").new { path = profile.storage }
  return {
    user_pool_id = profile.user_pool_id, client_id = profile.client_id, storage = storage, unsaved = {},
    key_prefix = profile.user_pool_id .. "\0" .. profile.client_id .. "\0session\0",
    host = { now = posix.now, monotime = posix.boottime }, client = { clock = NO_CLOCK },
  }
end

-- What is stored: the `id` of the session and its `record`, or the `err` of the storage.
local function find(pool, name)
  local records, found = require "cognito.records", {}
  found.id, found.err = records.find(pool, name)
  if found.id then found.record, found.err = records.read(pool, records.session_key(pool, found.id)) end
  return found
end

-- The token, and for how many seconds it is good; nil when it is time to refresh.
local function fresh(record, now, wants_id)
  local tokens = require "cognito.tokens"
  local token, left = record.access_token, tokens.remaining(record, now)
  if wants_id then
    token = record.id_token
    local exp = token and require("cognito.core").jwt_times(token)
    left = exp and math.min(left, exp - now) or 0
  end
  if left > 0 and left > tokens.margin(record, MARGIN) then return token, left end
end

--- Serve the command if nothing but reading is needed.
-- @tparam table args `profile`, `user`, `id`, `json`
-- @treturn number|nil exit code 0; nil when the full command must be run
-- @treturn table|nil what was read, for that command: `profile`, `storage`, and the session's `id` or the `err` of the
-- storage, which says some things only once
return function(args)
  local profile = config.profile(args.profile)
  if not profile or not profile.user_pool_id or not profile.client_id then return nil end
  local pool = pool_of(profile)
  local found, token, left = find(pool, args.user), nil, nil
  local record = found.record
  if record then token, left = fresh(record, (require("cognito.records").server_now(pool, record)), args.id) end
  if not token then
    found.profile, found.storage = profile, pool.storage
    return nil, found
  end
  if args.json then
    token = require("cognito.json").encode { token = token, expires_in = math.floor(left) }
  end
  io.stdout:write(token, "\n")
  return 0
end
