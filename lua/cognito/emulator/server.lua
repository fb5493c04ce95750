--- Sockets and HTTP/1.1: accepts, reads requests by lua-http's connection, writes answers.
-- The answer goes to the socket in one write, so that the fault layer (fault_play.lua) can replace it byte by byte.
-- @module cognito.emulator.server

local cqueues = require "cqueues"
local errno = require "cqueues.errno"
local connection = require "http.h1_connection"
local socket = require "cqueues.socket"

local clock = require "cognito.emulator.clock"
local random = require "cognito.emulator.random"
local reasons = require "http.h1_reason_phrases"

local M = {}

local IDLE = 120
local SLOWEST_REQUEST = 30
local MAX_BODY = 4 * 1024 * 1024

local function read_headers(conn)
  local headers, list = {}, {}
  while true do
    local name, value = conn:read_header(SLOWEST_REQUEST)
    if not name then break end
    list[#list + 1] = { name, value }
    headers[name:lower()] = headers[name:lower()] and headers[name:lower()] .. ", " .. value or value
  end
  if not conn:read_headers_done(SLOWEST_REQUEST) then return nil end
  return headers, list
end

local function read_chunks(conn)
  local parts, size = {}, 0
  while true do
    local chunk = conn:read_body_chunk(SLOWEST_REQUEST)
    if chunk == nil then return nil end
    if chunk == false then break end
    size = size + #chunk
    if size > MAX_BODY then return nil end
    parts[#parts + 1] = chunk
  end
  if not read_headers(conn) then return nil end
  return table.concat(parts)
end

--- Reads a request's body; nil when the client broke off or sends too much.
-- @tparam table conn lua-http's connection
-- @tparam table headers
function M.read_body(conn, headers)
  if (headers.expect or ""):lower() == "100-continue" then
    conn.socket:xwrite("HTTP/1.1 100 Continue\r\n\r\n", "bn", SLOWEST_REQUEST)
  end
  if (headers["transfer-encoding"] or ""):lower() == "chunked" then return read_chunks(conn) end
  local length = tonumber(headers["content-length"] or 0)
  if not length or length > MAX_BODY then return nil end
  if length == 0 then return "" end
  local body = conn:read_body_by_length(length, SLOWEST_REQUEST)
  return body and #body == length and body or nil -- it gives what there is when the client breaks off
end

--- Reads the head of the next request.
-- @treturn table|nil request; nil at the end of the connection
function M.read_head(conn)
  local ready, _, why = conn.socket:fill(1, 0)
  if not ready and why ~= errno.ETIMEDOUT then return nil end
  if not ready and cqueues.poll(conn.socket, IDLE) == IDLE then return nil end
  local method, path, version = conn:read_request_line(IDLE)
  if not method then return nil end
  local headers, list = read_headers(conn)
  if not headers then return nil end
  local bare, query = path:match("^([^?]*)%??(.*)$")
  return { id = random.uuid(), method = method, target = path, path = bare, query = query, version = version,
    headers = headers, header_list = list, time = clock.now() }
end

--- The bytes of a response.
-- @tparam table response `status`, `headers` (list of pairs), `body`
-- @tparam boolean close whether the connection ends after it
function M.serialize(response, close)
  local out = { ("HTTP/1.1 %d %s"):format(response.status, reasons[tostring(response.status)] or "Unknown"),
    "Date: " .. clock.http_date() }
  for _, pair in ipairs(response.headers or {}) do out[#out + 1] = pair[1] .. ": " .. pair[2] end
  out[#out + 1] = "Content-Length: " .. #response.body
  out[#out + 1] = close and "Connection: close" or "Connection: keep-alive"
  return table.concat(out, "\r\n") .. "\r\n\r\n" .. response.body
end

local function wants_close(request)
  local token = (request.headers.connection or ""):lower()
  return token == "close" or (request.version == 1.0 and token ~= "keep-alive")
end

local function write(conn, request, response)
  local close = wants_close(request)
  local bytes = M.serialize(response, close)
  if request.method == "HEAD" then bytes = bytes:match("^.-\r\n\r\n") end
  return conn.socket:xwrite(bytes, "bn", SLOWEST_REQUEST) and not close
end

-- One request and its answer; false when the connection is over.
local function exchange(app, conn, link)
  local request = M.read_head(conn)
  if not request then return false end
  request.connection, request.tls = link.id, link.tls
  app.begin(request)
  request.body = M.read_body(conn, request.headers)
  if not request.body then return false end
  local response, fault = app.answer(request, link)
  if fault then return app.play(fault, conn, response) and not wants_close(request) end
  return write(conn, request, response)
end

local function close(link)
  if link.taken then return end
  if link.tls then link.socket:shutdown() end
  link.socket:close()
end

local function serve(app, link)
  link.socket:onerror(function(_, _, why) return why end)
  local ctx, stalled = app.handshake(link)
  if stalled then
    cqueues.poll({ pollfd = link.socket:pollfd(), events = "r" }, IDLE)
    while link.socket:xread(-4096, "bn", IDLE) do end
    return close(link)
  end
  if ctx and not link.socket:starttls(ctx, 10) then return close(link) end
  link.tls = ctx ~= nil
  local conn = connection.new(link.socket, "server", 1.1)
  conn.link = link
  conn:setmaxline(65536)
  while exchange(app, conn, link) do end
  close(link)
end

local function accept_all(cq, app, listener)
  local count = 0
  while true do
    local client = listener:accept({ nodelay = true }, 60)
    if client then
      count = count + 1
      local link = { socket = client, id = count }
      cq:wrap(function() serve(app, link) end)
    end
  end
end

--- Listens and serves in the given controller.
-- @tparam table cq cqueues controller
-- @tparam table app `handshake`, `begin`, `answer`, `play` (see router.lua)
-- @tparam string host
-- @tparam integer port 0 for any free one
-- @treturn integer port, or nil and a message
function M.listen(cq, app, host, port)
  local listener, why = socket.listen { host = host, port = port, reuseaddr = true }
  local ok
  if listener then
    listener:onerror(function(_, _, code) return code end)
    ok, why = listener:listen()
  end
  if not ok then return nil, ("cannot listen on %s:%d: %s"):format(host, port, errno.strerror(why) or why) end
  local _, _, bound = listener:localname()
  cq:wrap(function() accept_all(cq, app, listener) end)
  return bound
end

return M
