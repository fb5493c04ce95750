-- The library inside cqueues: every coroutine of the controller may call it, and waits without holding up the others.
-- Runs against the pool that the variables COGNITO_ENDPOINT, COGNITO_USER_POOL_ID, ... name (see README).
local cqueues = require "cqueues"
local cognito = require "cognito"
local loop = require("cognito.host.loop").new { park = cqueues.poll }

local pool = assert(cognito.pool {
  user_pool_id = os.getenv "COGNITO_USER_POOL_ID", client_id = os.getenv "COGNITO_CLIENT_ID",
  client_secret = os.getenv "COGNITO_CLIENT_SECRET", endpoint = os.getenv "COGNITO_ENDPOINT", host = loop,
})

local person = { username = os.getenv "COGNITO_USERNAME", password = os.getenv "COGNITO_PASSWORD" }
local controller, ticks = cqueues.new(), 0

for i = 1, 3 do
  controller:wrap(function()
    local step = assert(pool:sign_in(person))
    local user = assert(step.session:call "GetUser")
    print(("task %d: signed in as %s"):format(i, user.Username))
  end)
end

controller:wrap(function()
  for _ = 1, 10 do
    cqueues.sleep(0.005)
    ticks = ticks + 1
  end
end)

assert(controller:loop())
print(("the controller ticked %d times meanwhile"):format(ticks))
