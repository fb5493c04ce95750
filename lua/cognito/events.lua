--- What a program is told: its logger of every attempt, its handlers of what became of a session.
-- While something is locked or not stored yet, what there is to tell waits in `pool.events`: a handler may call the
-- library.
-- @module cognito.events

local events = {}

--- What a logger is told of one attempt: nothing of what was sent or received, for any of it may be a secret.
-- @tparam table event `operation`, `attempt`, `seconds`, `ok`; on failure also `kind`, `code`, `status`, `request_id`
-- @treturn string level: "debug", or "warn" for a failure
-- @treturn string message
-- @treturn table fields: the event
local function describe(event)
  local outcome = event.ok and "ok" or event.kind
  return event.ok and "debug" or "warn",
    ("%s: attempt %d: %s"):format(tostring(event.operation), event.attempt, outcome), event
end

local function event_of(client, spec, number, started, value, err)
  local event = { operation = spec.op and spec.op.name or spec.operation, attempt = number,
    seconds = client.host.monotime() - started, ok = value ~= nil }
  if not err then return event end
  event.kind, event.code, event.status, event.request_id = err.kind, err.code, err.status, err.request_id
  return event
end

--- Tells the logger of an attempt; where the call's context collects events, its caller does so later, once the tokens
-- are safe.
-- @tparam table client has a `logger`
-- @tparam table spec of the request
-- @tparam number number of the attempt, from 1
-- @tparam number started monotonic seconds
-- @param value what the attempt gave
-- @tparam[opt] table err
-- @tparam table ctx of the call, maybe with `events`
function events.attempt(client, spec, number, started, value, err, ctx)
  local event = event_of(client, spec, number, started, value, err)
  if ctx.events then ctx.events[#ctx.events + 1] = event else client.logger(describe(event)) end
end

--- Tells the handlers later, when nothing is locked and everything is stored.
-- @tparam table pool
-- @tparam string name of the handler: `on_refresh`, `on_signed_out`, `on_warning`, `logger`
-- @param a its first argument
-- @param b its second
-- @param c its third
function events.announce(pool, name, a, b, c)
  if pool[name] then pool.events[#pool.events + 1] = { name, a, b, c } end
end

--- Announces the attempts of a call to the logger.
-- @tparam table pool
-- @tparam table attempts as they were collected in `ctx.events`
function events.report(pool, attempts)
  for _, event in ipairs(attempts) do events.announce(pool, "logger", describe(event)) end
end

--- Calls the handlers for what was announced.
-- @tparam table pool
function events.flush(pool)
  while pool.events[1] do
    local event = table.remove(pool.events, 1)
    pool[event[1]](event[2], event[3], event[4])
  end
end

return events
