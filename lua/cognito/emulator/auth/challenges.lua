--- The table of challenges: name -> `pose(state, flow)` and `answer(state, flow, responses)`.
-- `pose` gives ChallengeParameters and, where needed, `{ sessionless = true }` or `{ available = list }`.
-- `answer` checks and returns the operation's output (mostly `flow.advance`).
--
-- A name that begins with X_TEST_ can be posed by a user's `script`: it stands for a challenge of the future, which no
-- client can know. Its right answer is `{ ANSWER = "raw" }`.
-- @module cognito.emulator.auth.challenges

local errors = require "cognito.emulator.errors"
local flow_of = require "cognito.emulator.auth.flow"

local M = {}

local function add(challenges)
  for name, handlers in pairs(challenges) do M[name] = handlers end
end

add(require "cognito.emulator.auth.new_password")
add(require "cognito.emulator.auth.srp".challenges)
add(require "cognito.emulator.auth.device_srp")
add(require "cognito.emulator.auth.mfa".challenges)
add(require "cognito.emulator.auth.custom".challenges)
add(require "cognito.emulator.auth.choice".challenges)
add(require "cognito.emulator.auth.passkey")

local FUTURE = { pose = function() return { HINT = "the answer is raw" } end }

function FUTURE.answer(state, flow, responses)
  errors.check(responses.ANSWER == "raw", "CodeMismatch", "Invalid code received for user")
  return flow_of.advance(state, flow)
end

return setmetatable(M, { __index = function(_, name) return name:find("^X_TEST_") and FUTURE or nil end })
