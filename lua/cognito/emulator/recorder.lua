--- The log of requests that tests read: what arrived, whole or not, and what was answered.
-- @module cognito.emulator.recorder

local wire = require "cognito.emulator.wire"

local M = {}

local KEPT = 5000

--- Notes a request whose head has arrived.
function M.begin(state, request)
  local entry = {
    id = request.id, time = request.time, connection = request.connection, tls = request.tls or false,
    method = request.method, path = request.path, query = request.query, headers = request.headers,
    operation = wire.operation_name(request), complete = false,
  }
  request.entry = entry
  local list = state.requests
  if #list >= KEPT then state.requests = table.move(list, KEPT // 2 + 1, #list, 1, {}); list = state.requests end
  list[#list + 1] = entry
end

local function count(state, name, what)
  local counters = state.counters[name] or {}
  counters[what] = (counters[what] or 0) + 1
  state.counters[name] = counters
end

--- Notes that the whole body has arrived.
function M.arrived(state, request)
  request.entry.complete = true
  request.entry.body = request.body
  count(state, request.entry.operation or request.path, "requests")
end

--- Notes the answer, or the fault that was played instead (`processed`: whether the request had its effect).
function M.answered(state, request, response, fault)
  local entry = request.entry
  entry.input, entry.status, entry.code = request.input, response.status, response.code
  if fault then
    entry.fault, entry.processed = fault.text, fault.process
    if not fault.process then entry.status, entry.code = 0, nil end
  end
  count(state, entry.operation or entry.path, fault and "fault " .. fault.text or entry.code or "ok")
end

return M
