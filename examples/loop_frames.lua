-- The library in a game: the loop is turned once a frame (in LÖVE: from love.update) and never waits.
-- Against the local pool: tools/with-emulator examples/demo_pool.lua lua5.4 examples/loop_frames.lua
-- Against another: the variables COGNITO_USER_POOL_ID, COGNITO_CLIENT_ID, ... below say which.
local cognito = require "cognito"
local loop = require("cognito.host.loop").new()

-- Lua 5.1's assert takes no error objects: the text goes on.
local function check(value, err)
  return value or error(tostring(err), 0)
end

local function env(name, default) return os.getenv("COGNITO_" .. name) or default end

local pool = check(cognito.pool {
  user_pool_id = env("USER_POOL_ID", "eu-west-1_Demo12345"),
  client_id = env("CLIENT_ID", "demoapp1234567890demoapp"),
  client_secret = env("CLIENT_SECRET", "demo0secret0demo0secret0demo0secret0demo0secret0"),
  endpoint = env "ENDPOINT",
  host = loop,
})

local person = { username = env("USERNAME", "alice"), password = env("PASSWORD", "Correct-Horse-7") }
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
