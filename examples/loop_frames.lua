-- The library in a game: the loop is turned once a frame (in LÖVE: from love.update) and never waits.
-- Runs against the pool that the variables COGNITO_ENDPOINT, COGNITO_USER_POOL_ID, ... name (see README).
local cognito = require "cognito"
local loop = require("cognito.host.loop").new()

-- Lua 5.1's assert takes no error objects: the text goes on.
local function check(value, err)
  return value or error(tostring(err), 0)
end

local pool = check(cognito.pool {
  user_pool_id = os.getenv "COGNITO_USER_POOL_ID", client_id = os.getenv "COGNITO_CLIENT_ID",
  client_secret = os.getenv "COGNITO_CLIENT_SECRET", endpoint = os.getenv "COGNITO_ENDPOINT", host = loop,
})

local person = { username = os.getenv "COGNITO_USERNAME", password = os.getenv "COGNITO_PASSWORD" }
local player
loop:spawn(function()
  local step = check(pool:sign_in(person))
  player = step.session
end)

local frames, longest, clock = 0, 0, loop.monotime
while not player do
  local before = clock()
  loop:step(0)
  longest = math.max(longest, clock() - before)
  frames = frames + 1
  require("cognito.posix").sleep(1 / 60)      -- the rest of the frame: drawing
end
print(("signed in as %s after %d frames; the longest step took %.1f ms")
  :format(player.username, frames, longest * 1000))
