--- Sessions that were stored earlier: how a program finds them again.
-- @module cognito.stored

local lazy = require "cognito.lazy"
local options = require "cognito.options"
local records = require "cognito.records"
local session = require "cognito.session"

local ended = lazy.module "cognito.ended"

local stored = {}

local function one_owner(pool)
  if not pool.storage.shared then return end
  error(("pool:session: %s storage is shared by many users and has no \"last\" one; give { id = ... }")
    :format(pool.storage.name or "this"), 4)
end

local function load(pool, id)
  local record, err = records.read(pool, records.session_key(pool, id))
  if err then return nil, err end
  if not record then return nil, ended.over(nil, "no session is stored") end
  record.id = record.id or id
  return session.wrap(pool, record)
end

--- See `pool:session`.
-- @tparam table pool
-- @tparam[opt] string|table which
-- @treturn table|nil the session, or nil and an error: `sign_in_required` when there is none, `store`
function stored.session(pool, which)
  if type(which) == "table" then
    options.check(which, { id = "string" }, "pool:session", 3)
    if not which.id then error("pool:session: option id is needed", 3) end
    return load(pool, which.id)
  end
  if which ~= nil and type(which) ~= "string" then
    error("pool:session: a user name or { id = ... } is needed, not " .. type(which), 3)
  end
  one_owner(pool)
  local id, err = records.find(pool, which)
  if err then return nil, err end
  if not id then return nil, ended.over(nil, "no session is stored") end
  return load(pool, id)
end

--- See `pool:sessions`.
-- @tparam table pool
-- @treturn table|nil a list of sessions, or nil and an error of kind `store`
function stored.sessions(pool)
  one_owner(pool)
  local keys, err = pool.storage:list()
  if not keys then return nil, err end
  local list = {}
  for _, key in ipairs(keys) do
    local record = pool.storage:get(key)
    if record and record.refresh_token and record.id and records.session_key(pool, record.id) == key then
      list[#list + 1] = session.wrap(pool, record)
    end
  end
  return list
end

return stored
