--- The host of a plain script: every call blocks until it is done or its deadline has passed.
-- @module cognito.host.blocking

local core = require "cognito.core"
local errors = require "cognito.errors"
local posix = require "cognito.posix"
local transfers = require "cognito.host.transfers"

local blocking = {}

local failure, MAX_BODY = transfers.failure, transfers.MAX_BODY
local monotime = posix.boottime

local function perform(set, request)
  local number, kind, message = set:pool_of(request)
  if not number then return nil, kind, message end
  local status, head, body, maybe, retryable = set.crowd:perform(number, request.method, request.url,
    request.headers, request.body, request.deadline, request.max_body or MAX_BODY, request.minting)
  if status then return { status = status, headers = head, body = body } end
  return nil, head, body, maybe, retryable
end

local function sender()
  local set = transfers.new()
  return function(request)
    if request.cancel and request.cancel.cancelled then return failure("cancelled", "the call was cancelled") end
    local response, kind, message, maybe, retryable = perform(set, request)
    if kind == "forked" then
      set:close()
      response, kind, message, maybe, retryable = perform(set, request)
    end
    if response then return response end
    return failure(kind, message, maybe, retryable)
  end
end

-- A task under way belongs to the coroutine that began it. Nobody can wait for it here, but a dead coroutine's is
-- free again.
local function is_taken(owner)
  return owner ~= nil and not (type(owner) == "thread" and coroutine.status(owner) == "dead")
end

local function finish(running, key, ok, ...)
  running[key] = nil
  if ok then return ... end
  return transfers.raised((...))
end

local function single_flight()
  local running = {}
  return function(key, fn, _, token)
    if token and token.cancelled then return failure("cancelled", "the call was cancelled") end
    if is_taken(running[key]) then
      return nil, errors.new("config", "this is already under way, and the blocking host cannot wait for it",
        { code = "reentered", hint = "use cognito.host.loop where coroutines call the library" })
    end
    running[key] = coroutine.running() or true
    return finish(running, key, pcall(fn))
  end
end

--- Makes the host. Its connections are its own.
-- @treturn table the six verbs, see docs/architecture.md
function blocking.new()
  return {
    name = "blocking", send = sender(), now = posix.now, monotime = monotime, random = core.random,
    sleep = posix.sleep, once = single_flight(),
  }
end

return blocking
