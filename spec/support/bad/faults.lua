--- What the bad server does, by path. A function is given the connection and the request, whose header alone has
-- been read; it returns true when the connection may carry another request.
local faults = {}

local JSON = '{"answer":"sound"}'
local OK = "HTTP/1.1 200 OK\r\n"
local MEGA = ("x"):rep(65536)

local function plain(name, ...)
  local pieces = { ... }
  faults[name] = function(c, r)
    c:body(r)
    for _, piece in ipairs(pieces) do
      if type(piece) == "number" then c:sleep(piece) else c:send(piece) end
    end
  end
end

function faults.ok(c, r)
  c:body(r)
  return c:answer("200 OK", JSON)
end

function faults.echo(c, r)
  c:body(r)
  local seen = {}
  for name, value in pairs(r.fields) do seen[#seen + 1] = ("X-Seen: %s=%s\r\n"):format(name, value) end
  table.sort(seen)
  local fields = ("X-Method: %s\r\nX-Connection: %d\r\n"):format(r.method, c.number) .. table.concat(seen)
  return c:answer("200 OK", r.body, fields)
end

function faults.status(c, r)
  c:body(r)
  return c:answer(r.args.code .. " Chosen", r.args.empty and "" or JSON)
end

function faults.redirect(c, r)
  c:body(r)
  return c:answer("302 Found", "", ("Location: http://%s/trap?tag=%s\r\n"):format(r.fields.host, r.args.tag))
end
faults.trap = faults.ok

function faults.delay(c, r)
  c:body(r)
  c:sleep(tonumber(r.args.ms) / 1000)
  return c:answer("200 OK", JSON)
end

-- ---- no answer ----

function faults.hang(c, r)
  c:body(r)
  c:linger()
end

-- Before the server has read the body, and after.
function faults.close_early(c) c:close() end
function faults.reset_early(c) c:reset() end
function faults.close(c, r) c:body(r) c:close() end
function faults.reset(c, r) c:body(r) c:reset() end

-- ---- half an answer ----

local function cut(name, ending, ...)
  local pieces = { ... }
  faults[name] = function(c, r)
    c:body(r)
    c:send((table.unpack or unpack)(pieces))
    c:sleep(0.05) -- a reset overtakes what was sent just before it
    c[ending](c)
  end
end

cut("reset_headers", "reset", OK .. "Content-Le")
cut("reset_body", "reset", OK .. "Content-Length: 1000\r\n\r\n{\"half")
cut("truncate", "close", OK .. "Content-Length: 1000\r\n\r\n{\"half")
cut("chunk_truncate", "close", OK .. "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"hal\r\n")
cut("truncate_close", "close", OK .. "\r\n{\"half")

-- ---- malformed framing ----

plain("longer", OK .. "Content-Length: 2\r\n\r\n{}" .. OK .. "Content-Length: 6\r\n\r\nSTOLEN")
plain("dup_length", OK .. "Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}")
plain("bad_length", OK .. "Content-Length: two\r\n\r\n{}")
plain("negative_length", OK .. "Content-Length: -2\r\n\r\n{}")
plain("two_lengths", OK .. "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
plain("chunk_garbage", OK .. "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n{}\r\n0\r\n\r\n")
plain("chunk_huge", OK .. "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n")
plain("not_http", "SSH-2.0-OpenSSH_9.2\r\n")
plain("http09", "{}")
plain("folded", OK .. "X-One: a\r\n b\r\nContent-Length: 2\r\n\r\n{}")

-- The answer is sound and ends; what follows comes when the client has long read it.
function faults.stray(c, r)
  c:body(r)
  c:answer("200 OK", JSON)
  c:sleep(0.1)
  c:send(OK .. "Content-Length: 6\r\n\r\nSTOLEN")
  c:linger()
end

-- ---- sound, but unusual ----

function faults.chunked(c, r)
  c:body(r)
  c:send(OK .. "Transfer-Encoding: chunked\r\n\r\n", "1;x=y\r\n{\r\n", "1\r\n}\r\n", "0\r\nTrailer: yes\r\n\r\n")
  return true
end

function faults.until_close(c, r) c:body(r) c:send(OK .. "\r\n", "{}") end

function faults.many_headers(c, r)
  c:body(r)
  return c:answer("200 OK", JSON, ("X-Filler: yes\r\n"):rep(tonumber(r.args.n)))
end

function faults.continue(c, r)
  c:body(r)
  c:send(("HTTP/1.1 100 Continue\r\n\r\n"):rep(tonumber(r.args.n)))
  return c:answer("200 OK", JSON)
end

function faults.wrong_type(c, r)
  c:body(r)
  return c:send(OK .. "Content-Type: text/html\r\nContent-Length: 2\r\n\r\n{}")
end

function faults.gzip(c, r)
  c:body(r)
  return c:answer("200 OK", "\31\139\8\0\0\0\0\0\0\3\171\174\5\0\67\191\166\163\2\0\0\0", "Content-Encoding: gzip\r\n")
end

-- ---- too much ----

function faults.huge(c, r)
  c:body(r)
  c:send(OK .. "Content-Length: 1073741824\r\n\r\n")
  while c:send(MEGA) do end
end

function faults.endless(c, r)
  c:body(r)
  c:send(OK .. "Transfer-Encoding: chunked\r\n\r\n")
  while c:send("10000\r\n", MEGA, "\r\n") do end
end

function faults.endless_close(c, r)
  c:body(r)
  c:send(OK .. "\r\n")
  while c:send(MEGA) do end
end

function faults.huge_header(c, r)
  c:body(r)
  c:send(OK .. "X-Filler: ", MEGA:rep(16), "\r\n\r\n")
end

function faults.endless_headers(c, r)
  c:body(r)
  c:send(OK)
  while c:send("X-Filler: yes\r\n") do end
end

-- ---- slow ----

local function trickle(name, before, text)
  faults[name] = function(c, r)
    c:body(r)
    c:send(before)
    for _ = 1, 600 do
      if not c:send(text) then return end
      c:sleep(0.05)
    end
  end
end

trickle("slow", OK .. "Content-Length: 100000\r\n\r\n", "x")
trickle("slow_headers", OK, "X: y\r\n")

-- ---- a kept connection that dies ----
-- These answer the first request on a connection soundly and play their part in the next one. The header alone of
-- that one, all of it, or nothing: the server is gone before it comes.

local function then_(name, play)
  faults[name] = function(c, r)
    c:body(r)
    c:answer("200 OK", JSON)
    return play(c)
  end
end

then_("stale_unread", function(c) if c:head() then c:reset() end end)
then_("stale_lost", function(c)
  local r = c:head()
  if r then c:body(r) c:reset() end
end)
then_("stale_closed", function(c)
  local r = c:head()
  if r then c:body(r) c:close() end
end)
then_("bye", function(c) c:close() end)

return faults
