-- The library inside cqueues: every coroutine of the controller may call it, and waits without holding up the others.
-- Runs against the pool that the variables COGNITO_ENDPOINT, COGNITO_USER_POOL_ID, ... name (see README).
local cqueues = require "cqueues"
local cognito = require "cognito"
local loop = require("cognito.host.loop").new { park = cqueues.poll }

-- Lua 5.1's assert takes no error objects, and LuaJIT's raises the last of all that `loop` returns: the text goes on.
local function check(value, err)
  return value or error(tostring(err), 0)
end

local pool = check(cognito.pool {
  user_pool_id = os.getenv "COGNITO_USER_POOL_ID", client_id = os.getenv "COGNITO_CLIENT_ID",
  client_secret = os.getenv "COGNITO_CLIENT_SECRET", endpoint = os.getenv "COGNITO_ENDPOINT", host = loop,
})

local person = { username = os.getenv "COGNITO_USERNAME", password = os.getenv "COGNITO_PASSWORD" }
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
