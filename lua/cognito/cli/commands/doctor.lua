--- The command `doctor`: looks at everything that a sign-in needs and says what to do about what is wrong.
-- @module cognito.cli.commands.doctor
local core = require "cognito.core"
local errors = require "cognito.errors"
local get = require "cognito.protocol.get"
local json = require "cognito.json"
local out = require "cognito.cli.out"

local doctor = {}

local LATER = "try again later"
local MAX_DRIFT = 60 -- seconds; AWS refuses an SRP claim that is minutes off, and tokens look early or late
local LIMITS = { max_attempts = 1, deadline = 10 }
local TRIAL = ("d"):rep(64) -- a key that no session has

local function good(text) return { ok = true, text = text } end
local function bad(text, cure) return { ok = false, text = text, cure = cure } end
local function skipped(text) return { ok = true, skipped = true, text = text } end

local function said(err) return (out.explain(err, ""):gsub("%s+$", "")) end

-- ---- the way to the service ----

local CURES = {
  dns = "check the region in the pool id, and the name server of this machine",
  connect = "check the network; behind a proxy: cognito configure --all, which asks for it",
  timeout = "check the network and any firewall; behind a proxy: cognito configure --all, which asks for it",
  http_redirect = "check the endpoint: a portal or a proxy seems to answer for it",
  bad_response = "check the endpoint: what answers there is not the service",
}

local TLS_CURE = "check the date of this machine and the package ca-certificates; behind a proxy with a CA of its own: "
  .. "cognito configure --set ca_file=FILE"

-- An operation that every endpoint answers with an error of the service, and no one is signed in by.
local function reach(ctx)
  local _, err = ctx.pool:call("GetUser", { AccessToken = "doctor" }, LIMITS)
  ctx.trouble = err and not err.status and err or nil
  return ctx.trouble
end

local function endpoint(ctx)
  local err, url = reach(ctx), ctx.pool.url
  if not err then return good(url .. " answers") end
  if err.kind == "tls" then return good(url .. " is there") end
  return bad(("%s does not answer: %s"):format(url, said(err)), CURES[err.kind] or LATER)
end

local function tls(ctx)
  if ctx.pool.url:find "^http:" then return skipped "not used: the endpoint is on this machine" end
  local err = ctx.trouble
  if not err then return good "the endpoint's certificate is good" end
  if err.kind ~= "tls" then return skipped "not checked, since the endpoint does not answer" end
  return bad(said(err), TLS_CURE)
end

local function clock(ctx)
  local drift = ctx.pool:drift()
  if not drift and ctx.trouble then return skipped "not checked, since the endpoint does not answer" end
  if not drift then return skipped "not checked, since the endpoint's answer has no date" end
  if math.abs(drift) <= MAX_DRIFT then return good(("right to %.0f s"):format(math.abs(drift))) end
  return bad(("%.0f s %s"):format(math.abs(drift), drift < 0 and "fast" or "slow"),
    "set the clock (timedatectl set-ntp true)")
end

-- ---- this machine ----

local function can_write(storage)
  local ok, err = storage:put(TRIAL, { version = "doctor.1" })
  if ok then ok, err = storage:delete(TRIAL) end
  if ok or err.code == "conflict" then return true end
  return nil, err
end

local function store(ctx)
  local keys, err = ctx.pool.storage:list()
  local ok = keys
  if keys then ok, err = can_write(ctx.pool.storage) end
  if not ok then return bad(said(err), err.hint or "mend the folder of the sessions") end
  return good(("readable and writable, %d records"):format(#keys))
end

-- ---- the pool's settings ----

-- What sign-ins and the login page never say: whether the pool's id is right, and whether tokens can be verified.
local function keys(ctx)
  local pool = ctx.pool
  if ctx.trouble then return skipped "not checked, since the endpoint does not answer" end
  if pool.endpoint and not pool.given_issuer then
    return skipped "not checked: an endpoint of your own needs the setting issuer too"
  end
  local issuer = pool:issuers()[1]
  local url = issuer:gsub("/+$", "") .. "/.well-known/jwks.json"
  local document, err = pool.client:request(get, { url = url, operation = "jwks", resend = "safe" },
    pool.client:context(LIMITS))
  if document then return good("tokens can be verified by those of " .. issuer) end
  return bad(("%s: %s"):format(url, said(err)), err.kind == "config" and "check user_pool_id, region and issuer"
    or CURES[err.kind] or LATER)
end

local CLIENT_SAYS = {
  ResourceNotFoundException = "check client_id, user_pool_id and region: the pool does not know this client",
  InvalidParameterException = "switch the flow on for this app client (ExplicitAuthFlows), or set another: "
    .. "cognito configure --set flow=FLOW",
}

-- A user nobody has: the answer tells whether client id, secret and flow are right.
local function client(ctx)
  if ctx.trouble then return skipped "not checked, since the endpoint does not answer" end
  local _, err = ctx.pool:sign_in { username = "lua-cognito-doctor", password = "not-a-password", max_attempts = 1,
    deadline = LIMITS.deadline }
  if not err or err.kind == "auth" or err.code == "UserNotFoundException" then return good "takes sign-ins" end
  local cure = require("cognito.cli.advice").of(err, ctx.args) or CLIENT_SAYS[err.code or ""] or err.hint
    or CURES[err.kind] or err.kind == "server" and LATER
  return bad(said(err), cure or "check client_id and client_secret")
end

-- What the authorize endpoint says to one redirect URI, as it came.
local AS_IT_IS = { build = get.build, mark = get.mark, parse = function(_, response) return response end }

local function ask_page(ctx, uri)
  local login, err = ctx.pool:hosted_login { redirect_uri = uri, scopes = ctx.profile.scopes }
  if not login then return nil, err end
  return ctx.pool.client:request(AS_IT_IS, { url = (login:authorize_url()), operation = "authorize", resend = "safe" },
    ctx.pool.client:context(LIMITS))
end

local SCOPES_CURE = "allow the scopes and the authorization code grant for this app client, or: "
  .. "cognito configure --set scopes=SCOPES"

local function refusal(response, uri)
  local location = core.header(response.headers, "location") or ""
  local code = location:match "[?&]error=([%w_]+)"
  if code and location:sub(1, #uri) == uri and code ~= "redirect_mismatch" then
    return bad(("the login page says %s"):format(code), SCOPES_CURE)
  end
  if response.status >= 500 then return bad(("the login page answers HTTP %d"):format(response.status), LATER) end
  if code or response.status >= 400 then
    return bad("the login page does not take " .. uri, "register it as a callback URL of this app client")
  end
end

local function page(ctx)
  local ports = ctx.profile.redirect_ports
  if not ctx.pool.domain then return skipped "not set up: login --browser needs a domain" end
  if not ports or #ports == 0 then
    return bad("no port is set for login --browser", "register http://localhost:PORT/ as a callback URL of this app "
      .. "client, and: cognito configure --set redirect_ports=PORT")
  end
  for _, port in ipairs(ports) do
    local uri = ("http://localhost:%.0f/"):format(port)
    local response, err = ask_page(ctx, uri)
    if not response then return bad(said(err), "check the setting domain") end
    local wrong = refusal(response, uri)
    if wrong then return wrong end
  end
  return good("takes http://localhost:PORT/ with " .. (#ports == 1 and "its port" or "all its ports"))
end

local CHECKS = { { "endpoint", endpoint }, { "tls", tls }, { "clock", clock }, { "store", store }, { "keys", keys },
  { "client", client }, { "login page", page } }

local GREEN, RED = 32, 31

local function word(ctx, result)
  if result.skipped then return "--    " end
  local text = result.ok and "ok    " or "WRONG "
  if not ctx.term.has_colours(1) then return text end
  return ("\27[%dm%s\27[0m"):format(result.ok and GREEN or RED, text)
end

local function print_rows(ctx, results)
  for _, r in ipairs(results) do
    io.stdout:write(word(ctx, r))
    out.line(r.name .. ": " .. r.text)
    if r.cure then out.line("      " .. r.cure) end
  end
end

--- Runs all checks.
-- @tparam table ctx
-- @treturn number exit code: 0 when all is well
function doctor.doctor(ctx)
  local results, code = {}, out.codes.ok
  for i, check in ipairs(CHECKS) do
    local result = check[2](ctx)
    results[i] = { name = check[1], ok = result.ok, skipped = result.skipped, text = errors.visible(result.text),
      cure = result.cure }
    if not result.ok then code = out.codes.failed end
  end
  ctx:result({ checks = json.list(results) }, function() print_rows(ctx, results) end)
  return code
end

return doctor
