--- Limits per user: so many calls in a span of time.
-- @module cognito.emulator.limits

local clock = require "cognito.emulator.clock"
local errors = require "cognito.emulator.errors"

local M = {}

local HOUR = 3600

-- Calls an hour, as the service documents them.
local HOURLY = {
  ResendConfirmationCode = 5, ForgotPassword = 5, ChangePassword = 5, ConfirmSignUp = 15, ConfirmForgotPassword = 15,
  GetUserAttributeVerificationCode = 5, VerifyUserAttribute = 15,
}

local PER_SECOND = 10

local function hit(user, what, most, span)
  user.limits = user.limits or {}
  local now, kept = clock.now(), {}
  for _, time in ipairs(user.limits[what] or {}) do
    if now - time < span then kept[#kept + 1] = time end
  end
  user.limits[what] = kept
  if #kept >= most then return false end
  kept[#kept + 1] = now
  return true
end

--- Counts a call of the hourly kind.
-- @tparam table pool
-- @tparam table user
-- @tparam string operation
function M.hourly(pool, user, operation)
  if not pool.config.limits then return end
  errors.check(hit(user, operation, HOURLY[operation], HOUR), "LimitExceeded",
    "Attempt limit exceeded, please try after some time.")
end

--- Counts a call against the ten reads and ten writes a second of each user; on where `rates` is set.
-- @tparam string kind "read" or "write"
function M.rate(pool, user, kind)
  if not pool.config.rates then return end
  errors.check(hit(user, kind, PER_SECOND, 1), "TooManyRequests", "Too many requests")
end

return M
