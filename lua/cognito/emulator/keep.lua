--- The optional state file: users, devices, passkeys, and the sessions that were signed in.
-- JSON, written beside and renamed, readable by its owner only. It holds passwords and tokens in plain text: it is for
-- development, like everything here. Sign-ins under way, codes and logs are not kept.
-- @module cognito.emulator.keep

local cqueues = require "cqueues"

local json = require "cognito.emulator.json"
local private = require "cognito.emulator.private"
local random = require "cognito.emulator.random"

local M = {}

local FORMAT = 1
local PAUSE = 0.2

-- Bytes that are no text, and what can be made again.
local BINARY = { salt = true, verifier = true }
local DROPPED = { srp = true, codes = true, limits = true, webauthn_pending = true, totp_pending = true }

local function copy(value, convert)
  if type(value) ~= "table" then return value end
  local out = {}
  for key, item in pairs(value) do
    if BINARY[key] and type(item) == "string" then out[key] = convert(item)
    elseif not DROPPED[key] then out[key] = copy(item, convert) end
  end
  return json.is_list(value) and json.list(out) or out
end

local function dump_pool(pool)
  local users = {}
  for name, user in pairs(pool.users) do users[name] = copy(user, random.base64) end
  return users
end

local function dump_family(state, family)
  local texts = json.list {}
  for text, entry in pairs(state.refresh) do
    if entry.family == family then texts[#texts + 1] = { text = text, rotated = entry.rotated } end
  end
  return { id = family.id, client = family.client.id, user = family.user.username, auth_time = family.auth_time,
    event_id = family.event_id, expires = family.expires, device_key = family.device_key, origin = family.origin,
    scopes = json.list(family.scopes), revoked = family.revoked, tokens = texts }
end

local function dump(state)
  local out = { format = FORMAT, pools = {}, families = json.list {} }
  for id, pool in pairs(state.pools) do out.pools[id] = dump_pool(pool) end
  for _, family in pairs(state.families) do
    if not family.user.deleted then table.insert(out.families, dump_family(state, family)) end
  end
  return json.encode(out)
end

local function restore_user(given)
  local user = copy(given, random.unbase64)
  user.codes = {}
  return user
end

local function restore_family(state, given)
  local client = state.clients[given.client]
  local user = client and client.pool.users[given.user]
  if not user then return end
  local family = { id = given.id, client = client, user = user, auth_time = given.auth_time, event_id = given.event_id,
    expires = given.expires, device_key = given.device_key, origin = given.origin, scopes = given.scopes,
    revoked = given.revoked }
  state.families[family.id] = family
  for _, entry in ipairs(given.tokens) do
    state.refresh[entry.text] = { family = family, text = entry.text, rotated = entry.rotated }
  end
end

local function restore(state, path)
  local file = io.open(path)
  if not file then return end
  local text = file:read("a")
  file:close()
  local data, what = json.decode(text)
  if not data or data.format ~= FORMAT then
    error(("the state file %s cannot be read: %s; move it away"):format(path, what or "another format"), 0)
  end
  for id, users in pairs(data.pools) do
    for name, given in pairs(state.pools[id] and users or {}) do state.pools[id].users[name] = restore_user(given) end
  end
  for _, given in ipairs(data.families) do restore_family(state, given) end
end

--- Reads the state file and keeps it up to date: soon after each change, and when `state:save()` is called. A file that
-- cannot be read or written stops the start; one that cannot be written later is tried again.
-- Users of the configuration that the file knows are taken from the file.
-- @tparam table cq cqueues controller
-- @tparam table state
-- @tparam string path
function M.attach(cq, state, path)
  restore(state, path)
  local ok, why = private.write(path, dump(state))
  if not ok then error(("the state file %s cannot be written: %s"):format(path, why), 0) end
  function state:save()
    if not self.changed then return end
    local saved, problem = private.write(path, dump(self))
    self.changed = not saved
    if problem and problem ~= why then io.stderr:write("emulator: cannot write ", path, ": ", problem, "\n") end
    why = problem
  end
  cq:wrap(function()
    while true do
      cqueues.sleep(PAUSE)
      state:save()
    end
  end)
end

return M
