--- Codes that go out by SMS or e-mail: here to the log, to the control plane and, if wanted, into a folder.
-- @module cognito.emulator.codes

local clock = require "cognito.emulator.clock"
local errors = require "cognito.emulator.errors"
local hash = require "cognito.emulator.hash"
local random = require "cognito.emulator.random"

local M = {}

local KEPT = 1000

local MEDIUM = { email = "EMAIL", phone_number = "SMS" }

--- An address as the service shows it: a***@e***, or +*******1234.
function M.mask(address)
  local first, domain = address:match("^(.).*@(.).*$")
  if first then return first .. "***@" .. domain .. "***" end
  return "+" .. ("*"):rep(math.max(#address - 5, 1)) .. address:sub(-4)
end

-- One file for each code, named so that a listing sorts them by time.
local function to_folder(state, entry)
  local folder = state.config.code_folder
  if not folder then return end
  state.code_number = (state.code_number or 0) + 1
  local name = entry.username:gsub("[^%w@.+-]", "_")
  local file = io.open(("%s/%06d-%s-%s.txt"):format(folder, state.code_number, name, entry.purpose), "w")
  if not file then return io.stderr:write("emulator: cannot write into ", folder, "\n") end
  file:write("To: ", entry.destination, "\n\n", entry.code, "\n")
  file:close()
end

--- Looks whether codes can be written into a folder.
-- @tparam string folder
function M.check_folder(folder)
  local path = folder .. "/.emulator"
  local file, why = io.open(path, "w")
  if not file then error("the code folder cannot be written into: " .. why, 0) end
  file:close()
  os.remove(path)
end

local function deliver(state, entry)
  if #state.codes >= KEPT then table.remove(state.codes, 1) end
  table.insert(state.codes, entry)
  io.stderr:write(("code for %s (%s, to %s): %s\n"):format(entry.username, entry.purpose, entry.destination,
    entry.code))
  to_folder(state, entry)
end

--- Makes a code and sends it.
-- @tparam table state
-- @tparam table user
-- @tparam string purpose such as "sign_up", "forgot_password", "SMS_MFA", "verify:email"
-- @tparam string attribute email or phone_number
-- @tparam[opt] table opts `digits` (6), `ttl` (86400 seconds), `address` (instead of the attribute's value)
-- @treturn table CodeDeliveryDetails
function M.send(state, user, purpose, attribute, opts)
  opts = opts or {}
  local address = opts.address or user.attributes[attribute]
  errors.check(address and address ~= "", "InvalidParameter",
    "Cannot send a code: the user has no " .. attribute)
  local code = random.digits(opts.digits or 6)
  user.codes[purpose] = { code = code, expires = clock.now() + (opts.ttl or 86400), tries = 0, address = address }
  deliver(state, { username = user.username, purpose = purpose, attribute = attribute, medium = MEDIUM[attribute],
    destination = address, code = code, time = clock.now() })
  return { Destination = M.mask(address), DeliveryMedium = MEDIUM[attribute], AttributeName = attribute }
end

--- Checks a code; a right one is used up.
-- @tparam table user
-- @tparam string purpose
-- @tparam string given
-- @tparam[opt] string message of CodeMismatchException
-- @treturn table the entry, with the `address` it was sent to
function M.check(user, purpose, given, message)
  local entry = user.codes[purpose]
  errors.check(entry and clock.now() < entry.expires, "ExpiredCode",
    "Invalid code provided, please request a code again.")
  if not hash.equal(entry.code, given) then
    entry.tries = entry.tries + 1
    errors.throw("CodeMismatch", message or "Invalid verification code provided, please try again.")
  end
  user.codes[purpose] = nil
  return entry
end

return M
