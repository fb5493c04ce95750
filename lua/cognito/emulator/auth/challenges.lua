--- The table of challenges: name -> `pose(state, flow)` and `answer(state, flow, responses)`.
-- `pose` gives ChallengeParameters and, where needed, `{ sessionless = true }` or `{ available = list }`.
-- `answer` checks and returns the operation's output (mostly `flow.advance`).
-- @module cognito.emulator.auth.challenges

local M = {}

for _, name in ipairs { "new_password" } do
  for challenge, handlers in pairs(require("cognito.emulator.auth." .. name)) do M[challenge] = handlers end
end

return M
