--- Which part of the server answers which request, and where the fault layer looks in.
-- @module cognito.emulator.router

local clock = require "cognito.emulator.clock"
local control = require "cognito.emulator.control"
local discovery = require "cognito.emulator.discovery"
local fault_play = require "cognito.emulator.fault_play"
local faults = require "cognito.emulator.faults"
local recorder = require "cognito.emulator.recorder"
local routes = require "cognito.emulator.oauth.routes"
local server = require "cognito.emulator.server"
local wire = require "cognito.emulator.wire"

local M = {}

local function is_control(request) return request.path:find("^/_emulator/") ~= nil end

-- Web applications call the service from their own origin.
local CORS = { { "Access-Control-Allow-Origin", "*" }, { "Access-Control-Expose-Headers",
  "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date" } }

local function preflight(request)
  return { status = 200, body = "", headers = { { "Access-Control-Allow-Origin", "*" },
    { "Access-Control-Allow-Methods", "POST, GET" }, { "Access-Control-Max-Age", "172800" },
    { "Access-Control-Allow-Headers", request.headers["access-control-request-headers"] or "*" } } }
end

local function api(state, request)
  local response = wire.answer(state, request)
  response.headers = response.headers or {}
  if request.headers.origin then table.move(CORS, 1, #CORS, #response.headers + 1, response.headers) end
  return response
end

local function dispatch(state, request)
  if request.method == "OPTIONS" then return preflight(request) end
  if request.method == "POST" and request.path == "/" then return api(state, request) end
  local route = routes[request.method .. " " .. request.path]
  if route then return route(state, request) end
  local document = request.method == "GET" and discovery.answer(state, request.path)
  return document or wire.not_understood(404)
end

local function guarded(handler, state, request)
  local ok, response = xpcall(handler, debug.traceback, state, request)
  if ok then return response end
  io.stderr:write("emulator: ", response, "\n")
  return { status = 500, body = "" }
end

local function show(state, request, response, fault)
  if state.quiet then return end
  io.stderr:write(("%s %s %s %d %s\n"):format(request.method, request.path, wire.operation_name(request) or "-",
    response.status, fault and "fault " .. fault.text or response.code or ""))
end

local LOST = faults.compile({ faults = { { fault = "reset!" } } })[1]

local function pick(state, request, link)
  if link.next_fault then return LOST end
  return faults.pick(state.faults, wire.operation_name(request), request)
end

-- The clock is wrong only while this answer is made and written down.
local function skewed(state, request, seconds)
  clock.offset = clock.offset + seconds
  local response = guarded(dispatch, state, request)
  response.bytes = server.serialize(response, false)
  clock.offset = clock.offset - seconds
  return response
end

local function respond(state, request, fault)
  if not fault then return guarded(dispatch, state, request) end
  if fault.name == "skew" then return skewed(state, request, tonumber(fault.argument) or 900) end
  return fault.process and guarded(dispatch, state, request) or faults.filler()
end

local CONTEXTS = { ["tls-expired"] = "expired", ["tls-wrong-host"] = "wrong_host",
  ["tls-self-signed"] = "self_signed", ["tls-1.1"] = "old" }

--- The hooks that server.lua calls.
-- @tparam table state
-- @treturn table app
function M.new(state)
  local app = {}

  -- A TLS context or nil for plain HTTP; true as second value: this connection is never answered.
  function app.handshake(link)
    link.base = state.url
    local fault = faults.pick_connection(state.faults)
    if fault == "stall" then return nil, true end
    return state.contexts and state.contexts[CONTEXTS[fault] or "good"]
  end

  function app.begin(request)
    if not is_control(request) then recorder.begin(state, request) end
  end

  function app.answer(request, link)
    if is_control(request) then return guarded(control.answer, state, request) end
    recorder.arrived(state, request)
    local fault = pick(state, request, link)
    local response = respond(state, request, fault)
    recorder.answered(state, request, response, fault)
    show(state, request, response, fault)
    return response, fault
  end

  app.play = fault_play

  return app
end

return M
