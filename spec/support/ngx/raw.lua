--- Runs inside nginx: answers with bytes of one's choice, below nginx's own HTTP. One function per fault.
-- `ngx.req.socket(true)` gives the bare connection of the client.
local raw = {}

local OK = "HTTP/1.1 200 OK\r\n"
local counts = ngx.shared.counts

local function say(...)
  ngx.req.read_body()
  local sock = assert(ngx.req.socket(true))
  for _, piece in ipairs { ... } do
    if type(piece) == "number" then ngx.sleep(piece) else sock:send(piece) end
  end
  return sock
end

raw.faults = {
  ["length"] = function() say(OK, "Content-Length: 2\r\n\r\n", "{}") end,
  ["chunked"] = function() say(OK, "Transfer-Encoding: chunked\r\n\r\n", "1\r\n{\r\n", "1\r\n}\r\n0\r\n\r\n") end,
  ["until-close"] = function() say(OK, "\r\n", "{}") end,
  ["redirect"] = function() say("HTTP/1.1 302 Found\r\nLocation: /raw/length\r\nContent-Length: 0\r\n\r\n") end,
  ["not-http"] = function() say("SSH-2.0-nginx\r\n") end,
  ["close"] = function() say() end,
  ["truncate"] = function() say(OK, "Content-Length: 200\r\n\r\n{}") end,
  ["huge-header"] = function() say(OK, "X: ", ("x"):rep(1024 * 1024), "\r\n\r\n") end,
  ["huge"] = function()
    say(OK, "Transfer-Encoding: chunked\r\n\r\n", ("10000\r\n" .. ("x"):rep(65536) .. "\r\n"):rep(64))
  end,
  ["hang"] = function() say(30) end,
  ["trickle"] = function()
    local pieces = { OK, "Content-Length: 1000\r\n\r\n" }
    for _ = 1, 300 do
      pieces[#pieces + 1] = "x"
      pieces[#pieces + 1] = 0.02
    end
    say((table.unpack or unpack)(pieces))
  end,
  -- Answers, stays, and dies when the second request has come whole.
  ["stale"] = function()
    say(OK, "Content-Length: 2\r\n\r\n{}"):receiveuntil("\r\n\r\n")()
  end,
  ["longer"] = function() say(OK, "Content-Length: 2\r\n\r\n{}", OK, "Content-Length: 6\r\n\r\nSTOLEN", 0.3) end,
}

function raw.serve()
  local name = ngx.var.uri:match "^/raw/(.*)$"
  counts:incr(name, 1, 0)
  raw.faults[name]()
end

--- The same body for GET and POST, over nginx's own HTTP with keep-alive; counts how often it was asked.
function raw.echo()
  ngx.req.read_body()
  counts:incr("echo", 1, 0)
  local body = ngx.req.get_body_data() or ""
  ngx.header["X-Connection"] = ngx.var.connection
  ngx.header["X-Fields"] = (ngx.req.get_headers()["x-test"] or "-")
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

return raw
