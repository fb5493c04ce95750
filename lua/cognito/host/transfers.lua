--- What the blocking host and the loop share: the crowd of libcurl transfers, its pools, the wording of failures.
-- @module cognito.host.transfers

local errors = require "cognito.errors"
local lazy = require "cognito.lazy"
local posix = require "cognito.posix"

local transfers = {}

-- The settings that a message of kind `config` begins with.
local OPTIONS = { ca_file = "ca_file", ca_path = "ca_path", proxy = "proxy" }

--- Bytes of an answer's body when the request names no limit.
transfers.MAX_BODY = 1024 * 1024

-- Connections of pools that were not used for longest are closed when more than this many are open.
local MAX_POOLS = 64

local Transfers = { __name = "cognito.host.transfers" }
Transfers.__index = Transfers

--- Makes a set of transfers. Descriptors are taken at the first request.
-- @treturn table
function transfers.new()
  lazy.keep_spare(posix.reserve)
  return setmetatable({ crowd = nil, entries = {}, by_key = {}, count = 0 }, Transfers)
end

--- A failure of `send`.
-- @tparam string kind
-- @tparam string message
-- @tparam[opt] boolean maybe whether the service may have processed the request
-- @tparam[opt] boolean retryable
-- @return nil and the error
function transfers.failure(kind, message, maybe, retryable)
  local field = kind == "config" and OPTIONS[message:match "^[%l_]+"] or nil
  return nil, errors.new(kind, message,
    { maybe_processed = maybe or false, retryable = retryable or false, field = field })
end

--- The failure of a task whose function raised. An error object is passed on as it is.
-- @param raised what was raised
-- @return nil and the error
function transfers.raised(raised)
  if errors.is(raised) then return nil, raised end
  return nil, errors.new("config", "a task failed: " .. tostring(raised), { code = "task", cause = raised })
end

-- `require` has every function of a library and of the thirty below libcurl found at once, most of which nobody calls:
-- that takes as long as a request. Mapped by us before, they are found one by one, as in a program in C.
local function load_http()
  if not package.loaded["cognito.http"] and not package.preload["cognito.http"] then
    for template in package.cpath:gmatch "[^;]*%?[^;]*" do
      if posix.map_library((template:gsub("%?", "cognito/http"))) then break end
    end
  end
  return require "cognito.http"
end

--- The crowd of this process, made when it is first asked for: libcurl with its thirty libraries is loaded then, and
-- a program whose tokens are still good never loads it.
-- @treturn userdata see csrc/lua/l_http.c
function Transfers:open()
  if not self.crowd then self.crowd = load_http().crowd() end
  return self.crowd
end

--- Ends all transfers and connections. In a forked child the parent's are left alone.
function Transfers:close()
  if self.crowd then self.crowd:close() end
  self.crowd, self.entries, self.by_key, self.count = nil, {}, {}, 0
end

--- As `close`, but the descriptor stays, for somebody who waits for it.
-- @tparam table running by id, those that run
function Transfers:clear(running)
  local crowd = self.crowd
  if not crowd or crowd:foreign() then return self:close() end
  for id in pairs(running) do crowd:drop(id) end
  for _, entry in pairs(self.by_key) do crowd:close_pool(entry.number) end
  self.entries, self.by_key, self.count = {}, {}, 0
end

local function key_of(request)
  local tls = request.tls or {}
  return table.concat({ request.pool or "", tls.ca_file or "", tls.ca_path or "", request.proxy or "" }, "\n")
end

function Transfers:close_oldest()
  local oldest, oldest_key
  for key, entry in pairs(self.by_key) do
    if not oldest or entry.used < oldest.used then oldest, oldest_key = entry, key end
  end
  if not self.crowd:close_pool(oldest.number) then return end
  self.by_key[oldest_key] = nil
  self.entries, self.count = {}, self.count - 1
end

function Transfers:new_entry(request)
  local tls = request.tls or {}
  local number, kind, message = self:open():pool(tls.ca_file, tls.ca_path, request.proxy)
  if not number then return nil, kind, message end
  self.count = self.count + 1
  return { number = number, tls = request.tls, proxy = request.proxy, used = 0 }
end

-- Two requests share connections only if their pool value, trust and proxy are the same.
function Transfers:find_entry(request)
  local key = key_of(request)
  local entry, kind, message = self.by_key[key], nil, nil
  if not entry and self.count >= MAX_POOLS then self:close_oldest() end
  if not entry then entry, kind, message = self:new_entry(request) end
  if not entry then return nil, kind, message end
  self.by_key[key] = entry
  local short = { number = entry.number, tls = request.tls, proxy = request.proxy, origin = entry }
  self.entries[request.pool or ""] = short
  return short
end

--- The number of the pool that a request belongs to.
-- @tparam table request
-- @treturn integer|nil the number; or nil, `config` or `forked`, and a message
function Transfers:pool_of(request)
  local entry = self.entries[request.pool or ""]
  if not entry or entry.tls ~= request.tls or entry.proxy ~= request.proxy then
    local found, kind, message = self:find_entry(request)
    if not found then return nil, kind, message end
    entry = found
  end
  entry.origin.used = request.deadline      -- near enough to the time
  return entry.number
end

return transfers
