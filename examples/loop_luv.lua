-- The library inside luv (libuv, as in Neovim): one poll handle and one timer drive its loop.
-- Runs against the pool that the variables COGNITO_ENDPOINT, COGNITO_USER_POOL_ID, ... name (see README).
local uv = require "luv"
local cognito = require "cognito"
local loop = require("cognito.host.loop").new()

-- ---- the adapter ----

local poll, timer = uv.new_poll(loop:pollfd()), uv.new_timer()

-- Call it once after `loop:spawn`; it calls itself as long as something is under way.
local function turn()
  local busy, timeout = loop:step(0), loop:timeout()
  timer:stop()
  if not busy then return poll:stop() end
  poll:start("r", turn)
  if timeout then timer:start(math.ceil(timeout * 1000), 0, turn) end
end

-- ---- what it is for ----

-- Lua 5.1's assert takes no error objects, and luv's report of an uncaught error neither: the text goes on.
local function check(value, err)
  return value or error(tostring(err), 0)
end

local pool = check(cognito.pool {
  user_pool_id = os.getenv "COGNITO_USER_POOL_ID", client_id = os.getenv "COGNITO_CLIENT_ID",
  client_secret = os.getenv "COGNITO_CLIENT_SECRET", endpoint = os.getenv "COGNITO_ENDPOINT", host = loop,
})

local person = { username = os.getenv "COGNITO_USERNAME", password = os.getenv "COGNITO_PASSWORD" }

for i = 1, 3 do
  loop:spawn(function()
    local step = check(pool:sign_in(person))
    local user = check(step.session:call "GetUser")
    print(("task %d: signed in as %s"):format(i, user.Username))
  end)
end

local ticks, ticker = 0, uv.new_timer()
ticker:start(5, 5, function()
  ticks = ticks + 1
  if ticks == 10 then ticker:close() end
end)

turn()
uv.run()
print(("the other timer ticked %d times meanwhile"):format(ticks))
