--- Reads one HTTP/1.1 answer from a source of bytes, strictly and within limits (RFC 9112).
-- Pure: the source is a function `pull()` that returns some bytes, or nil and a reason ("closed" at the
-- end of the stream). An answer that more comes with than was asked for is malformed, and the connection must not be
-- used again: what is left would become the answer of the next caller.
-- Failures are `nil, kind, message` with kinds `network`, `bad_response`, `response_too_large`.
-- @module cognito.ngx.answer

local answer = {}

--- Most bytes in a header block or in the trailers of a chunked body.
answer.MAX_HEAD = 64 * 1024
--- Most fields in a header block.
answer.MAX_FIELDS = 256
--- Most interim (1xx) answers before the real one.
answer.MAX_INTERIM = 16
--- Longest line that names the size of a chunk, its extensions included.
answer.MAX_CHUNK_LINE = 1024

local BAD, LARGE, NETWORK = "bad_response", "response_too_large", "network"

local Reader = {}
Reader.__index = Reader

--- A reader over a source.
-- @tparam function pull returns bytes, or nil and a reason
-- @treturn Reader `reader.text` holds what was received and not yet used; `reader.touched` is true once a
--   byte has come; `reader.garbled` once what is malformed can only have been spoilt on the way
function answer.reader(pull)
  return setmetatable({ pull = pull, text = "", touched = false }, Reader)
end

function Reader:more()
  local data, reason = self.pull()
  if not data then return nil, NETWORK, reason end
  self.touched = true
  self.text = self.text .. data
  return true
end

-- Bytes up to and without `mark`, the mark consumed.
function Reader:upto(mark, limit, what)
  local from = 1
  while true do
    local first, last = self.text:find(mark, from, true)
    -- of the mark itself, all but the last byte may have come
    if (first and first - 1 or #self.text - #mark + 1) > limit then return nil, LARGE, what .. " is too long" end
    if first then
      local piece = self.text:sub(1, first - 1)
      self.text = self.text:sub(last + 1)
      return piece
    end
    from = math.max(1, #self.text - #mark + 2)
    local ok, kind, reason = self:more()
    if not ok then return nil, kind, reason end
  end
end

-- Exactly n bytes. Pieces are joined once, so a long body costs no quadratic copying.
function Reader:exactly(n)
  local parts, have = { self.text }, #self.text
  while have < n do
    local data, reason = self.pull()
    if not data then return nil, NETWORK, reason end
    parts[#parts + 1], have = data, have + #data
  end
  local all = table.concat(parts)
  self.text = all:sub(n + 1)
  return all:sub(1, n)
end

-- A bare CR or LF ends a line for some readers: what holds one means two things.
local CONTROL = "[%z\1-\8\10-\31\127]"

local function split_head(block)
  local line, fields = block:match "^([^\r\n]*)\r\n(.*)$"
  if not line then line, fields = block, "" end
  local version, status = line:match "^HTTP/1%.([01]) (%d%d%d)$"
  if not version then version, status = line:match "^HTTP/1%.([01]) (%d%d%d) " end
  if not version or status < "100" or line:find(CONTROL) then return nil, BAD, "the status line is not HTTP/1" end
  return { status = tonumber(status), version = version, block = fields }
end

local FIELD = "^([%w!#$%%&'*+%-.^_`|~]+):[ \t]*(.-)[ \t]*$"
local KEPT = { ["content-length"] = true, ["transfer-encoding"] = true, connection = true,
  ["content-encoding"] = true }

local function keep_field(head, name, value)
  local former = head[name]
  if name == "content-length" and former and former ~= value then
    return nil, BAD, "two lengths that differ"
  end
  head[name] = (name ~= "content-length" and former) and (former .. "," .. value) or value
  return true
end

local function field_of(line)
  local name, value = line:match(FIELD)
  if not name or value:find(CONTROL) then return nil end
  return name:lower(), value
end

local function read_fields(head)
  local count = 0
  for line in (head.block == "" and "" or head.block .. "\r\n"):gmatch "(.-)\r\n" do
    count = count + 1
    if count > answer.MAX_FIELDS then return nil, LARGE, "too many header fields" end
    local name, value = field_of(line)
    if not name then return nil, BAD, "a malformed header field" end
    if KEPT[name] then
      local ok, kind, reason = keep_field(head, name, value)
      if not ok then return nil, kind, reason end
    end
  end
  return head
end

local HTTP = "HTTP/"

local function looks_like_http(reader)
  while true do
    local start = reader.text:sub(1, #HTTP)
    if start ~= HTTP:sub(1, #start) then return nil, BAD, "the answer is not HTTP" end
    if #start == #HTTP then return true end
    local ok, kind, reason = reader:more()
    if not ok then return nil, kind, reason end
  end
end

-- Where the answer ends must be beyond doubt, also where it has no body (RFC 9112, 6.1 and 6.3).
local function check_framing(head)
  local coding, length = head["transfer-encoding"], head["content-length"]
  if length and not length:find "^%d+$" then return nil, BAD, "a malformed length" end
  if coding and (coding:lower() ~= "chunked" or length or head.version == "0") then
    return nil, BAD, "a transfer coding that cannot be trusted"
  end
  return head
end

local function one_head(reader)
  local head, block
  local ok, kind, reason = looks_like_http(reader)
  if ok then block, kind, reason = reader:upto("\r\n\r\n", answer.MAX_HEAD, "the header block") end
  if block then head, kind, reason = split_head(block) end
  if not head then return nil, kind, reason end
  reader.garbled = head.status >= 200 -- what is wrong from here on was spoilt on the way: as good as lost
  ok, kind, reason = read_fields(head)
  if not ok then return nil, kind, reason end
  return check_framing(head)
end

-- Whether the fields say that a body follows, where none may.
local function announces_body(head)
  return head["transfer-encoding"] ~= nil or (tonumber(head["content-length"]) or 0) > 0
end

local function read_head(reader)
  for _ = 0, answer.MAX_INTERIM do
    local head, kind, reason = one_head(reader)
    if not head then return nil, kind, reason end
    if head.status == 101 then return nil, BAD, "the server switched protocols unasked" end
    if head.status >= 200 then return head end
    if announces_body(head) then return nil, BAD, "an interim answer has a body" end
  end
  return nil, BAD, "too many interim answers"
end

-- The size, and how many bytes stood behind it. The number of hexadecimal digits is bounded so that the size stays
-- exact in a double.
local function chunk_size(reader)
  local line, kind, reason = reader:upto("\r\n", answer.MAX_CHUNK_LINE, "a chunk line")
  if not line then
    return nil, kind == LARGE and BAD or kind, reason
  end
  local digits, rest = line:match "^(%x+)[ \t]*(.*)$"
  if not digits or rest:find "^[^;]" or rest:find(CONTROL) then return nil, BAD, "a malformed chunk size" end
  if #digits > 12 then return nil, BAD, "an absurd chunk size" end
  return tonumber(digits, 16), #line - #digits
end

local function trailers(reader)
  local used = 0
  while true do
    local line, kind, reason = reader:upto("\r\n", answer.MAX_HEAD - used, "the trailers")
    if not line then return nil, kind, reason end
    if line == "" then return true end
    if not field_of(line) then return nil, BAD, "a malformed trailer" end
    used = used + #line + 2
  end
end

local function chunk(reader, size)
  local data, kind, reason = reader:exactly(size + 2)
  if not data then return nil, kind, reason end
  if data:sub(-2) ~= "\r\n" then return nil, BAD, "a chunk without its end" end
  return data:sub(1, -3)
end

-- The next chunk, "" after the last; `sum` counts what has come so far.
local function next_chunk(reader, sum, limit)
  local size, more, reason = chunk_size(reader)
  if not size then return nil, more, reason end
  sum.extensions = sum.extensions + more -- else a small body could drag any amount of them along
  if sum.extensions > answer.MAX_HEAD then return nil, LARGE, "the extensions of the chunks are too long" end
  sum.octets = sum.octets + size
  if sum.octets > limit then return nil, LARGE, "the body is too large" end
  if size == 0 then return "" end
  return chunk(reader, size)
end

local function chunked_body(reader, limit)
  local parts, sum = {}, { octets = 0, extensions = 0 }
  repeat
    local data, kind, reason = next_chunk(reader, sum, limit)
    if not data then return nil, kind, reason end
    parts[#parts + 1] = data
  until data == ""
  local ok, kind, reason = trailers(reader)
  if not ok then return nil, kind, reason end
  return table.concat(parts)
end

local function sized_body(reader, head, limit)
  local text = head["content-length"]:match "^0*(%d+)$"
  if #text > 15 or tonumber(text) > limit then return nil, LARGE, "the body is too large" end
  return reader:exactly(tonumber(text))
end

local function body_until_close(reader, head, limit)
  head.until_close = true
  local parts, total = { reader.text }, #reader.text
  reader.text = ""
  while total <= limit do
    local data, reason = reader.pull()
    if not data then
      if reason ~= "closed" then return nil, NETWORK, reason end
      return table.concat(parts)
    end
    parts[#parts + 1], total = data, total + #data
  end
  return nil, LARGE, "the body is too large"
end

local function read_body(reader, head, method, limit)
  local packed = head["content-encoding"]
  if packed and packed:lower() ~= "identity" then
    reader.garbled = false
    return nil, BAD, "a compressed body, which was not asked for"
  end
  if method == "HEAD" or head.status == 204 or head.status == 304 then
    head.cut = method ~= "HEAD" and announces_body(head) -- it may yet come, and is no answer to the next request
    return ""
  end
  if head["transfer-encoding"] then return chunked_body(reader, limit) end
  if head["content-length"] then return sized_body(reader, head, limit) end
  return body_until_close(reader, head, limit)
end

local function reusable(head)
  if head.version ~= "1" or head.until_close or head.cut then return false end
  return not ("," .. (head.connection or ""):lower():gsub("%s", "") .. ","):find(",close,", 1, true)
end

--- Reads one answer.
-- @tparam Reader reader
-- @tparam string method of the request
-- @tparam integer max_body bytes
-- @treturn table `status`, `headers` (raw fields, CRLF between them), `body`; or nil, kind, message
-- @treturn boolean whether the connection may carry another request
function answer.read(reader, method, max_body)
  local body
  local head, kind, reason = read_head(reader)
  if head then body, kind, reason = read_body(reader, head, method, max_body) end
  if not body then return nil, kind, reason end
  if reader.text ~= "" then return nil, BAD, "more follows the answer than was asked for" end
  return { status = head.status, headers = head.block, body = body }, reusable(head)
end

return answer
