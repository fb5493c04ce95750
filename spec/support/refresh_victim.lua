-- usage: refresh_victim.lua ENDPOINT POOL CLIENT STORE SESSION [loop]: loads a session and forces a refresh, with marks
-- for spec.support.strace around the whole call. Says "token <tail>" or "error <kind> <code>", and before it what the
-- pool warned of; after a warning it asks once more and says whether the tokens are stored then. With `loop` it goes on
-- refreshing until it is killed.
local cognito = require "cognito"
local stores = require "spec.support.stores"
local strace = require "spec.support.strace"

local function say(...)
  io.stdout:write(...)
  io.stdout:write("\n")
  io.stdout:flush()
end

local warned = false
local function warn(err)
  warned = true
  say("warning ", err.kind, " ", tostring(err.code))
end

local pool = assert(cognito.pool { user_pool_id = arg[2], client_id = arg[3], endpoint = arg[1],
  storage = stores.open(arg[4]), on_warning = warn })
-- Code is loaded before the marks, by a call of another client: a library that cannot be read is no fault of a storage.
assert(cognito.pool { user_pool_id = arg[2], client_id = "loading", endpoint = arg[1] }):call("GetUser",
  { AccessToken = "none" })
require "cognito.signout"
local session, err = pool:session { id = arg[5] }
local ok
if session then
  strace.mark "BEGIN"
  ok, err = session:refresh { deadline = 20 }
  strace.mark "END"
end
if not ok then return say("error ", err.kind, " ", tostring(err.code)) end
say("token ", session:export().access_token:sub(-40))
while arg[6] == "loop" do
  ok, err = session:refresh { deadline = 20 }
  say(ok and "token" or "error", " ", ok and "" or tostring(err))
end

-- The session tries again after a pause of a second.
if warned then
  require("cognito.posix").sleep(1.1)
  ok, err = session:access_token()
  say("again ", ok and "ok" or tostring(err), " ", session.last_error and tostring(session.last_error) or "stored")
end
