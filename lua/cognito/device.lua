--- Devices: the data that a remembered device signs in with. What a session does with its own: `cognito.user.device`.
--
-- A device's record belongs to pool, client and resolved user name and survives a sign-out: `version`, `key`,
-- `group_key`, `password`, `confirmed`. The name that was typed leads to it by a record `{ alias_of = name }`.
-- @module cognito.device

local core = require "cognito.core"
local errors = require "cognito.errors"
local events = require "cognito.events"
local methods = require "cognito.methods"
local ops = require "cognito.protocol.ops"
local options = require "cognito.options"
local records = require "cognito.records"

local device = {}

local TRIES = 5               -- compare-and-set against other writers

-- ---- the records ----

local function key_of(pool, name)
  return records.key(pool, "device", name)
end

local function put(pool, name, fields)
  local err
  for _ = 1, TRIES do
    local stored, why = pool.storage:get(key_of(pool, name))
    if why then return nil, why end
    fields.version = records.random_id(pool, 9) .. ".1"
    local ok
    ok, err = pool.storage:put(key_of(pool, name), fields, stored and stored.version)
    if ok or err.code ~= "conflict" then return ok, err end
  end
  return nil, err
end

--- Finds the device data of a user.
-- @tparam table pool
-- @tparam string name the resolved user name, or the name that was typed at an earlier sign-in
-- @treturn table|nil the record; nil: there is none; nil and an error of kind `store`
function device.find(pool, name)
  local stored, err = pool.storage:get(key_of(pool, name))
  if stored and stored.alias_of then stored, err = pool.storage:get(key_of(pool, stored.alias_of)) end
  if stored and stored.key then return stored end
  return nil, err
end

--- Stores the device data of a user.
-- @tparam table pool
-- @tparam string name the resolved user name
-- @tparam table given `key`, `group_key`, `password`, optionally `confirmed`
-- @tparam[opt] string alias the name that was typed
-- @treturn boolean|nil true, or nil and an error of kind `store`
function device.save(pool, name, given, alias)
  local ok, err = put(pool, name, { key = given.key, group_key = given.group_key, password = given.password,
    confirmed = given.confirmed or false })
  if ok and alias and alias ~= name then return put(pool, alias, { alias_of = name }) end
  return ok, err
end

--- Drops what is stored under a name. An alias loses its pointer only: the device may be another user's, to whom the
-- alias once led.
-- @tparam table pool
-- @tparam string name
-- @tparam[opt] string key only if this is the device
-- @treturn boolean|nil true, or nil and an error of kind `store`
function device.drop(pool, name, key)
  local stored, err = pool.storage:get(key_of(pool, name))
  if not stored then return not err or nil, err end
  if key and stored.key and stored.key ~= key then return true end
  return pool.storage:delete(key_of(pool, name), stored.version)
end

local form = { key = "string", group_key = "string", password = "string", confirmed = "boolean" }

--- Takes over device data that a caller brings. Without group key and password there is nothing to sign in with: then
-- the key alone goes with the session.
-- @tparam table pool
-- @tparam string name the resolved user name
-- @tparam table given `key`, `group_key`, `password`, `confirmed`; another name or type raises
-- @tparam number level of a raised error
-- @treturn boolean|nil true, or nil and an error of kind `store`
function device.adopt(pool, name, given, level)
  options.check(given, form, "pool:adopt: device", level + 1)
  if not (name and given.key and given.group_key and given.password) then return true end
  return device.save(pool, name, given)
end

--- What `session:export` says of the session's device.
-- @tparam table pool
-- @tparam table record the session's
-- @treturn table|nil `key`, `group_key`, `password`, `confirmed`
function device.export(pool, record)
  local known = record.device_key and device.find(pool, record.username or "")
  if not known or known.key ~= record.device_key then return nil end
  return { key = known.key, group_key = known.group_key, password = known.password, confirmed = known.confirmed }
end

-- ---- a new device ----

local function is_name(value)
  return type(value) == "string" and #value >= 1 and #value <= 256 and not value:find "%c"
end

--- Reads NewDeviceMetadata of an AuthenticationResult.
-- @tparam table result
-- @treturn table|nil `key`, `group_key`; nil: no new device; nil and an error of kind `bad_response`
function device.metadata(result)
  local given = result.NewDeviceMetadata
  if given == nil then return nil end
  if type(given) == "table" and is_name(given.DeviceKey) and is_name(given.DeviceGroupKey) then
    return { key = given.DeviceKey, group_key = given.DeviceGroupKey }
  end
  return nil, errors.new("bad_response", "member NewDeviceMetadata of the answer is wrong", { retryable = false })
end

local function may_help(err)
  return err.kind ~= "cancelled" and (err.retryable or err.maybe_processed)
end

-- Sent again as it is after a failure that says nothing about the device: an unconfirmed device cannot refresh.
local function confirm(pool, input, ctx)
  local answer, err
  for _ = 1, 2 do
    answer, err = pool.client:send(ops.by_name.ConfirmDevice, input, ctx)
    if answer or not may_help(err) then break end
  end
  return answer, err
end

--- Makes a new device known to the service: its verifier is proven by a local sign-in, its data stored, then sent.
-- @tparam table pool
-- @tparam table given `name` (resolved user name), `alias`, `key`, `group_key`, `access_token`, `device_name`
-- @tparam table ctx the limits of the call
-- @treturn table `key`, `confirmed`, `confirmation_needed`
-- @treturn table|nil what went wrong: an error of kind `store`, `invalid` (code `srp_selftest`: the verifier was not
-- sent) or of a call (operation ConfirmDevice)
function device.enrol(pool, given, ctx)
  local state = { key = given.key, confirmed = false, confirmation_needed = false }
  local password, salt, verifier = core.srp_device(given.group_key, given.key)
  if not password then
    return state, errors.new("invalid", verifier, { code = salt, operation = "ConfirmDevice", retryable = false })
  end
  local record = { key = given.key, group_key = given.group_key, password = password }
  local ok, unsaved = device.save(pool, given.name, record, given.alias)
  local answer, err = confirm(pool, { AccessToken = given.access_token, DeviceKey = given.key,
    DeviceName = given.device_name or "lua-cognito",
    DeviceSecretVerifierConfig = { Salt = salt, PasswordVerifier = verifier } }, ctx)
  if not answer then return state, err end
  state.confirmed, state.confirmation_needed = true, answer.UserConfirmationNecessary == true
  if not ok then return state, unsaved end
  record.confirmed = true
  ok, err = device.save(pool, given.name, record)
  return state, not ok and err or nil
end

--- Tells a session of its device.
-- @tparam table session
-- @tparam[opt] table state `key`, `confirmed`, `confirmation_needed`
function device.tell(session, state)
  if state then session.device = methods.device(session.device.describe, state) end
end

--- Takes a device's key that the service handed out with renewed tokens. It is stored with them; without a confirmation
-- the next refresh would be refused. What goes wrong here is a warning: the tokens are good.
-- @tparam table job see `cognito.refresh.task`; with `new_device` or `bad_device`
-- @tparam[opt] table record with the new tokens
function device.take(job, record)
  local pool, given, err = job.pool, job.new_device, job.bad_device
  if given and pool.device and record and record.device_key == given.key then
    given.name, given.access_token = record.username, record.access_token
    local state
    state, err = device.enrol(pool, given, job)
    device.tell(job.session, state)
  end
  if err then events.announce(pool, "on_warning", err, job.session) end
end

return device
