--- The control plane, `/_emulator/...`: for tests and developers only, not part of the service.
--
-- | request | what it does |
-- |---|---|
-- | `GET requests` | the log of requests, oldest first; `?operation=` chooses |
-- | `GET counts` | operation -> { requests, ok, <error code> ... } since the start or the last reset |
-- | `GET codes` | the codes that were sent, oldest first |
-- | `GET info` | url, ca_file, pools with their clients |
-- | `POST faults` | a list of faults (see faults.lua); replaces the ones before |
-- | `POST blackhole` | opens a port on which connecting never ends: `{ "port": n }` |
-- | `POST clock` | `{ "offset": s }` sets, `{ "advance": s }` adds to the distance from the real clock |
-- | `POST user` | `{ "username", "set": {...} }` changes fields of a user (status, enabled ...) or makes one |
-- | `POST revoke` | `{ "username" }` ends the sessions of a user |
-- | `GET operations` | each operation with the errors it can answer |
-- | `POST reset` | forgets requests, codes, counts, faults, limits; sets the clock right; users and sessions stay |
-- @module cognito.emulator.control

local luasocket = require "socket"

local clock = require "cognito.emulator.clock"
local config_of = require "cognito.emulator.config"
local json = require "cognito.emulator.json"
local operations = require "cognito.emulator.operations"
local state_of = require "cognito.emulator.state"
local tokens = require "cognito.emulator.tokens"

local M = {}

local ROUTES = {}

ROUTES["GET requests"] = function(state, request)
  local operation = request.query:match("operation=(%w+)")
  local list = json.list {}
  for _, entry in ipairs(state.requests) do
    if not operation or entry.operation == operation then list[#list + 1] = entry end
  end
  return list
end

ROUTES["GET counts"] = function(state) return state.counters end

ROUTES["GET codes"] = function(state) return json.list(state.codes) end

ROUTES["GET info"] = function(state)
  local pools = json.list {}
  for _, given in ipairs(state.config.pools) do
    local pool, clients = state.pools[given.id], json.list {}
    for i, client in ipairs(given.clients) do clients[i] = client.id end
    pools[#pools + 1] = { id = pool.id, issuer = state:issuer(pool), clients = clients }
  end
  return { url = state.url, ca_file = state.ca_file, pools = pools, pid = state.pid }
end

ROUTES["POST clock"] = function(_, _, body)
  if body.offset then clock.offset = body.offset end
  clock.offset = clock.offset + (body.advance or 0)
  return { now = clock.now(), offset = clock.offset }
end

local function pool_of(state, body)
  return state.pools[body.pool_id or state.config.pools[1].id] or error({ bad = "no such pool" }, 0)
end

local function apply(pool, user, set)
  for name, value in pairs(set) do
    if name == "attributes" then
      for key, item in pairs(value) do user.attributes[key] = item ~= json.null and item or nil end
    elseif name == "mfa" then
      user.mfa = {}
      for _, method in ipairs(value) do user.mfa[method] = true end
    elseif name == "totp_secret" then user.totp = { secret = value }
    elseif name == "delete" then pool.users[user.username], user.deleted = nil, true
    else user[name] = value ~= json.null and value or nil end
  end
  user.srp = nil
end

ROUTES["POST user"] = function(state, _, body)
  local pool = pool_of(state, body)
  local user = pool.users[body.username]
  if not user then
    user = state_of.user(body.username, config_of.user {})
    pool.users[body.username] = user
  end
  apply(pool, user, body.set or {})
  state:note()
  return { username = user.username, sub = user.sub, status = user.status }
end

ROUTES["POST revoke"] = function(state, _, body)
  local user = pool_of(state, body).users[body.username] or error({ bad = "no such user" }, 0)
  tokens.revoke_all(state, user)
  return {}
end

ROUTES["POST reset"] = function(state)
  state.requests, state.codes, state.counters, state.faults = {}, {}, {}, {}
  clock.offset = 0
  for _, pool in pairs(state.pools) do
    for _, user in pairs(pool.users) do user.limits, user.failures, user.locked_until = nil, 0, nil end
  end
  return {}
end

ROUTES["GET operations"] = function()
  local out = {}
  for name, operation in pairs(operations) do out[name] = json.list(operation.errors) end
  return out
end

ROUTES["POST faults"] = function(state, _, body)
  state.faults = require("cognito.emulator.faults").compile(body)
  return {}
end

-- A listener that never accepts and whose queue is full: Linux drops every further SYN.
ROUTES["POST blackhole"] = function(state)
  local listener = assert(luasocket.tcp())
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(0))
  local _, port = listener:getsockname()
  local hole = { listener }
  for i = 1, 2 do
    hole[i + 1] = luasocket.tcp()
    hole[i + 1]:settimeout(0)
    hole[i + 1]:connect("127.0.0.1", port)
  end
  state.holes = state.holes or {}
  table.insert(state.holes, hole)
  return { port = math.tointeger(tonumber(port)) }
end

local function respond(status, value)
  return { status = status, headers = { { "Content-Type", "application/json" } }, body = json.encode(value) }
end

--- Answers a request under `/_emulator/`.
-- @treturn table response
function M.answer(state, request)
  local route = ROUTES[request.method .. " " .. request.path:match("^/_emulator/(.*)$")]
  if not route then return respond(404, { error = "no such control" }) end
  local body, what = {}, nil
  if request.method == "POST" then body, what = json.decode(request.body ~= "" and request.body or "{}") end
  if body == nil then return respond(400, { error = what }) end
  local ok, result = pcall(route, state, request, body)
  if ok then return respond(200, result) end
  if type(result) == "table" and result.bad then return respond(400, { error = result.bad }) end
  error(result, 0)
end

return M
