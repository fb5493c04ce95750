-- The application: a pool, a guard, and a few pages. What a page looks like is in pages.lua.
local cjson = require "cjson.safe"
local cognito = require "cognito"
local pages = require "pages"

local app = {}

local function env(name, default) return os.getenv("COGNITO_" .. name) or default end

-- nginx prints errors that are text only.
local function must(value, err)
  if value then return value end
  error(tostring(err), 2)
end

-- Run by init_by_lua*, once, before the workers start: a mistake in the settings stops nginx with a clear line.
function app.init()
  local key = { file = env("KEY_FILE", "/etc/app/session.key") }
  local storage = must(cognito.storage.shared_dict { name = "sessions", key = key, ttl = 12 * 3600 })
  app.pool = must(cognito.pool {
    user_pool_id = env("USER_POOL_ID", "eu-west-1_Demo12345"),
    client_id = env("CLIENT_ID", "demoapp1234567890demoapp"),
    client_secret = env("CLIENT_SECRET", "demo0secret0demo0secret0demo0secret0demo0secret0"),
    endpoint = env "ENDPOINT",
    issuer = env "ISSUER",
    storage = storage,
  })
  app.guard = must(require("resty.cognito").new {
    pool = app.pool, key = key, home = "/account", after_logout = "/",
    return_urls = { "/account", "/staff", "/upstream", "/" },
    headers = { ["X-User"] = "cognito:username", ["X-Email"] = "email", ["X-Groups"] = "cognito:groups" },
    forward = "access", passkeys = true,
  })
  app.demo, app.endpoint = env "DEMO", env "ENDPOINT"
end

local function send(html)
  ngx.header["Content-Type"] = "text/html; charset=utf-8"
  ngx.header["Cache-Control"] = "no-store"
  ngx.header["X-Content-Type-Options"] = "nosniff"
  ngx.header["Content-Security-Policy"] = "default-src 'self'; form-action 'self'; frame-ancestors 'none'"
  ngx.print(html)
end

local function json(value)
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(cjson.encode(value), "\n")
end

function app.home()
  local who = ngx.ctx.cognito
  send(pages.home { claims = who and who.claims, csrf = app.guard:csrf(), demo = app.demo })
end

function app.account()
  local who = ngx.ctx.cognito
  send(pages.account { claims = who.claims, csrf = app.guard:csrf(), expires_in = who.session:expires_in(),
    passkeys = who.session:passkeys() })
end

function app.staff() send(pages.staff { claims = ngx.ctx.cognito.claims, csrf = app.guard:csrf() }) end

function app.login()
  local view = app.guard:form()
  if view then send(pages.login(view, app.demo)) end
end

function app.me()
  local who = ngx.ctx.cognito
  local user, err = who.session:call "GetUser"
  if not user then
    ngx.status = 502
    return json { error = err.kind, code = err.code }
  end
  local attributes = {}
  for _, attribute in ipairs(user.UserAttributes) do attributes[attribute.Name] = attribute.Value end
  json { username = user.Username, attributes = attributes, expires_in = math.floor(who.session:expires_in()) }
end

local function body()
  ngx.req.read_body()
  return ngx.req.get_body_data()
end

-- The browser and the service understand each other; what they say is only carried between them.
local PASSKEY = {}
function PASSKEY.start(session) return session:start_passkey() end
function PASSKEY.finish(session) return session:complete_passkey { credential = body() or "{}" } end
function PASSKEY.remove(session) return session:delete_passkey { credential_id = body() or "" } end

function app.passkey()
  local act = PASSKEY[ngx.var.uri:match "([^/]+)$"]
  if ngx.req.get_method() ~= "POST" or not act then return ngx.exit(404) end
  if not app.guard:is_csrf(ngx.var.http_x_csrf_token) then return ngx.exit(403) end
  local done, err = act(ngx.ctx.cognito.session)
  if not done then
    ngx.status = 502
    return json { error = err.kind, code = err.code }
  end
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(done == true and "{}" or done)
end

function app.orders()
  local claims = ngx.ctx.cognito.claims
  json { orders = { { id = 1, item = "a clock" }, { id = 2, item = "a white rabbit" } }, for_user = claims.username }
end

-- Stands for an application server: says what reached it.
function app.echo()
  local headers = ngx.req.get_headers()
  json { user = headers["X-User"], email = headers["X-Email"], groups = headers["X-Groups"],
    cookie = headers["Cookie"] or "none", token = headers["Authorization"] and "present" or "absent" }
end

function app.mailbox()
  if not app.demo then return ngx.exit(404) end
  local host = app.pool.host
  local answer = host.send { method = "GET", url = app.endpoint .. "/_emulator/codes", headers = {},
    deadline = host.monotime() + 5, pool = "mailbox" }
  send(pages.mailbox(answer and cjson.decode(answer.body) or {}))
end

return app
