--- The headers in which an upstream reads who asks: removed as a client sent them, set from claims.
-- @module cognito.ngx.guard.headers

local cookies = require "cognito.ngx.guard.cookies"

local headers = {}

-- Many upstreams take both for one: CGI and WSGI know HTTP_X_USER only.
local function folded(name) return (name:lower():gsub("-", "_")) end

--- Makes the plan for a map, once, since it is followed at each request.
-- @tparam table map header name -> claim name
-- @treturn table list of `name`, `claim`, `variable` (nginx's)
function headers.plan(map)
  local plan = {}
  for name, claim in pairs(map) do
    plan[#plan + 1] = { name = name, claim = claim, variable = "http_" .. folded(name) }
  end
  return plan
end

-- The variable finds every spelling, so what a client did not send is not looked for.
local function clear(entry)
  if ngx.var[entry.variable] == nil then return end
  for name in pairs(ngx.req.get_headers(0, true)) do
    if "http_" .. folded(name) == entry.variable then ngx.req.clear_header(name) end
  end
end

--- Removes headers that only the guard may set.
-- @tparam table plan
function headers.clear(plan)
  for i = 1, #plan do clear(plan[i]) end
end

local function text_of(value)
  if type(value) == "table" then
    local parts = {}
    for i, item in ipairs(value) do parts[i] = tostring(item) end
    value = table.concat(parts, ",")
  end
  value = tostring(value)
  if #value > 4096 or value:find "%c" then return nil end
  return value
end

--- Passes claims on to the upstream, in place of what the client sent.
-- @tparam table plan
-- @tparam table claims
function headers.set(plan, claims)
  for i = 1, #plan do
    local entry = plan[i]
    clear(entry)
    local value = claims[entry.claim]
    local text = value ~= nil and text_of(value) or nil
    if text then ngx.req.set_header(entry.name, text) end
  end
end

--- Keeps the guard's own cookies from the upstream: one that echoes its headers must not hand them to a script in the
-- page.
-- @tparam string prefix of their names
function headers.hide_cookies(prefix)
  local header = ngx.var.http_cookie
  if not header or not header:find(prefix, 1, true) then return end
  local rest = cookies.without(header, prefix)
  if rest == "" then ngx.req.clear_header "Cookie" else ngx.req.set_header("Cookie", rest) end
end

return headers
