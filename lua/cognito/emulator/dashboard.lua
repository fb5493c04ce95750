--- The page at `/` for the person who develops against the emulator: users, sessions, codes, recent requests.
-- @module cognito.emulator.dashboard

local html = require "cognito.emulator.html"
local http = require "cognito.emulator.oauth.http"

local M = {}

local SHOWN = 40

local function time(seconds) return seconds and os.date("!%H:%M:%S", math.floor(seconds)) or "" end

local function sorted_names(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function count(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

local function users(pool)
  local rows = {}
  for i, name in ipairs(sorted_names(pool.users)) do
    local user = pool.users[name]
    rows[i] = { name, user.status .. (user.enabled and "" or ", disabled"), user.attributes.email or "",
      table.concat(sorted_names(user.mfa), ", "), count(user.devices), count(user.passkeys), time(user.last_sign_in) }
  end
  return html.table({ "User", "Status", "E-mail", "Second factors", "Devices", "Passkeys", "Last sign-in" }, rows)
end

local function by_time(a, b) return a.auth_time > b.auth_time end

local function sessions(state)
  local list, rows = {}, {}
  for _, family in pairs(state.families) do list[#list + 1] = family end
  table.sort(list, by_time)
  for i = 1, math.min(#list, SHOWN) do
    local family = list[i]
    rows[i] = { family.user.username, family.client.id, family.origin, time(family.auth_time),
      family.revoked and "revoked" or "until " .. os.date("!%Y-%m-%d %H:%M", family.expires), family.id }
  end
  return html.table({ "User", "Client", "By", "Signed in", "State", "origin_jti" }, rows)
end

local function codes(state)
  local rows = {}
  for i = #state.codes, math.max(1, #state.codes - SHOWN + 1), -1 do
    local entry = state.codes[i]
    rows[#rows + 1] = { time(entry.time), entry.username, entry.purpose, entry.destination, entry.code }
  end
  return html.table({ "Time", "User", "For", "Sent to", "Code" }, rows)
end

-- Bodies are not shown: they hold passwords and tokens. Nor is this page itself.
local function requests(state)
  local rows, list = {}, state.requests
  for i = #list, 1, -1 do
    local entry = list[i]
    local name = entry.operation or entry.method .. " " .. entry.path
    if name ~= "GET /" then
      rows[#rows + 1] = { time(entry.time), name, entry.status or "", entry.code or entry.fault or "", entry.id }
    end
    if #rows == SHOWN then break end
  end
  return html.table({ "Time", "Operation", "Status", "Error or fault", "Request id" }, rows)
end

local function section(title, body) return "<h2>" .. html.escape(title) .. "</h2>" .. body end

--- GET /.
function M.answer(state)
  local out = { '<p class="soft">Endpoint <code>', html.escape(state.url),
    "</code>. Times are UTC; the page renews itself.",
    state.ca_file and " Certificate authority: <code>" .. html.escape(state.ca_file) .. "</code>." or "", "</p>" }
  for _, given in ipairs(state.config.pools) do
    local pool, clients = state.pools[given.id], {}
    for i, client in ipairs(given.clients) do clients[i] = client.id end
    out[#out + 1] = section("Pool " .. pool.id, '<p class="soft">Clients: <code>'
      .. html.escape(table.concat(clients, ", ")) .. "</code>, issuer <code>" .. html.escape(state:issuer(pool))
      .. "</code></p>" .. users(pool))
  end
  out[#out + 1] = section("Codes", codes(state)) .. section("Sessions", sessions(state))
    .. section("Recent requests", requests(state))
  return http.html(200, html.page("Cognito emulator", table.concat(out), { wide = true, refresh = 5 }))
end

return M
