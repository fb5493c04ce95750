--- Login by browser for a program on the desk (RFC 8252 7.3): opens the browser, waits for its callback on loopback.
-- It waits with `host.sleep`, so it holds up neither a script's deadline nor a loop's other coroutines.
-- @module cognito.host.desk
local errors = require "cognito.errors"
local options = require "cognito.options"
local posix = require "cognito.posix"

local desk = {}

local STEP = 0.02            -- seconds between two looks at the listener
local VISIT = 5              -- seconds a visitor has for its request and for taking the answer
local MAX_REQUEST = 16 * 1024
local MAX_VISITORS = 16
local TIMEOUT = 300          -- seconds for the person

local SCHEMA = {
  ports = "table", path = "string", scopes = "table", timeout = "number", open = "boolean", on_url = "function",
  on_wait = "function",
  login_hint = "string", identity_provider = "string", idp_identifier = "string", lang = "string", prompt = "string",
  deadline = "number", cancel = "table",
}
local URL_OPTIONS = { "login_hint", "identity_provider", "idp_identifier", "lang", "prompt" }

local HEAD = table.concat({
  "HTTP/1.1 %s", "Content-Type: text/html; charset=utf-8", "Content-Length: %d", "Connection: close",
  "Cache-Control: no-store", "Referrer-Policy: no-referrer", "X-Content-Type-Options: nosniff",
  "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'", "", "",
}, "\r\n")

local PAGE = [[<!doctype html><html lang="en"><head><meta charset="utf-8"><title>%s</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f4f5f7;color:#1c2430;
font:16px/1.5 system-ui,sans-serif}
main{background:#fff;padding:2.5rem 3rem;border-radius:12px;box-shadow:0 2px 16px #0001;max-width:26rem}
h1{font-size:1.3rem;margin:0 0 .5rem}p{margin:0;color:#566}
@media(prefers-color-scheme:dark){body{background:#14181f;color:#e8ebf0}main{background:#1d232c}p{color:#a7b0bd}}
</style></head><body><main><h1>%s</h1><p>%s</p></main></body></html>]]

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function page(status, title, text)
  local safe = errors.clean(text):gsub("[&<>\"']", ENTITIES)
  local body = PAGE:format(title, title, safe)
  return HEAD:format(status, #body) .. body
end

local function send(visitor, answer)
  visitor.line:write(answer, VISIT)
  visitor.line:close()
end

local function close(state)
  for _, visitor in ipairs(state.visitors) do visitor.line:close() end
  state.listener:close()
end

-- The port is among those that are registered with the app client, since Cognito compares redirect URIs exactly.
local function listen(ports)
  for _, port in ipairs(ports) do
    local listener, code = posix.listener(port)
    if listener then return listener end
    if code ~= "EADDRINUSE" and code ~= "EACCES" then break end
  end
  return nil, errors.new("config", "none of the loopback ports is free: " .. table.concat(ports, ", "), {
    field = "ports", code = "ports_taken", hint = "close what uses them, or register more with the app client",
  })
end

local OPENERS = { { "xdg-open" }, { "sensible-browser" }, { "open" }, { "wslview" } }

local function open_browser(url)
  local own = os.getenv "BROWSER"
  if own and own ~= "" and posix.start { own, url } then return true end
  for _, opener in ipairs(OPENERS) do
    if posix.start { opener[1], url } then return true end
  end
  return false
end

local function stopped(host, ends, cancel)
  if cancel and cancel.cancelled then return errors.new("cancelled", "the login was cancelled") end
  if host.monotime() < ends then return nil end
  return errors.new("timeout", "nobody finished the login in the browser in time", { code = "login_timeout" })
end

-- A browser opens connections on which it never speaks, and a stranger may do so too: nobody waits for them.
local function admit(state)
  local line = state.listener:accept(0)
  while line do
    if #state.visitors >= MAX_VISITORS then table.remove(state.visitors, 1).line:close() end
    table.insert(state.visitors, { line = line, text = "", ends = state.host.monotime() + VISIT })
    line = state.listener:accept(0)
  end
end

-- true: the request is whole; false: it will never be.
local function hear(visitor, now)
  local bytes, code = visitor.line:read(MAX_REQUEST, 0)
  visitor.text = visitor.text .. (bytes or "")
  if visitor.text:find("\r\n\r\n", 1, true) then return true end
  local gone = bytes == "" or not bytes and code ~= "ETIMEDOUT"
  if gone or #visitor.text >= MAX_REQUEST or now >= visitor.ends then return false end
end

local function next_request(state)
  local visitors, now = state.visitors, state.host.monotime()
  for i = #visitors, 1, -1 do
    local visitor = visitors[i]
    local heard = hear(visitor, now)
    if heard ~= nil then table.remove(visitors, i) end
    if heard then return visitor end
    if heard == false then visitor.line:close() end
  end
end

local function next_visitor(state, ends, cancel)
  while true do
    admit(state)
    local visitor = next_request(state)
    if visitor then return visitor end
    local err = stopped(state.host, ends, cancel)
    if err then return nil, err end
    if state.on_wait then state.on_wait() end
    state.host.sleep(STEP)
  end
end

-- Another site's name for our address (DNS rebinding) gets nothing.
local function is_own_name(request, port)
  local name = request:lower():match "\r\nhost:[ \t]*([^\r\n]+)"
  for _, host in ipairs { "localhost", "127.0.0.1", "[::1]" } do
    if name == host .. ":" .. port then return true end
  end
  return false
end

local function query_of(request, path, port)
  local method, target = request:match "^(%u+) (%S+) HTTP/1%.[01]\r\n"
  if not method or not is_own_name(request, port) then return nil, page("400 Bad Request", "Not for us", "") end
  if method ~= "GET" then return nil, page("405 Method Not Allowed", "Not for us", "") end
  local found, query = target:match "^([^?]*)%??(.*)$"
  if found ~= path then return nil, page("404 Not Found", "Nothing here", "") end
  return query
end

local DONE = page("200 OK", "You are signed in", "You can close this window and go back to the program.")

-- A callback that is not ours does not end the wait: anybody on this machine could send one.
local function is_foreign(err) return err.code == "state_mismatch" or err.code == "callback_invalid" end

local function serve(state, visitor)
  local query, refusal = query_of(visitor.text, state.path, state.listener:port())
  if not query then return send(visitor, refusal) end
  local session, err = state.login:finish(query, state.pending, state.call)
  if session then
    send(visitor, DONE)
    return nil, session
  end
  local status = is_foreign(err) and "400 Bad Request" or "200 OK"
  send(visitor, page(status, "That did not work", err.message))
  return nil, nil, not is_foreign(err) and err or nil
end

local function wait(state, ends, cancel)
  while true do
    local visitor, err = next_visitor(state, ends, cancel)
    if not visitor then return nil, err end
    local _, session, failure = serve(state, visitor)
    if session or failure then return session, failure end
  end
end

local function url_options(opts)
  local out = {}
  for _, name in ipairs(URL_OPTIONS) do out[name] = opts[name] end
  return out
end

local function check_ports(ports)
  for _, port in ipairs(ports or {}) do
    if type(port) ~= "number" or port % 1 ~= 0 or port < 0 or port > 65535 then ports = nil break end
  end
  if ports and #ports > 0 then return ports end
  return nil, errors.new("config", "ports must be a list of port numbers", {
    field = "ports", hint = "register http://localhost:PORT/ callback URLs with the app client and name these ports",
  })
end

local function open_state(pool, listener, opts)
  return { host = pool.host, listener = listener, visitors = {}, path = opts.path or "/",
    timeout = opts.timeout or TIMEOUT, on_wait = opts.on_wait,
    call = { deadline = opts.deadline, cancel = opts.cancel } }
end

local function begin(state, pool, opts)
  local uri = ("http://localhost:%d%s"):format(state.listener:port(), state.path)
  local login, err = pool:hosted_login { redirect_uri = uri, scopes = opts.scopes, lifetime = state.timeout }
  if not login then return nil, err end
  local url
  url, state.pending = login:authorize_url(url_options(opts))
  state.login = login
  local opened = opts.open ~= false and open_browser(url)
  if opts.on_url then opts.on_url(url, opened) end
  return true
end

--- Signs a user in by the browser of this desk. Not for nginx.
-- @tparam table pool a pool with `domain`
-- @tparam table opts `ports` (registered as `http://localhost:PORT/` with the app client; the first free one is used),
-- `path` (of the callback, default `/`), `scopes`, `timeout` (seconds for the person, default 300), `open` (false: do
-- not open a browser), `on_url(url, opened)` (show the address), `on_wait()` (called while waiting, 50 times a second),
-- `login_hint`, `identity_provider`, `idp_identifier`, `lang`, `prompt`, `deadline` (seconds for the code exchange),
-- `cancel`
-- @treturn table|nil a session, or nil and an error of kind `config` (no domain, no free port), `timeout`, `cancelled`,
-- or those of `hosted_login:finish`
function desk.browser_login(pool, opts)
  opts = options.check(opts or {}, SCHEMA, "browser_login", 3)
  local ports, err = check_ports(opts.ports)
  if not ports then return nil, err end
  local listener
  listener, err = listen(ports)
  if not listener then return nil, err end
  local state = open_state(pool, listener, opts)
  local ok, session
  ok, err = begin(state, pool, opts)
  if ok then session, err = wait(state, pool.host.monotime() + state.timeout, opts.cancel) end
  close(state)
  return session, err
end

return desk
