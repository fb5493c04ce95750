--- One connection of the nginx host: opened or taken from a pool, TLS verified, one request and its answer.
-- Connections are pooled by nginx under a name that holds everything that decides whether sharing is right:
-- scheme, host, port, server name, verification and the caller's pool value.
-- @module cognito.ngx.connection

local ffi = require "ffi"
local errors = require "cognito.errors"
local answer = require "cognito.ngx.answer"

local connection = {}

--- Milliseconds a connection may lie idle. Short, because a connection that dies unnoticed costs a token-minting
-- call its certainty.
connection.IDLE = 30000
--- Idle connections kept per pool and worker.
connection.POOL_SIZE = 64

local RETRYABLE = { dns = true, connect = true, timeout = true, network = true }
local TLS12 = 0x0303

ffi.cdef "int cognito_session_version(const void *session) __asm__(\"SSL_SESSION_get_protocol_version\");"

local function failure(kind, message, fields)
  fields = fields or {}
  fields.retryable = RETRYABLE[kind] or false
  fields.maybe_processed = fields.maybe_processed or false
  return nil, errors.new(kind, message, fields)
end
connection.failure = failure

local CONNECT = {
  { "no resolver defined", "config", "add `resolver <address of a name server>;` to nginx.conf" },
  { "could not be resolved", "dns", "check the name and the `resolver` directive; /etc/hosts is not read" },
  { "timeout", "timeout" },
}

local TLS = {
  { "timeout", "timeout" },
  { "certificate chain too long", "tls", "raise lua_ssl_verify_depth (its default is 1)" },
  { "certificate host mismatch", "tls" },
  { "certificate has expired", "tls" },
  { "certificate", "tls", "name the CA bundle with lua_ssl_trusted_certificate, and set lua_ssl_verify_depth to 3" },
}

local function classify(rules, default, reason, prefix)
  for _, rule in ipairs(rules) do
    if reason:find(rule[1], 1, true) then
      return failure(rule[2], prefix .. reason, { hint = rule[3] })
    end
  end
  return failure(default, prefix .. reason)
end

local function pool_name(target)
  local verified = target.scheme == "https" and "verify" or "-"
  return table.concat({ "cognito", target.scheme, target.host, target.port, target.host, verified,
    target.pool or "" }, "|")
end

-- nginx has no way to set a floor for one cosocket, so the version that came out is checked.
local function new_enough(session)
  local ok, version = pcall(ffi.C.cognito_session_version, session)
  return not ok or version >= TLS12
end

-- lua-resty-core 0.1.25 asserts that a handshake which ends without waiting has gone well: a certificate that a fast
-- server sends in time is then refused by a raise instead of a reason.
local function shake(sock, name)
  local ran, session, reason = pcall(sock.sslhandshake, sock, nil, name, true)
  if ran then return session, reason end
  if not tostring(session):find("assertion failed", 1, true) then error(session, 0) end
  return nil, "the certificate was refused (the reason is lost in lua-resty-core)"
end

local function handshake(sock, target)
  local session, reason = shake(sock, target.host)
  if not session then return classify(TLS, "tls", tostring(reason), "TLS: ") end
  if type(session) == "cdata" and not new_enough(session) then
    return failure("tls", "the server offers nothing newer than TLS 1.1",
      { hint = "lua_ssl_protocols TLSv1.2 TLSv1.3;" })
  end
  return true
end

-- nginx reads no /etc/hosts; "localhost" is the loopback by definition (RFC 6761, 6.3).
local function address(name)
  if name == "localhost" then return "127.0.0.1" end
  return name:find(":", 1, true) and "[" .. name .. "]" or name
end

--- Connect, or take a connection from the pool.
-- @tparam table target `scheme`, `host`, `port`, `pool`
-- @tparam number milliseconds for each step; the caller's own deadline is the real bound
-- @treturn table `sock`, `reused`; or nil and an error of kind dns, connect, tls, timeout, config
function connection.open(target, milliseconds)
  local sock = ngx.socket.tcp()
  sock:settimeouts(milliseconds, milliseconds, milliseconds)
  local ok, reason = sock:connect(address(target.host), target.port,
    { pool = pool_name(target), pool_size = connection.POOL_SIZE })
  if not ok then return classify(CONNECT, "connect", tostring(reason), "") end
  local reused = (sock:getreusedtimes() or 0) > 0
  if target.scheme == "https" and not reused then
    local done, err = handshake(sock, target)
    if not done then
      sock:close()
      return nil, err
    end
  end
  return { sock = sock, reused = reused }
end

local function source(sock)
  return function()
    local data, reason = sock:receiveany(16384)
    return data, reason
  end
end

local REASONS = { closed = "the connection was closed", ["connection reset by peer"] = "the connection was reset" }

local function read_failure(kind, reason, reader)
  if kind == "network" and reason == "timeout" then kind = "timeout" end
  local _, err = failure(kind, REASONS[reason] or tostring(reason), { maybe_processed = true })
  if kind == "bad_response" and reader.garbled then err.retryable = true end
  return nil, err, not reader.touched
end

local function keep(sock, reusable)
  local kept = reusable and sock:setkeepalive(connection.IDLE, connection.POOL_SIZE)
  if not kept then sock:close() end
end

--- Sends one request and reads its answer. The connection is pooled again only when the answer was sound to its
-- last byte and nothing follows it; else it is closed.
-- @tparam table conn from `open`
-- @tparam string bytes the whole request
-- @tparam string method
-- @tparam integer max_body
-- @treturn table `status`, `headers`, `body`; or nil and an error
-- @treturn boolean with an error: true when the server had not said a byte
function connection.exchange(conn, bytes, method, max_body)
  local sock = conn.sock
  local reader = answer.reader(source(sock))
  local sent, reason = sock:send(bytes)
  if not sent then
    sock:close()
    return read_failure("network", reason, reader)
  end
  -- the second is of an answer whether its connection may carry another request, else the kind of the failure
  local response, second, message = answer.read(reader, method, max_body)
  if not response then
    sock:close()
    return read_failure(second, message, reader)
  end
  keep(sock, second)
  return response
end

return connection
