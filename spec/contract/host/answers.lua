--- The contract of a host: what a sound exchange looks like on both sides.
local tools = require "spec.contract.host.tools"

local BODY, equal, call, counts = tools.BODY, tools.equal, tools.call, tools.counts
local examples, example = tools.list()

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

return examples
