--- Passwords: checking, lock-out, policy, setting.
-- @module cognito.emulator.auth.password

local clock = require "cognito.emulator.clock"
local errors = require "cognito.emulator.errors"
local hash = require "cognito.emulator.hash"

local M = {}

--- Refuses while the lock-out of earlier wrong passwords lasts.
function M.check_lock(user)
  errors.check(not user.locked_until or clock.now() >= user.locked_until, "NotAuthorized",
    "Password attempts exceeded")
end

--- Counts a wrong password: from the fifth on, 2^(n-5) seconds of lock-out, at most 15 minutes. Then throws.
function M.wrong(pool, user)
  user.failures = user.failures + 1
  if pool.config.lockout and user.failures >= 5 then
    user.locked_until = clock.now() + math.min(2 ^ (user.failures - 5), 900)
  end
  errors.throw("NotAuthorized", "Incorrect username or password.")
end

--- Checks a password; a user without one has no right one.
function M.verify(pool, user, given)
  M.check_lock(user)
  if not user.password or not hash.equal(user.password, given or "") then M.wrong(pool, user) end
  if user.temporary_expires and clock.now() > user.temporary_expires then
    errors.throw("NotAuthorized", "Temporary password has expired and must be reset by an administrator.")
  end
end

local RULES = {
  { "upper", "%u", "Password must have uppercase characters" },
  { "lower", "%l", "Password must have lowercase characters" },
  { "digit", "%d", "Password must have numeric characters" },
  { "symbol", "[^%w%s]", "Password must have symbol characters" },
}

local function refuse(what)
  errors.throw("InvalidPassword", "Password did not conform with policy: " .. what)
end

--- Checks a new password against the pool's policy.
function M.check_policy(pool, password)
  local policy = pool.config.password_policy
  if (utf8.len(password) or #password) < policy.min then refuse("Password not long enough") end
  for _, rule in ipairs(RULES) do
    if policy[rule[1]] and not password:find(rule[2]) then refuse(rule[3]) end
  end
end

local function check_history(pool, user, password)
  local history = pool.config.password_policy.history
  for i = #user.history, math.max(1, #user.history - history + 1), -1 do
    errors.check(user.history[i] ~= password, "PasswordHistoryPolicyViolation",
      "Password has previously been used.")
  end
  errors.check(history == 0 or user.password ~= password, "PasswordHistoryPolicyViolation",
    "Password has previously been used.")
end

--- Sets a new password after checking policy and history.
function M.set(pool, user, password)
  M.check_policy(pool, password)
  check_history(pool, user, password)
  user.history[#user.history + 1] = user.password
  user.password, user.srp, user.modified = password, nil, clock.now()
  user.failures, user.locked_until, user.temporary_expires = 0, nil, nil
end

return M
