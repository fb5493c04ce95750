--- The contract of a host: every way in which an exchange can fail, and its name.
local tools = require "spec.contract.host.tools"

local BODY, equal, request, call, counts, fails, timed = tools.BODY, tools.equal, tools.request, tools.call,
  tools.counts, tools.fails, tools.timed
local examples, example, timed_example = tools.list()

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
    -- what began as an answer and was spoilt on the way is as good as lost
    equal(fault ~= "not_http" and fault ~= "http09" and fault ~= "gzip", err.retryable)
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

return examples
