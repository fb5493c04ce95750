--- Runs inside nginx: the examples of spec/system/ngx_host_spec.lua. Each raises when it fails.
local host = require "cognito.ngx.host".new()

local cases = {}

local function base() return "http://127.0.0.1:" .. ngx.var.server_port end

local function request(path, more)
  local r = { method = "POST", url = base() .. path, body = "{}", deadline = host.monotime() + 5, pool = path }
  for name, value in pairs(more or {}) do r[name] = value end
  return r
end

local function eq(wanted, got, what)
  if wanted ~= got then
    error(("%s: wanted %s, got %s"):format(what or "value", tostring(wanted), tostring(got)), 2)
  end
end

local function fails(kind, path, more)
  local response, err = host.send(request(path, more))
  eq(nil, response, "response")
  eq(kind, err.kind, tostring(err))
  return err
end

local function took(limit, fn)
  local start = host.monotime()
  local first, second = fn()
  local spent = host.monotime() - start
  if spent > limit then error(("took %.3f s, limit %.3f s"):format(spent, limit), 2) end
  return first, second
end

function cases.posts_a_body_and_reads_the_answer()
  local response = assert(host.send(request("/echo", { body = "hello", headers = { "X-Test: yes" } })))
  eq(200, response.status)
  eq("hello", response.body)
  assert(response.headers:find("X-Fields: yes", 1, true), response.headers)
  assert(not response.headers:find "^HTTP")
end

function cases.keeps_a_connection_alive_per_pool_value()
  local function connection(pool)
    local response = assert(host.send(request("/echo", { pool = pool })))
    return response.headers:match "X%-Connection: (%d+)"
  end
  local first = connection "a"
  eq(first, connection "a", "the same pool")
  assert(first ~= connection "b", "another pool value must have its own connection")
end

function cases.reads_every_form_of_body()
  for _, name in ipairs { "length", "chunked", "until-close" } do
    eq("{}", assert(host.send(request("/raw/" .. name))).body, name)
  end
end

function cases.never_follows_a_redirect()
  ngx.shared.counts:delete "length"
  eq(302, assert(host.send(request("/raw/redirect"))).status)
  eq(nil, ngx.shared.counts:get "length")
end

function cases.names_each_failure()
  eq(true, fails("bad_response", "/raw/not-http").maybe_processed)
  eq(true, fails("network", "/raw/close").maybe_processed)
  fails("network", "/raw/truncate")
  fails("response_too_large", "/raw/huge-header")
  fails("response_too_large", "/raw/huge")
  fails("response_too_large", "/raw/length", { max_body = 1 })
end

function cases.refuses_to_connect_where_nobody_listens()
  local err = fails("connect", "/", { url = "http://127.0.0.1:1/" })
  eq(false, err.maybe_processed)
  eq(true, err.retryable)
end

function cases.names_the_resolver_directive()
  local err = fails("config", "/", { url = "https://cognito-idp.eu-west-1.amazonaws.com/" })
  assert(err.hint:find("resolver", 1, true), tostring(err))
end

function cases.refuses_http_beyond_loopback_and_odd_urls()
  for _, url in ipairs { "http://example.com/", "ftp://127.0.0.1/", "https://user@example.com/", "https:///x", "x",
    "http://127.0.0.1:80/a b", "http://127.0.0.1.evil.example/" } do
    fails("config", "/", { url = url })
  end
end

function cases.refuses_a_line_break_in_a_header()
  fails("config", "/echo", { headers = { "A: b\r\nC: d" } })
end

function cases.names_the_directive_for_a_ca_file()
  local err = fails("config", "/echo", { tls = { ca_file = "/etc/ssl/x.pem" } })
  assert(err.hint:find("lua_ssl_trusted_certificate", 1, true))
  eq("ca_file", err.field)
end

function cases.holds_the_deadline_when_nothing_comes()
  local err = took(0.4, function() return fails("timeout", "/raw/hang", { deadline = host.monotime() + 0.3 }) end)
  eq(true, err.maybe_processed)
end

function cases.holds_the_deadline_against_a_trickle()
  local err = took(0.4, function() return fails("timeout", "/raw/trickle", { deadline = host.monotime() + 0.3 }) end)
  eq(true, err.maybe_processed)
end

function cases.sends_nothing_after_the_deadline()
  ngx.shared.counts:delete "echo"
  local err = fails("timeout", "/echo", { deadline = host.monotime() - 1 })
  eq(false, err.maybe_processed)
  eq(nil, ngx.shared.counts:get "echo")
end

function cases.holds_the_deadline_against_a_resolver()
  local err = took(0.4, function()
    return fails("timeout", "/", { url = "https://slow.example:" .. ngx.var.server_port .. "/",
      deadline = host.monotime() + 0.3 })
  end)
  eq(false, err.maybe_processed)
end

function cases.can_be_cancelled()
  local token = { cancelled = false, listeners = {} }
  ngx.timer.at(0.1, function()
    token.cancelled = true
    for wake in pairs(token.listeners) do wake() end
  end)
  took(0.3, function() return fails("cancelled", "/raw/hang", { cancel = token }) end)
  eq(nil, next(token.listeners))
  fails("cancelled", "/echo", { cancel = token })
end

function cases.closes_a_connection_with_bytes_left_over()
  local response, err = host.send(request("/raw/longer", { pool = "longer" }))
  -- what follows may come too late to be seen with it
  if response then eq("{}", response.body) else eq("bad_response", err.kind) end
  eq("mine", assert(host.send(request("/echo", { pool = "longer", body = "mine" }))).body)
end

function cases.never_repeats_a_minting_request_on_a_dead_connection()
  local more = { pool = "stale", minting = true }
  eq("{}", assert(host.send(request("/raw/stale", more))).body)
  eq(true, fails("network", "/raw/stale", more).maybe_processed)
  eq(1, ngx.shared.counts:get "stale", "connections")
end

function cases.repeats_another_request_on_a_dead_connection()
  local more = { pool = "stale2" }
  eq("{}", assert(host.send(request("/raw/stale", more))).body)
  eq("{}", assert(host.send(request("/raw/stale", more))).body)
end

function cases.runs_twenty_calls_at_once()
  local threads = {}
  local start = host.monotime()
  for i = 1, 20 do
    threads[i] = ngx.thread.spawn(function()
      return assert(host.send(request("/delay", { body = tostring(i) }))).body
    end)
  end
  for i = 1, 20 do
    local ok, body = ngx.thread.wait(threads[i])
    eq(true, ok)
    eq(tostring(i), body)
  end
  assert(host.monotime() - start < 1.5)
end

function cases.runs_a_task_once_for_all_who_ask()
  local runs, threads = 0, {}
  for i = 1, 20 do
    threads[i] = ngx.thread.spawn(function()
      return host.once("key", function()
        runs = runs + 1
        host.sleep(0.05)
        return "a", "b"
      end, host.monotime() + 2)
    end)
  end
  for i = 1, 20 do
    local _, first, second = ngx.thread.wait(threads[i])
    eq("a", first)
    eq("b", second)
  end
  eq(1, runs)
end

function cases.wakes_the_waiters_of_a_task_that_throws()
  local result, err = host.once("throws", function() error("oh no") end, host.monotime() + 2)
  eq(nil, result)
  assert(tostring(err):find("oh no", 1, true))
  eq("again", (host.once("throws", function() return "again" end, host.monotime() + 2)))
end

function cases.lets_each_waiter_leave_at_its_own_deadline()
  local done = false
  local result, err = took(0.3, function()
    return host.once("slow", function()
      host.sleep(0.5)
      done = true
      return "late"
    end, host.monotime() + 0.1)
  end)
  eq(nil, result)
  eq("timeout", err.kind)
  eq("late", (host.once("slow", function() error("a second run") end, host.monotime() + 2)))
  eq(true, done)
end

function cases.lets_one_waiter_be_cancelled_and_the_others_wait_on()
  local token = require("cognito.cancel").new()
  local function slow()
    host.sleep(0.3)
    return "done"
  end
  local threads = {}
  for i = 1, 5 do
    threads[i] = ngx.thread.spawn(host.once, "shared", slow, host.monotime() + 2, i == 3 and token or nil)
  end
  host.sleep(0.05)
  token:cancel()
  for i = 1, 5 do
    local _, value, err = ngx.thread.wait(threads[i])
    eq(i == 3 and "cancelled" or "done", value or err.kind)
  end
end

function cases.runs_more_tasks_than_it_has_timers()
  local task = require "cognito.ngx.task"
  local threads = {}
  for i = 1, task.MAX_RUNNERS * 3 do
    threads[i] = ngx.thread.spawn(function()
      return host.once("many" .. i, function()
        host.sleep(0.01)
        return i
      end, host.monotime() + 5)
    end)
  end
  for i = 1, #threads do
    local _, value = ngx.thread.wait(threads[i])
    eq(i, value)
  end
  eq(0, task.stats().runners)
  eq(0, task.stats().queued)
end

local function tls(path)
  return request(path, { url = ("https://localhost:%s%s"):format(ngx.var.tls_port, path), pool = path })
end

function cases.verifies_a_certificate_of_the_trusted_ca()
  eq("secure", assert(host.send(tls "/echo-tls")).body)
  eq("secure", assert(host.send(tls "/echo-tls")).body)
end

local function tls_fails(text, hint)
  local response, err = host.send(tls "/echo-tls")
  eq(nil, response)
  eq("tls", err.kind, tostring(err))
  eq(false, err.retryable)
  eq(false, err.maybe_processed)
  assert(tostring(err):find(text, 1, true), tostring(err))
  if hint then assert(err.hint:find(hint, 1, true), tostring(err)) end
end

function cases.refuses_an_unknown_ca() tls_fails("certificate", "lua_ssl_trusted_certificate") end
function cases.refuses_another_host_name() tls_fails "host mismatch" end
function cases.refuses_an_expired_certificate() tls_fails "expired" end
function cases.refuses_tls_1_1() tls_fails("TLS 1.1", "lua_ssl_protocols") end

function cases.says_where_it_cannot_wait()
  eq("config", ngx.shared.counts:get "phase-kind")
  local said = ngx.shared.counts:get "phase-text"
  assert(said:find("log_by_lua*", 1, true) and said:find("access_by_lua*", 1, true), said)
end

function cases.has_clocks_and_random_bytes()
  local wall, mono = host.now(), host.monotime()
  assert(math.abs(wall - os.time()) < 2)
  host.sleep(0.05)
  local spent = host.monotime() - mono
  assert(spent >= 0.045 and spent < 0.2, spent)
  eq(32, #host.random(32))
  assert(host.random(32) ~= host.random(32))
end

return cases
