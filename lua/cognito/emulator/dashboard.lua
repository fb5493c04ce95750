--- The page at `/` for the person who develops against the emulator: users, sessions, codes, recent requests.
-- @module cognito.emulator.dashboard

local clock = require "cognito.emulator.clock"
local html = require "cognito.emulator.html"
local http = require "cognito.emulator.oauth.http"

local M = {}

local SHOWN = 40

local function count(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

local function sorted_names(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local UNITS = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } }

local function span(seconds)
  for _, unit in ipairs(UNITS) do
    if seconds >= unit[1] then return ("%d %s"):format(seconds // unit[1], unit[2]) end
  end
  return "0 s"
end

-- When something was, as a person thinks of it; the exact time is shown where the pointer rests.
local function ago(seconds)
  if not seconds then return "" end
  return html.part("time", span(math.max(clock.now() - seconds, 0)) .. " ago",
    { title = os.date("!%Y-%m-%d %H:%M:%S UTC", math.floor(seconds)) })
end

-- ---- users ----

local GOOD = { CONFIRMED = true }

local function status_of(user)
  local parts = { html.pill(user.status, GOOD[user.status] and "good" or "warn") }
  if not user.enabled then parts[#parts + 1] = html.pill("disabled", "bad") end
  if user.locked_until and clock.now() < user.locked_until then parts[#parts + 1] = html.pill("locked", "bad") end
  return html.join(parts, " ")
end

local function address(user, name)
  local value = user.attributes[name]
  if not value then return nil end
  return html.join({ value, user.attributes[name .. "_verified"] == "true" and html.pill("verified", "good") or nil },
    " ")
end

local function contacts(user)
  local parts = {}
  for _, name in ipairs { "email", "phone_number" } do parts[#parts + 1] = address(user, name) end
  return html.join(parts, html.line)
end

local function factors(user)
  local parts = {}
  for _, name in ipairs(sorted_names(user.mfa)) do
    parts[#parts + 1] = html.pill(name, name == user.preferred_mfa and "good" or "plain")
  end
  for name, list in pairs { passkey = user.passkeys, device = user.devices } do
    local n = count(list)
    if n > 0 then parts[#parts + 1] = html.pill(("%d %s%s"):format(n, name, n > 1 and "s" or ""), "plain") end
  end
  return html.join(parts, " ")
end

local function users(pool)
  local rows = {}
  for i, name in ipairs(sorted_names(pool.users)) do
    local user = pool.users[name]
    rows[i] = { html.join({ html.part("b", name), html.code(user.sub) }, html.line), status_of(user), contacts(user),
      factors(user), ago(user.last_sign_in) }
  end
  return html.table({ "User", "Status", "Addresses", "Factors and devices", "Last sign-in" }, rows,
    "No users yet: sign one up, or name some in the configuration.")
end

-- ---- sessions, codes, requests ----

local function by_time(a, b) return a.auth_time > b.auth_time end

local ORIGINS = { api = "API", oauth = "hosted login" }

local function sessions(state)
  local list, rows = {}, {}
  for _, family in pairs(state.families) do list[#list + 1] = family end
  table.sort(list, by_time)
  for i = 1, math.min(#list, SHOWN) do
    local family = list[i]
    local left = family.expires - clock.now()
    local pill = family.revoked and html.pill("revoked", "bad") or left > 0 and html.pill(span(left) .. " left", "good")
      or html.pill("expired", "warn")
    rows[i] = { html.part("b", family.user.username), html.code(family.client.id), ORIGINS[family.origin]
      or family.origin, ago(family.auth_time), pill, html.code(family.id) }
  end
  return html.table({ "User", "Client", "By", "Signed in", "State", "origin_jti" }, rows,
    "Nobody has signed in yet.")
end

local function codes(state)
  local rows = {}
  for i = #state.codes, math.max(1, #state.codes - SHOWN + 1), -1 do
    local entry = state.codes[i]
    rows[#rows + 1] = { html.part("code", entry.code, { class = "big" }), html.part("b", entry.username), entry.purpose,
      entry.destination, ago(entry.time) }
  end
  return html.table({ "Code", "User", "For", "Sent to", "When" }, rows, "No code was sent yet.")
end

local function status_pill(entry)
  local status = entry.status
  if not status then return html.pill("under way", "plain") end
  if status == 0 then return "" end -- a fault took its place
  return html.pill(status, status < 400 and "good" or status < 500 and "warn" or "bad")
end

-- The page itself, and what a browser asks for beside it.
local HIDDEN = { ["GET /"] = true, ["GET /favicon.ico"] = true }

local function is_about_us(entry) return entry.path:find("/_emulator/", 1, true) == 1 end

-- Bodies are not shown: they hold passwords and tokens.
local function requests(state)
  local rows, list = {}, state.requests
  for i = #list, 1, -1 do
    local entry = list[i]
    local name = entry.operation or entry.method .. " " .. entry.path
    if not HIDDEN[name] and not is_about_us(entry) then
      local client = type(entry.input) == "table" and entry.input.ClientId
      rows[#rows + 1] = { ago(entry.time), html.part("b", name), status_pill(entry),
        entry.fault and html.pill("fault: " .. entry.fault, "warn") or entry.code or "",
        type(client) == "string" and html.code(client) or "", html.code(entry.id) }
    end
    if #rows == SHOWN then break end
  end
  return html.table({ "When", "Operation", "Status", "Error or fault", "Client", "Request id" }, rows,
    "No request came yet.")
end

-- ---- the page ----

local EXAMPLE = [[
local pool = cognito.pool {
  user_pool_id = "%s",
  client_id = "%s",
  endpoint = "%s",
  domain = "%s",
  issuer = "%s",%s
}]]

local function example(state, pool, client)
  local more = state.ca_file and ('\n  ca_file = "%s",'):format(state.ca_file) or ""
  if client.secrets and client.secrets[1] then more = more .. "\n  client_secret = ...," end
  return EXAMPLE:format(pool.id, client.id, state.url, state.url, state:issuer(pool), more)
end

local function pool_section(state, given)
  local pool, clients = state.pools[given.id], {}
  for i, client in ipairs(given.clients) do clients[i] = html.code(client.id) end
  return html.section("Pool " .. pool.id, count(pool.users) .. " users", html.join({
    html.part("p", html.join({ "Clients ", html.join(clients, ", "), ", issuer ", html.code(state:issuer(pool)) }),
      { class = "soft" }),
    users(pool) }))
end

local function connect_section(state)
  local parts = {}
  for _, given in ipairs(state.config.pools) do
    local pool, client = state.pools[given.id], given.clients[1]
    if client then parts[#parts + 1] = html.part("pre", example(state, pool, client)) end
  end
  return html.section("Connect", "from Lua", html.join(parts))
end

local function head(state)
  return html.part("p", html.join({ "Endpoint ", html.code(state.url), state.ca_file and html.join({
    ", certificate authority ", html.code(state.ca_file) }) or nil, ". The page renews itself." }), { class = "soft" })
end

--- GET /.
function M.answer(state)
  local parts = { head(state) }
  for _, given in ipairs(state.config.pools) do parts[#parts + 1] = pool_section(state, given) end
  parts[#parts + 1] = html.section("Codes", #state.codes .. " sent", codes(state))
  parts[#parts + 1] = html.section("Sessions", count(state.families) .. " known", sessions(state))
  parts[#parts + 1] = html.section("Recent requests", "newest first", requests(state))
  parts[#parts + 1] = connect_section(state)
  return http.html(200, html.page("Cognito emulator", html.join(parts).html, { wide = true, refresh = 5 }))
end

return M
