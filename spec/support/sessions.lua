--- Sessions over a scripted network and clocks that stand still, for the specs of the refresh engine.
local cognito = require "cognito"
local errors = require "cognito.errors"
local fake_tokens = require "spec.support.fake_tokens"
local memory = require "cognito.storage.memory"
local records = require "cognito.records"
local script_host = require "spec.support.script_host"

local sessions = {}

--- A store as a file or Redis is one: sessions keep their own record, and calls can be made to fail.
-- @tparam[opt] table storage the one inside
-- @treturn table `inner`; `fail` (verb -> error or function that may give one); `calls`, the verbs in order
function sessions.durable(storage)
  local self = { name = "durable", shared = false, inner = storage or memory.new(), fail = {}, calls = {} }
  for _, verb in ipairs { "get", "put", "delete", "try_lock", "unlock", "list" } do
    self[verb] = function(_, ...)
      self.calls[#self.calls + 1] = verb
      local failure = self.fail[verb]
      if type(failure) == "function" then failure = failure(...) end
      if failure then return nil, failure end
      return self.inner[verb](self.inner, ...)
    end
  end
  return self
end

--- The storages over which every session must behave alike, as functions by name.
sessions.storages = { memory = memory.new, durable = sessions.durable }

function sessions.broken(message)
  return errors.new("store", message or "no space left on the device", { code = "ENOSPC", retryable = false })
end

--- A pool over a scripted host.
-- @tparam[opt] table options of `cognito.pool`
-- @treturn table the pool
-- @treturn table its host
-- @treturn table the events so far: name, then what the handler was given
function sessions.make(options)
  local host = script_host.new()
  local events = {}
  local o = { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc", host = host, flow = "USER_PASSWORD_AUTH",
    on_refresh = function(s) events[#events + 1] = { "refresh", s } end,
    on_signed_out = function(reason, s) events[#events + 1] = { "signed_out", reason, s } end,
    on_warning = function(err, s) events[#events + 1] = { "warning", err, s } end }
  for k, v in pairs(options or {}) do o[k] = v end
  return assert(cognito.pool(o)), host, events
end

--- Queues an answer with tokens.
function sessions.answer(host, o)
  return host:answer(200, { AuthenticationResult = fake_tokens.result(host, o) })
end

--- Signs alice in.
function sessions.sign_in(pool, host, o)
  o = o or {}
  o.refresh_token = o.refresh_token or "refresh-1"
  sessions.answer(host, o)
  return assert(pool:sign_in { username = "alice", password = "pw" }).session
end

--- Alice, signed in over a durable store of her own.
-- @treturn table her session
-- @treturn table the host, as `sessions.make` gives it
-- @treturn table the store, see `sessions.durable`
-- @treturn table the pool
-- @treturn table the events so far
function sessions.alice()
  local store = sessions.durable()
  local pool, host, events = sessions.make { storage = store }
  return sessions.sign_in(pool, host), host, store, pool, events
end

--- The names of events, in order.
function sessions.names(events)
  local out = {}
  for i, e in ipairs(events) do out[i] = e[1] end
  return table.concat(out, " ")
end

function sessions.key_of(pool) return records.session_key(pool, "alice") end

--- Changes her record as another writer does, one that has no lock of ours.
function sessions.overwrite(store, pool, changes)
  local key = sessions.key_of(pool)
  local record = assert(store.inner:get(key))
  local version = record.version
  for name, value in pairs(changes) do record[name] = value end
  assert(store.inner:put(key, record, version))
end

--- What the store itself holds, whatever it is told to fail at.
function sessions.stored(store, pool) return store.inner:get(sessions.key_of(pool)) end

--- The last request.
function sessions.last(host) return host.requests[#host.requests] end

return sessions
