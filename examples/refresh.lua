-- Sign in once, then let the library keep a valid access token at hand. `make demo` runs this file against the
-- emulator; the variables COGNITO_* point it at another pool.
local cognito = require "cognito"

local function env(name, default) return os.getenv("COGNITO_" .. name) or default end

local function new_pool(storage)
  return cognito.pool {
    user_pool_id = env("USER_POOL_ID", "eu-west-1_Demo12345"),
    client_id = env("CLIENT_ID", "demoapp1234567890demoapp"),
    client_secret = env("CLIENT_SECRET", "demo0secret0demo0secret0demo0secret0demo0secret0"),
    endpoint = env "ENDPOINT",
    storage = storage,
  }
end

local username, password = env("USERNAME", "alice"), env("PASSWORD", "Correct-Horse-7")
local files = cognito.storage.file { path = env "STORE" }
local pool = new_pool(files)

local function say(...) print(string.format(...)) end

-- Stops the script, with the reason, when what it claims is not so.
local function check(ok, err, what)
  if ok then return ok end
  io.stderr:write("refresh.lua: ", what or "failed", ": ", tostring(err), "\n")
  os.exit(1)
end

local function wait_for_expiry(session)
  os.execute("sleep " .. math.ceil(math.max(session:expires_in(), 0)) + 1)
end

-- ---- the second process: no password, the session comes from the file store ------------------------------------

if arg[1] == "second-process" then
  local session = check(pool:session(username))
  check(session:access_token())
  local user = check(session:call "GetUser")
  say("   second process: signed in as %s without a password", user.Username)
  os.exit(0)
end

-- ---- the first process ---------------------------------------------------------------------------------------------

say "1. sign in"
local step = check(pool:sign_in { username = username, password = password })
local session = check(step.session, step.challenge and step.challenge.name, "another challenge is posed")
local claims = check(session:claims())
say("   signed in as %s <%s>", session.username, claims.email or "no e-mail address")
say("   the access token expires in %.1f s", session:expires_in())

say "2. use the access token"
local user = check(session:call "GetUser")
say("   GetUser: %s, %d attributes", user.Username, #user.UserAttributes)

say "3. let it expire"
local old_access, old_refresh = check(session:access_token()), session:export().refresh_token
wait_for_expiry(session)
local refused, why = pool:call("GetUser", { AccessToken = old_access })
check(not refused, "the old access token still works")
say("   the old token is refused: %s", why.message)

say "4. ask for a token: it is refreshed by itself"
local new_access = check(session:access_token())
check(new_access ~= old_access, "the access token is the old one")
check(session:call "GetUser")
say("   a new access token, which works and expires in %.1f s", session:expires_in())
check(session:export().refresh_token ~= old_refresh, "the refresh token was not rotated")
say "   the refresh token was rotated too"

say "5. another process, without a password"
local code = os.execute(("'%s' '%s' second-process"):format(arg[-1], arg[0]))
check(code == true or code == 0, "the second process failed")

say "6. sign out"
local last_refresh = session:export().refresh_token
local done = check(session:sign_out { revoke = true })
check(done.revoked and done.cleared, "revoked: " .. tostring(done.revoked) .. ", cleared: " .. tostring(done.cleared))
local _, none = pool:session(username)
check(none and none.kind == "sign_in_required", none, "the session is still stored")
local stolen = check(new_pool(cognito.storage.memory()):adopt { refresh_token = last_refresh, username = username })
local token, dead = stolen:access_token()
check(not token and dead.kind == "sign_in_required", dead, "the old refresh token still works")
say("   the refresh token is dead: %s", dead.message)

say "7. adopt a refresh token that another program kept"
local other = check(new_pool(cognito.storage.memory()):sign_in {
  username = username, password = password })
local kept = other.session:export().refresh_token
local adopted = check(new_pool(cognito.storage.memory()):adopt { refresh_token = kept, username = username })
check(adopted:access_token())
say("   adopted: GetUser says %s", check(adopted:call "GetUser").Username)
check(adopted:sign_out { revoke = true })
