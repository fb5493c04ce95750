--- One script to Redis and its answer, through whichever client the caller has. Two shapes of clients are known:
--
--   * lua-resty-redis: methods answer `nil, err` when the connection broke and `false, err` for an error reply;
--   * redis-lua: methods throw, "redis error: ..." for an error reply.
--
-- A call whose connection broke, or that met a server which is not (or no longer) the master, is made once more on a
-- new connection: a kept connection may have died long ago. The scripts are written so that this is safe.
-- @module cognito.storage.redis_link

local errors = require "cognito.errors"

local link = {}

local Link = { __name = "cognito.storage.redis_link" }
Link.__index = Link

local unpack = table.unpack or unpack

local CURES = {
  connect = { "no connection to Redis", "look whether it runs and whether connect has the right address" },
  timeout = { "Redis did not answer in time", "look for a slow command, or raise timeout" },
  broken = { "the connection to Redis broke", "look whether it was restarted; then do it again" },
  OOM = { "Redis is out of memory", "raise maxmemory of Redis; a session store must not evict" },
  READONLY = { "this Redis is a replica and takes no writes", "let connect find the master" },
  MISCONF = { "Redis cannot save to its disk and takes no writes", "make room on the disk of Redis" },
  NOAUTH = { "Redis wants a password", "authenticate in connect" },
  WRONGPASS = { "Redis does not take the password", "mend the password in connect" },
  NOPERM = { "the user has too few rights in Redis", "allow EVAL, EVALSHA and the keys under the prefix" },
  LOADING = { "Redis is still loading its data", "do it again in a moment" },
  MASTERDOWN = { "this Redis is a replica that has lost its master", "let connect find the master" },
  CLUSTERDOWN = { "the Redis cluster is down", "look at its nodes" },
  MOVED = { "the key is on another node of the Redis cluster", "give a client that knows clusters" },
  NOREPLICAS = { "Redis has too few replicas to take writes", "look at its replicas" },
  BUSY = { "Redis is busy with a script", "look for a slow script" },
  WRONGTYPE = { "a key under the prefix is not ours", "give another prefix" },
  refused = { "Redis refused the script", "Redis 4 or newer with EVAL is needed" },
}

-- Another connection may reach the new master.
local TRY_AGAIN = { connect = true, broken = true, timeout = true, READONLY = true, LOADING = true, MASTERDOWN = true }

--- @tparam function connect gives a client
-- @tparam[opt] function release takes it back
-- @tparam number timeout seconds for one answer
function link.new(connect, release, timeout)
  return setmetatable({ connect = connect, release = release, timeout = timeout, digests = {} }, Link)
end

local function throws(client)
  return type(client.network) == "table"
end

local function set_timeout(client, seconds)
  if throws(client) then
    local socket = client.network.socket
    socket:settimeout(seconds, "b")
    socket:settimeout(seconds, "t")
  elseif client.set_timeout then
    client:set_timeout(seconds * 1000)
  end
end

local function close(client, broken)
  if throws(client) then
    client.network.socket:close()
  elseif broken or not client.set_keepalive then
    client:close()
  else
    client:set_keepalive(60000, 32)
  end
end

-- A connection that cannot be given back is no reason to fail what was done over it.
local function give_back(self, client, broken)
  pcall(self.release or close, client, broken)
end

-- Words that Redis puts before or into its error replies. The text itself is not passed on: it can quote a command.
local function code_of(reply)
  for word in tostring(reply):gmatch("%u%u+") do
    if word == "NOSCRIPT" or CURES[word] then return word end
  end
  return "refused"
end

local function code_of_break(reason)
  return tostring(reason):find("timeout", 1, true) and "timeout" or "broken"
end

-- Returns the answer, or nil, code, broken.
local function call(client, method, ...)
  local ok, answer, reason = pcall(client[method], client, ...)
  if ok and answer then return answer end
  if ok and answer == false then return nil, code_of(reason), false end
  if ok then return nil, code_of_break(reason), true end
  local reply = tostring(answer):match("redis error: (.*)")
  if reply then return nil, code_of(reply), false end
  return nil, code_of_break(answer), true
end

-- The server knows scripts by their SHA-1, and computes it itself.
local function digest_of(self, client, script)
  local known = self.digests[script]
  if known then return known end
  local digest, code, broken = call(client, "eval", "return redis.sha1hex(ARGV[1])", 0, script)
  if type(digest) ~= "string" then return nil, code or "refused", broken end
  self.digests[script] = digest
  return digest
end

local function eval(self, client, script, count, ...)
  local digest, code, broken = digest_of(self, client, script)
  if not digest then return nil, code, broken end
  local answer
  answer, code, broken = call(client, "evalsha", digest, count, ...)
  if answer or code ~= "NOSCRIPT" then return answer, code, broken end
  return call(client, "eval", script, count, ...)
end

local function open(self)
  local ok, client, reason = pcall(self.connect)
  if not ok then return nil, client end
  if client then return client end
  return nil, reason
end

-- Returns the answer, or nil, code, cause.
local function attempt(self, script, count, ...)
  local client, cause = open(self)
  if not client then return nil, "connect", cause end
  set_timeout(client, self.timeout)
  local answer, code, broken = eval(self, client, script, count, ...)
  give_back(self, client, broken or TRY_AGAIN[code] or false)
  if type(answer) == "table" then return answer end
  return nil, code or "refused"
end

local function flatten(names, arguments)
  local flat = {}
  for _, value in ipairs(names) do flat[#flat + 1] = value end
  for _, value in ipairs(arguments) do flat[#flat + 1] = value end
  return flat
end

--- Runs a script.
-- @tparam string script which answers with a list
-- @tparam table names the KEYS
-- @tparam table arguments the ARGV
-- @treturn table|nil the list, or nil and an error of kind `store`
function Link:run(script, names, arguments)
  local flat = flatten(names, arguments)
  local answer, code, cause = attempt(self, script, #names, unpack(flat))
  if not answer and TRY_AGAIN[code] then answer, code, cause = attempt(self, script, #names, unpack(flat)) end
  if answer then return answer end
  local cure = CURES[code] or CURES.refused
  return nil, errors.new("store", cure[1],
    { code = code, hint = cure[2], cause = cause, retryable = TRY_AGAIN[code] or false })
end

return link
