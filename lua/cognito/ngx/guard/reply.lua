--- What the guard answers when it does not let a request pass.
-- @module cognito.ngx.guard.reply

local reply = {}

local function headers(more)
  ngx.header["Cache-Control"] = "no-store"
  ngx.header["Referrer-Policy"] = "no-referrer"
  for name, value in pairs(more or {}) do ngx.header[name] = value end
end

--- Adds a Set-Cookie header to those that are there.
-- @tparam string value
function reply.cookie(value)
  local present = ngx.header["Set-Cookie"]
  if type(present) == "table" then present[#present + 1] = value end
  ngx.header["Set-Cookie"] = type(present) == "table" and present or present and { present, value } or value
end

--- Ends a program's request with 200 and an empty JSON object: what it asked for is done.
function reply.done()
  headers()
  ngx.header["Content-Type"] = "application/json"
  ngx.print "{}\n"
  return ngx.exit(200)
end

--- Ends the request with a status and a body of JSON that names an error.
-- @tparam integer status
-- @tparam string code one word, safe to print
-- @tparam[opt] table more header fields
function reply.json(status, code, more)
  ngx.status = status
  headers(more)
  ngx.header["Content-Type"] = "application/json"
  ngx.print('{"error":"', code, '"}\n')
  return ngx.exit(status)
end

local PAGE = [[<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>%s</title>
<style>:root{color-scheme:light dark}body{font:16px/1.55 system-ui,sans-serif;margin:0;padding:14vh 1rem}
main{max-width:27rem;margin:auto;padding:1.75rem 2rem;border:1px solid #8885;border-radius:14px}
h1{font-size:1.4rem;margin:0 0 .75rem}p{margin:0}</style><main><h1>%s</h1><p>%s</p></main>
]]

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- Text as HTML.
-- @tparam string text
-- @treturn string
function reply.escape(text) return (tostring(text):gsub("[&<>\"']", ESCAPES)) end

--- Ends the request with a small page.
-- @tparam integer status
-- @tparam string title
-- @tparam string html of one paragraph; what comes from outside must be escaped
-- @tparam[opt] table more header fields
function reply.page(status, title, html, more)
  ngx.status = status
  headers(more)
  ngx.header["Content-Type"] = "text/html; charset=utf-8"
  ngx.header["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
  ngx.print(PAGE:format(title, title, html))
  return ngx.exit(status)
end

--- Sends the browser elsewhere.
-- @tparam string url checked by the caller
-- @tparam[opt=303] integer status
function reply.redirect(url, status)
  headers()
  return ngx.redirect(url, status or 303)
end

local function write(_, level, text) ngx.log(level, text) end

--- Writes a line to the error log. nginx adds the request line to what a handler writes, and with it the query, where a
-- callback has its code; so such a line comes from a timer, which has no request.
-- @tparam integer level such as `ngx.ERR`
-- @tparam string text without secrets
function reply.log(level, text)
  if not ngx.var.args then return ngx.log(level, text) end
  local where = (", client: %s, uri: %s"):format(ngx.var.remote_addr, ngx.var.uri:gsub("%c", "?"))
  ngx.timer.at(0, write, level, text .. where)
end

--- The service or the storage cannot be asked now. The error goes to the log: its text never holds a secret.
-- @tparam table err
-- @tparam boolean api
function reply.unavailable(err, api)
  local cause = err.cause and "; because of " .. tostring(err.cause) or ""
  reply.log(ngx.ERR, "cognito guard: " .. tostring(err) .. cause)
  local more = { ["Retry-After"] = math.ceil(err.retry_after or 2) }
  if api then return reply.json(503, "unavailable", more) end
  return reply.page(503, "Please try again", "Signing in is not possible at the moment. Reload this page in a "
    .. "few seconds.", more)
end

return reply
