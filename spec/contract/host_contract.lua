--- What every host owes its callers: the same examples for the blocking host, the loop and nginx.
--
-- `contract.examples` is a list of `{ name =, needs =, run = }`. A harness calls `run(t)` in a place where the host
-- may be called, with
--   t.host      the six verbs
--   t.server    a bad server (spec/support/badserver.lua): `url(fault, tag, port)`, `control(tag)`
--   t.tls       what goes into `request.tls` so that the bad server's CA is trusted (nil in nginx: a directive)
--   t.parallel  nil where the host cannot; else runs a list of functions at the same time and returns when all are
--               done; an error in one of them is raised
-- An example that needs `parallel` is left out where there is none. An example raises when the host breaks its word.
-- Those with `timed` hold the host to the clock: on a busy machine a harness may run one again, with another number in
-- `t.attempt`, so that the server counts anew.
local contract = { examples = {} }

local LATE = 0.1      -- seconds by which a call may miss its deadline
local BODY = '{"RefreshToken":"not a secret"}'

local function example(name, run, needs)
  local new = { name = name, run = run, needs = needs, timed = false }
  contract.examples[#contract.examples + 1] = new
  return new
end

local function timed_example(...)
  example(...).timed = true
end

local function equal(wanted, got, what)
  if wanted == got then return end
  error(("%s: wanted %s, got %s"):format(what or "value", tostring(wanted), tostring(got)), 2)
end

local function request(t, url, more)
  local r = { method = "POST", url = url, headers = { "Content-Type: application/x-amz-json-1.1" }, body = BODY,
    deadline = t.host.monotime() + 5, minting = true, tls = t.tls, pool = url:match("tag=(.*)$") }
  for name, value in pairs(more or {}) do r[name] = value end
  if r.method == "GET" then r.body = nil end
  return r
end

-- The name of a fault without its arguments serves as the tag unless another is given.
local function call(t, fault, more, tag, port)
  tag = (tag or fault:match("^[%w_]+")) .. (t.attempt or "")
  return t.host.send(request(t, t.server:url(fault, tag, port), more))
end

local function counts(t, tag)
  local url = t.server:control(tag .. (t.attempt or ""))
  local response = assert(t.host.send { method = "GET", url = url, headers = {}, pool = "control",
    deadline = t.host.monotime() + 5 })
  local seen = {}
  for name, value in response.body:gmatch("(%w+)=(%d+)") do seen[name] = tonumber(value) end
  return seen
end

local function fails(kind, maybe, response, err)
  equal(nil, response and response.status, "response")
  equal(kind, err.kind, tostring(err) .. ": kind")
  equal(maybe, err.maybe_processed, tostring(err) .. ": maybe_processed")
  return err
end

local function timed(t, seconds, fn)
  local start = t.host.monotime()
  local first, second = fn()
  local took = t.host.monotime() - start
  if took > seconds + LATE then error(("took %.3f s, allowed %.3f s"):format(took, seconds + LATE), 2) end
  return first, second, took
end

-- ---- success ----

example("brings a body there and an answer back", function(t)
  local response = assert(call(t, "echo"))
  equal(200, response.status)
  equal(BODY, response.body)
  local head = response.headers
  assert(not head:find("^HTTP/"), "the status line is no header")
  assert(not head:find("\r\n$") and not head:find("\n\n"), "CRLF stands between fields only")
  assert(("\r\n" .. head .. "\r\n"):find("\r\nX-Seen: content-type=application/x-amz-json-1.1\r\n", 1, true), head)
  assert(head:find("X-Method: POST", 1, true), head)
end)

example("sends bytes of any value and length", function(t)
  local bytes = {}
  for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
  local body = table.concat(bytes):rep(800)
  equal(body, assert(call(t, "echo", { body = body })).body)
  equal("", assert(call(t, "echo", { body = "" })).body)
end)

example("gets without a body", function(t)
  local response = assert(call(t, "echo", { method = "GET", minting = false }, "get"))
  equal(200, response.status)
end)

example("sends the fields that it is given, and each once", function(t)
  local fields = { "X-One: 1", "Content-Type: text/x", "amz-sdk-request: attempt=1; max=3", "User-Agent: me/1.0",
    "X-Two: 2", "Accept: application/json", "Cache-Control: no-store", "Authorization: Bearer abc", "X-Three: 3" }
  for round = 1, 3 do
    fields[9] = "X-Three: " .. round
    if round == 3 then table.remove(fields, 5) end
    local head = assert(call(t, "echo", { headers = fields }, "fields")).headers
    for _, field in ipairs(fields) do
      local name, value = field:match("^(.-): (.*)$")
      local seen = ("X-Seen: %s=%s"):format(name:lower(), value)
      local _, times = head:gsub(seen:gsub("%p", "%%%0"), "")
      equal(1, times, seen)
    end
    equal(round < 3, head:find("x-two", 1, true) ~= nil, "a field of the request before")
  end
end)

example("sends no field that was not asked for and that says something", function(t)
  local head = assert(call(t, "echo")).headers:lower()
  for _, name in ipairs { "expect", "cookie", "accept-encoding", "authorization", "referer", "te" } do
    assert(not head:find("x-seen: " .. name .. "=", 1, true), "sent " .. name)
  end
end)

example("keeps a connection", function(t)
  for _ = 1, 3 do assert(call(t, "ok", nil, "kept")) end
  equal(1, counts(t, "kept").connections)
end)

example("shares no connection between pools", function(t)
  for _ = 1, 2 do
    assert(call(t, "ok", { pool = "one" }, "pools"))
    assert(call(t, "ok", { pool = "two" }, "pools"))
  end
  equal(2, counts(t, "pools").connections)
end)

example("reads every form of a sound answer", function(t)
  equal("{}", assert(call(t, "chunked")).body)
  equal("{}", assert(call(t, "until_close")).body)
  equal("{}", assert(call(t, "wrong_type")).body)
  equal(200, assert(call(t, "many_headers?n=100")).status)
  local response = assert(call(t, "continue?n=10"))
  equal(200, response.status)
  assert(not response.headers:find("100 Continue", 1, true), response.headers)
end)

example("hands on every status", function(t)
  for _, code in ipairs { 200, 400, 401, 404, 429, 500, 503 } do
    equal(code, assert(call(t, "status?code=" .. code)).status)
  end
end)

example("follows no redirect", function(t)
  equal(302, assert(call(t, "redirect")).status)
  equal(0, counts(t, "redirect").whole - 1, "requests at the target")
end)

-- ---- failures ----

example("names a host that does not exist", function(t)
  local err = fails("dns", false, t.host.send(request(t, "https://nowhere.invalid/?tag=dns")))
  equal(true, err.retryable)
end)

example("names a refused connection", function(t)
  local err = fails("connect", false, t.host.send(request(t, "http://127.0.0.1:1/?tag=refused")))
  equal(true, err.retryable)
end)

example("refuses http to another machine", function(t)
  local err = fails("config", false, t.host.send(request(t, "http://192.0.2.1/?tag=plain")))
  equal(false, err.retryable)
end)

example("refuses other schemes, credentials in a URL and nonsense", function(t)
  for _, url in ipairs { "ftp://localhost/", "file:///etc/passwd", "https://a:b@localhost/", "https://", "nonsense" } do
    fails("config", false, t.host.send(request(t, url .. "?tag=scheme")))
  end
end)

example("refuses a header field with a line break in it", function(t)
  fails("config", false, call(t, "ok", { headers = { "X-Bad: a\r\nX-Smuggled: b" } }, "field"))
  equal(0, counts(t, "field").heads)
end)

timed_example("times out where nothing accepts the connection", function(t)
  local err = timed(t, 0.3, function()
    return fails("timeout", false, call(t, "ok", { deadline = t.host.monotime() + 0.3 }, "void", "blackhole"))
  end)
  equal(true, err.retryable)
end)

for _, fault in ipairs { "hang", "slow", "slow_headers" } do
  timed_example("times out at its deadline: " .. fault, function(t)
    local err = timed(t, 0.3, function()
      return fails("timeout", true, call(t, fault, { deadline = t.host.monotime() + 0.3 }))
    end)
    equal(true, err.retryable)
  end)
end

example("sends nothing after its deadline", function(t)
  fails("timeout", false, call(t, "ok", { deadline = t.host.monotime() - 1 }, "late"))
  equal(0, counts(t, "late").heads)
end)

for _, fault in ipairs { "close_early", "reset_early", "close", "reset", "reset_headers", "reset_body", "truncate",
  "chunk_truncate" } do
  example("names a broken connection: " .. fault, function(t)
    local err = fails("network", true, call(t, fault))
    equal(true, err.retryable)
    equal(1, counts(t, fault).heads, "requests")
  end)
end

for _, fault in ipairs { "dup_length", "bad_length", "negative_length", "two_lengths", "chunk_garbage", "chunk_huge",
  "not_http", "http09", "gzip" } do
  example("refuses a malformed answer: " .. fault, function(t)
    local err = fails("bad_response", true, call(t, fault))
    equal(false, err.retryable)
    assert(call(t, "ok", nil, fault))
    if fault ~= "gzip" then equal(2, counts(t, fault).connections, "connections: the first must not be used again") end
  end)
end

for _, fault in ipairs { "huge", "endless", "endless_close", "huge_header", "endless_headers",
  "many_headers?n=10000" } do
  example("stops at the limit: " .. fault, function(t)
    local err = fails("response_too_large", true, call(t, fault))
    equal(false, err.retryable)
  end)
end

example("takes the limit of the body from the request", function(t)
  local body = ("x"):rep(1000)
  equal(body, assert(call(t, "echo", { body = body, max_body = 1000 })).body)
  fails("response_too_large", true, call(t, "echo", { body = body, max_body = 999 }))
end)

-- ---- TLS ----

example("speaks TLS to a server it can verify", function(t)
  equal(BODY, assert(call(t, "echo", nil, "secure", "tls")).body)
  equal(BODY, assert(call(t, "echo", nil, "secure", "tls")).body)
  equal(1, counts(t, "secure").connections)
end)

for _, port in ipairs { "wrong_host", "expired", "self_signed", "unknown_ca", "tls11" } do
  example("refuses a TLS server: " .. port, function(t)
    local err = fails("tls", false, call(t, "ok", nil, port, port))
    equal(false, err.retryable)
    equal(0, counts(t, port).heads)
  end)
end

timed_example("times out in a handshake that stalls", function(t)
  timed(t, 0.3, function()
    return fails("timeout", false, call(t, "ok", { deadline = t.host.monotime() + 0.3 }, "stall", "stall"))
  end)
end)

for _, fault in ipairs { "close", "reset", "truncate", "chunk_truncate" } do
  example("names a broken TLS connection: " .. fault, function(t)
    fails("network", true, call(t, fault, nil, "tls_" .. fault, "tls"))
  end)
end

-- ---- kept connections that turn bad ----

for _, port in ipairs { "plain", "tls" } do
  for _, fault in ipairs { "stale_lost", "stale_closed" } do
    example(("posts once when a kept connection dies: %s, %s"):format(fault, port), function(t)
      local tag = fault .. port
      assert(call(t, fault, nil, tag, port))
      fails("network", true, call(t, "ok", nil, tag, port))
      equal(2, counts(t, tag).whole, "whole requests, the first included")
    end)
  end

  example("may repeat what mints nothing: " .. port, function(t)
    local tag = "repeat" .. port
    assert(call(t, "stale_lost", nil, tag, port))
    equal(200, assert(call(t, "ok", { minting = false }, tag, port)).status)
  end)

  example("notices that a kept connection has ended: " .. port, function(t)
    local tag = "bye" .. port
    for _ = 1, 3 do
      assert(call(t, "bye", nil, tag, port))
      t.host.sleep(0.05)
    end
    equal(3, counts(t, tag).whole)
  end)

  example("gives nobody an answer that nobody asked for: " .. port, function(t)
    local tag = "stray" .. port
    assert(call(t, "stray", nil, tag, port))
    t.host.sleep(0.3)
    equal('{"answer":"sound"}', assert(call(t, "ok", nil, tag, port)).body)
    call(t, "longer", nil, tag, port)
    equal('{"answer":"sound"}', assert(call(t, "ok", nil, tag, port)).body)
  end)
end

-- ---- cancelling ----

local function new_token() return require("cognito.cancel").new() end

example("sends nothing that is already cancelled", function(t)
  local token = new_token()
  token:cancel()
  local err = fails("cancelled", false, call(t, "ok", { cancel = token }, "cancelled"))
  equal(false, err.retryable)
  equal(0, counts(t, "cancelled").heads)
end)

timed_example("ends a call that is cancelled on the way", function(t)
  local token = new_token()
  timed(t, 0.1, function()
    t.parallel {
      function() fails("cancelled", true, call(t, "hang", { cancel = token }, "cancel")) end,
      function() t.host.sleep(0.1) token:cancel() end,
    }
  end)
  equal(nil, next(token.listeners), "listeners left behind")
end, "parallel")

-- ---- clocks and chance ----

timed_example("has clocks in float seconds", function(t)
  assert(math.abs(t.host.now() - os.time()) < 2)
  local before = t.host.monotime()
  t.host.sleep(0.05)
  local took = t.host.monotime() - before
  assert(took >= 0.049 and took < 0.05 + LATE, "slept " .. took)
end)

example("draws random bytes", function(t)
  equal(32, #t.host.random(32))
  assert(t.host.random(16) ~= t.host.random(16))
end)

-- ---- at the same time ----

local function repeated(n, make)
  local list = {}
  for i = 1, n do list[i] = make(i) end
  return list
end

timed_example("carries 20 calls at a time", function(t)
  timed(t, 1.5, function()
    t.parallel(repeated(20, function(i)
      return function()
        assert(call(t, "delay?ms=300", { pool = "crowd" }, "crowd"))
        equal("body " .. i, assert(call(t, "echo", { body = "body " .. i, pool = "crowd" }, "crowd")).body)
      end
    end))
  end)
  equal(40, counts(t, "crowd").whole)
end, "parallel")

timed_example("lets no slow server hold up another call", function(t)
  local slowest = 0
  t.parallel {
    function() fails("timeout", true, call(t, "hang", { deadline = t.host.monotime() + 1, pool = "hold" }, "hold")) end,
    function()
      for _ = 1, 20 do
        local _, _, took = timed(t, 0.2, function() return assert(call(t, "ok", { pool = "hold" }, "hold")) end)
        slowest = math.max(slowest, took)
      end
    end,
  }
  assert(slowest < 0.2, "an unrelated call took " .. slowest)
end, "parallel")

-- ---- once ----

example("once: runs a task and hands on its two results", function(t)
  local a, b = t.host.once("contract:a", function() return "x", "y" end, t.host.monotime() + 5)
  equal("x", a)
  equal("y", b)
  local value, err = t.host.once("contract:a", function() return nil, "why" end, t.host.monotime() + 5)
  equal(nil, value)
  equal("why", err)
end)

example("once: an error raised in the task comes back as nil, err, and the key is free again", function(t)
  local value, err = t.host.once("contract:b", function() error("broken") end, t.host.monotime() + 5)
  equal(nil, value)
  equal("task", err.code)
  equal("well", (t.host.once("contract:b", function() return "well" end, t.host.monotime() + 5)))
end)

example("once: callers of one key share one run", function(t)
  local runs, values = 0, {}
  t.parallel(repeated(20, function(i)
    return function()
      values[i] = t.host.once("contract:c", function()
        runs = runs + 1
        t.host.sleep(0.05)
        return "run " .. runs
      end, t.host.monotime() + 5)
    end
  end))
  equal(1, runs)
  for i = 1, 20 do equal("run 1", values[i]) end
end, "parallel")

example("once: an error wakes every waiter", function(t)
  t.parallel(repeated(5, function()
    return function()
      local value, err = t.host.once("contract:d", function() t.host.sleep(0.05) error("broken") end,
        t.host.monotime() + 5)
      equal(nil, value)
      equal("task", err.code)
    end
  end))
end, "parallel")

timed_example("once: each caller has its own deadline, and the task goes on without it", function(t)
  local ended
  local function task() t.host.sleep(0.3) ended = true return "late" end
  t.parallel {
    function()
      timed(t, 0.1, function()
        local value, err = t.host.once("contract:e", task, t.host.monotime() + 0.1)
        equal(nil, value)
        equal("timeout", err.kind)
      end)
    end,
    function() equal("late", (t.host.once("contract:e", task, t.host.monotime() + 5))) end,
  }
  equal(true, ended)
end, "parallel")

example("once: a caller that cannot wait begins the task all the same", function(t)
  local ended, limit = false, t.host.monotime() + 5
  t.host.once("contract:i", function() t.host.sleep(0.02) ended = true return true end, t.host.monotime() - 1)
  while not ended and t.host.monotime() < limit do t.host.sleep(0.01) end
  equal(true, ended)
end)

timed_example("once: a caller that cancels leaves alone, and the task goes on", function(t)
  local token, ended = new_token(), false
  local function task() t.host.sleep(0.2) ended = true return "whole" end
  t.parallel {
    function()
      local value, err = timed(t, 0.1, function()
        return t.host.once("contract:g", task, t.host.monotime() + 5, token)
      end)
      equal(nil, value)
      equal("cancelled", err.kind)
    end,
    function() equal("whole", (t.host.once("contract:g", task, t.host.monotime() + 5))) end,
    function() t.host.sleep(0.05) token:cancel() end,
  }
  equal(true, ended)
  equal(nil, next(token.listeners), "listeners left behind")
end, "parallel")

example("once: a caller that is cancelled already begins nothing", function(t)
  local token, begun = new_token(), false
  token:cancel()
  local value, err = t.host.once("contract:h", function() begun = true return true end, t.host.monotime() + 5, token)
  equal(nil, value)
  equal("cancelled", err.kind)
  equal(false, begun)
end)

timed_example("once: tasks of different keys do not wait for each other", function(t)
  timed(t, 0.2, function()
    t.parallel(repeated(5, function(i)
      return function()
        t.host.once("contract:f" .. i, function() t.host.sleep(0.2) return true end, t.host.monotime() + 5)
      end
    end))
  end)
end, "parallel")

return contract
