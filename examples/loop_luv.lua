-- The library inside luv (libuv, as in Neovim): one poll handle and one timer drive its loop.
-- Against the local pool: tools/with-emulator examples/demo_pool.lua lua5.4 examples/loop_luv.lua
-- Against another: the variables COGNITO_USER_POOL_ID, COGNITO_CLIENT_ID, ... below say which.
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

local function env(name, default) return os.getenv("COGNITO_" .. name) or default end

local pool = check(cognito.pool {
  user_pool_id = env("USER_POOL_ID", "eu-west-1_Demo12345"),
  client_id = env("CLIENT_ID", "demoapp1234567890demoapp"),
  client_secret = env("CLIENT_SECRET", "demo0secret0demo0secret0demo0secret0demo0secret0"),
  endpoint = env "ENDPOINT",
  host = loop,
})

local person = { username = env("USERNAME", "alice"), password = env("PASSWORD", "Correct-Horse-7") }

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
