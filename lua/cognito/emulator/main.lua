--- `cognito emulator`: a local user pool that speaks the service's wire protocol. For development and tests only.
-- @module cognito.emulator.main

require("cognito.emulator.paths").extend()

local argparse = require "argparse"
local cqueues = require "cqueues"
local signal = require "cqueues.signal"
local socket = require "cqueues.socket"

local arguments = require "cognito.emulator.arguments"
local codes = require "cognito.emulator.codes"
local config_of = require "cognito.emulator.config"
local router = require "cognito.emulator.router"
local server = require "cognito.emulator.server"
local state_of = require "cognito.emulator.state"

local function parser() return arguments.add(argparse("cognito emulator", arguments.DESCRIPTION)) end

local function temporary_name()
  local name = os.tmpname()
  os.remove(name)
  return name .. ".pem"
end

local function process()
  local file = io.open("/proc/self/stat")
  local pid, parent = (file and file:read("a") or ""):match("^(%d+) %(.*%) %S (%d+)")
  if file then file:close() end
  return tonumber(pid), tonumber(parent)
end

-- Two nets against orphans: the pipe to the parent ends, or the parent's id changes.
local function watch_parent(cq, leave)
  local _, parent = process()
  local input = socket.fdopen(0)
  input:onerror(function(_, _, why) return why end)
  cq:wrap(function()
    while input:read(-4096) do end
    leave()
  end)
  cq:wrap(function()
    while true do
      cqueues.sleep(1)
      local _, now = process()
      if now ~= parent then leave() end
    end
  end)
end

local function on_signals(cq, leave)
  signal.block(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
  signal.ignore(signal.SIGPIPE)
  local listener = signal.listen(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
  cq:wrap(function()
    listener:wait()
    leave()
  end)
end

-- Tokens of a kept state are worth something only while the key stays the same.
local function prepare(args)
  local config = config_of.load(args.config)
  local kept = args.state_file or config.state_file
  config.key_file = args.key_file or config.key_file or kept and kept .. ".key"
  config.code_folder = args.code_folder or config.code_folder
  if config.code_folder then codes.check_folder(config.code_folder) end
  local state = state_of.new(config)
  state.quiet, state.pid = args.quiet, (process())
  if args.tls then
    state.ca_file = args.ca_file or temporary_name()
    state.made_ca_file = not args.ca_file
    state.contexts = require("cognito.emulator.tls").new(state.ca_file)
  end
  return state
end

local function announce(state)
  io.stdout:write("listening on ", state.url, "\n")
  if state.ca_file then io.stdout:write("certificate authority in ", state.ca_file, "\n") end
  io.stdout:flush()
end

local function leave_with(state)
  return function()
    if state.made_ca_file then os.remove(state.ca_file) end
    if state.save then state:save() end
    os.exit(0)
  end
end

local function sweep_now_and_then(cq, state)
  cq:wrap(function()
    while true do
      cqueues.sleep(60)
      state:sweep()
    end
  end)
end

local function url_of(args, port)
  local host = args.host:find(":", 1, true) and "[" .. args.host .. "]" or args.host
  return ("%s://%s:%d"):format(args.tls and "https" or "http", host, port)
end

local function start(args)
  local cq, state = cqueues.new(), prepare(args)
  local path, leave = args.state_file or state.config.state_file, leave_with(state)
  if path then require("cognito.emulator.keep").attach(cq, state, path) end
  on_signals(cq, leave)
  sweep_now_and_then(cq, state)
  if args.exit_with_stdin then watch_parent(cq, leave) end
  local port, err = server.listen(cq, router.new(state), args.host, args.port)
  if not port then return nil, err end
  state.url = url_of(args, port)
  announce(state)
  return cq
end

--- Runs the command until it is stopped.
-- @tparam table words those after `cognito emulator`
-- @treturn integer exit status: 1 it could not start, 2 wrong usage
return function(words)
  local understood, args = parser():pparse(words)
  if not understood then
    io.stderr:write("cognito emulator: ", args, "; see cognito emulator --help\n")
    return 2
  end
  local ok, cq, err = pcall(start, args)
  if not ok or not cq then
    io.stderr:write("cognito emulator: ", tostring(ok and err or cq), "\n")
    return 1
  end
  for why in cq:errors() do io.stderr:write("emulator: ", tostring(why), "\n") end
  return 0
end
