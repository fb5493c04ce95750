--- The command `doctor`: looks at everything that a sign-in needs and says what to do about what is wrong.
-- @module cognito.cli.commands.doctor
local errors = require "cognito.errors"
local out = require "cognito.cli.out"

local doctor = {}

local MAX_DRIFT = 60 -- seconds; AWS refuses an SRP claim that is minutes off, and tokens look early or late

local function good(text) return { ok = true, text = text } end
local function bad(text, cure) return { ok = false, text = text, cure = cure } end

local TLS_CURE = "check the date of this machine and the package ca-certificates; behind a proxy with a CA of its own "
  .. "name that CA as ca_file in the profile"

-- An operation that every endpoint answers with an error of the service, and no one is signed in by.
local function probe(ctx)
  return ctx.pool:call("GetUser", { AccessToken = "doctor" }, { max_attempts = 1, deadline = 10 })
end

local CURES = {
  dns = "check the region in the pool id, and the name server of this machine",
  connect = "check the network; behind a proxy set one up", tls = TLS_CURE,
  timeout = "check the network and any firewall",
}

local function endpoint(ctx)
  local answer, err = probe(ctx)
  if answer or err.status then return good("the endpoint answers: " .. ctx.pool.endpoint) end
  return bad("the endpoint does not answer: " .. tostring(err), CURES[err.kind] or "try again later")
end

local function clock(ctx)
  local drift = ctx.pool:drift()
  if not drift then return bad("the clock could not be compared", "mend the endpoint first") end
  if math.abs(drift) <= MAX_DRIFT then return good(("the clock is right to %.0f s"):format(drift)) end
  return bad(("the clock is %.0f s off"):format(-drift), "set the clock (timedatectl set-ntp true)")
end

local function store(ctx)
  local keys, err = ctx.pool.storage:list()
  if not keys then return bad(tostring(err), err.hint or "mend the store's folder") end
  return good(("the store is readable: %d records"):format(#keys))
end

-- A user nobody has: the answer tells whether client id, secret and flow are right.
local CLIENT_SAYS = {
  ResourceNotFoundException = "check client_id, user_pool_id and region: the pool does not know this client",
  InvalidParameterException = "switch the flow on for this app client (ExplicitAuthFlows)",
}

local function client(ctx)
  local _, err = ctx.pool:sign_in { username = "lua-cognito-doctor", password = "not-a-password" }
  if not err or err.kind == "auth" or err.code == "UserNotFoundException" then
    return good "the app client takes sign-ins"
  end
  if err.kind == "config" or CLIENT_SAYS[err.code or ""] then
    return bad(tostring(err), err.hint or CLIENT_SAYS[err.code] or "check client_id and client_secret")
  end
  return bad(tostring(err), "mend the endpoint first")
end

local CHECKS = { { "endpoint", endpoint }, { "clock", clock }, { "store", store }, { "client", client } }

--- Run all checks.
-- @tparam table ctx
-- @treturn number exit code: 0 when all is well
function doctor.doctor(ctx)
  local results, code = {}, out.codes.ok
  for i, check in ipairs(CHECKS) do
    local result = check[2](ctx)
    results[i] = { name = check[1], ok = result.ok, text = errors.clean(result.text), cure = result.cure }
    if not result.ok then code = out.codes.failed end
  end
  out.result(ctx.args.json, { checks = ctx.list(results) }, function()
    for _, r in ipairs(results) do
      io.stdout:write(r.ok and out.colour("ok    ", 32) or out.colour("WRONG ", 31))
      out.line(r.name .. ": " .. r.text)
      if r.cure then out.line("      " .. r.cure) end
    end
  end)
  return code
end

return doctor
