--- What surrounds the SRP mathematics of the C core: the timestamp that is signed, and the proof as it is sent.
-- @module cognito.protocol.srp

local errors = require "cognito.errors"

local srp = {}

local floor = math.floor
local DAYS = { [0] = "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

-- Year, month and day of a day number. The year is counted from March, so that a leap day comes last; 719468 days lie
-- between 1 March of year 0 and the epoch, 146097 days make 400 years.
local function civil(days)
  local n = days + 719468
  local era = floor(n / 146097)
  local day_of_era = n - era * 146097
  local year = floor((day_of_era - floor(day_of_era / 1460) + floor(day_of_era / 36524)
    - floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era - (365 * year + floor(year / 4) - floor(year / 100))
  local shifted = floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - floor((153 * shifted + 2) / 5) + 1
  local month = shifted < 10 and shifted + 3 or shifted - 9
  return year + era * 400 + (month <= 2 and 1 or 0), month, day
end

--- TIMESTAMP as the service wants it, for example `Mon Jan 5 09:07:03 UTC 2026`: English, UTC, no padded day.
-- Not `os.date`, whose names follow the locale and whose `%d` pads.
-- @tparam number time seconds since the epoch
-- @treturn string
function srp.timestamp(time)
  local seconds = floor(time)
  local days = floor(seconds / 86400)
  local rest = seconds - days * 86400
  local year, month, day = civil(days)
  return ("%s %s %d %02d:%02d:%02d UTC %d"):format(DAYS[days % 7], MONTHS[month], day,
    floor(rest / 3600), floor(rest / 60) % 60, rest % 60, year)
end

-- What no honest server sends is one code; `reason` says which value it was.
local function bad_value(reason, message)
  return nil, errors.new("bad_response", "the SRP challenge is not one that an honest server sends: " .. message,
    { code = "srp_bad_server_value", reason = reason, retryable = false })
end

local wanted = { { "SALT", "srp_bad_salt" }, { "SRP_B", "srp_bad_b" }, { "SECRET_BLOCK", "srp_bad_block" } }

--- Answers PASSWORD_VERIFIER or DEVICE_PASSWORD_VERIFIER.
-- @tparam userdata exchange from `core.srp`; it is used up
-- @tparam table who `domain`, `user`, `password`: pool name, USER_ID_FOR_SRP and password, or device group key, device
-- key and device password
-- @tparam table parameters ChallengeParameters
-- @tparam number time seconds since the epoch, by the server's clock
-- @treturn table|nil ChallengeResponses without the names; or nil and an error of kind `bad_response`, code
-- `srp_bad_server_value`, before anything was computed from the password
function srp.proof(exchange, who, parameters, time)
  for _, member in ipairs(wanted) do
    if type(parameters[member[1]]) ~= "string" then return bad_value(member[2], member[1] .. " is missing") end
  end
  local timestamp = srp.timestamp(time)
  local signature, code, message = exchange:claim(who.domain, who.user, who.password, parameters.SALT,
    parameters.SRP_B, parameters.SECRET_BLOCK, timestamp)
  if code == "srp_used" or code == "crypto" then error("cognito: SRP: " .. message, 2) end
  if not signature then return bad_value(code, message) end
  return { PASSWORD_CLAIM_SECRET_BLOCK = parameters.SECRET_BLOCK, PASSWORD_CLAIM_SIGNATURE = signature,
    TIMESTAMP = timestamp }
end

return srp
