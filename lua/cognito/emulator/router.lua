--- Which part of the server answers which request, and where the fault layer looks in.
-- @module cognito.emulator.router

local control = require "cognito.emulator.control"
local discovery = require "cognito.emulator.discovery"
local recorder = require "cognito.emulator.recorder"
local wire = require "cognito.emulator.wire"

local M = {}

local function is_control(request) return request.path:find("^/_emulator/") ~= nil end

local function dispatch(state, request)
  if request.method == "POST" and request.path == "/" then return wire.answer(state, request) end
  local document = request.method == "GET" and discovery.answer(state, request.path)
  return document or wire.not_understood(404)
end

local function guarded(handler, state, request)
  local ok, response = xpcall(handler, debug.traceback, state, request)
  if ok then return response end
  io.stderr:write("emulator: ", response, "\n")
  return { status = 500, body = "" }
end

local function show(state, request, response)
  if state.quiet then return end
  io.stderr:write(("%s %s %s %d %s\n"):format(request.method, request.path, wire.operation_name(request) or "-",
    response.status, response.code or ""))
end

--- The hooks that server.lua calls.
-- @tparam table state
-- @treturn table app
function M.new(state)
  local app = {}

  -- nil: plain; false: refuse; else a TLS context
  function app.handshake() return state.contexts and state.contexts.good or nil end

  function app.before_body(request)
    if not is_control(request) then recorder.begin(state, request) end
  end

  function app.answer(request)
    if is_control(request) then return guarded(control.answer, state, request) end
    recorder.arrived(state, request)
    return guarded(dispatch, state, request)
  end

  function app.before_answer(request, response)
    if is_control(request) then return false end
    recorder.answered(state, request, response)
    show(state, request, response)
    return false
  end

  return app
end

return M
