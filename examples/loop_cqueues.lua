-- The library inside cqueues: every coroutine of the controller may call it, and waits without holding up the others.
-- Against the local pool: tools/with-emulator examples/demo_pool.lua lua5.4 examples/loop_cqueues.lua
-- Against another: the variables COGNITO_USER_POOL_ID, COGNITO_CLIENT_ID, ... below say which.
local cqueues = require "cqueues"
local cognito = require "cognito"
local loop = require("cognito.host.loop").new { park = cqueues.poll }

-- Lua 5.1's assert takes no error objects, and LuaJIT's raises the last of all that `loop` returns: the text goes on.
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
local controller, ticks = cqueues.new(), 0

for i = 1, 3 do
  controller:wrap(function()
    local step = check(pool:sign_in(person))
    local user = check(step.session:call "GetUser")
    print(("task %d: signed in as %s"):format(i, user.Username))
  end)
end

controller:wrap(function()
  for _ = 1, 10 do
    cqueues.sleep(0.005)
    ticks = ticks + 1
  end
end)

check(controller:loop())
print(("the controller ticked %d times meanwhile"):format(ticks))
