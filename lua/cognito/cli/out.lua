--- What a command prints and with which code it ends.
-- Results go to stdout, everything else to stderr. Text of a server is never printed raw: control characters would
-- reach the terminal.
-- @module cognito.cli.out
local errors = require "cognito.errors"
local json = require "cognito.json"

local out = {}

--- Exit codes; the man page lists them.
out.codes = {
  ok = 0,
  failed = 1,       -- the service, the network or the store failed
  usage = 2,        -- the command line is wrong
  config = 3,       -- no profile, or a setting is wrong
  sign_in = 4,      -- there is no session: run `cognito login`
  rejected = 5,     -- the service said no: a wrong password, code or token
  network = 6,      -- the service was not reached, or not in time
  not_executable = 126, not_found = 127, -- `exec`: as a shell has it
  interrupted = 130,
}

local BY_KIND = {
  config = "config", invalid = "usage", sign_in_required = "sign_in", challenge_expired = "rejected",
  auth = "rejected", rejected = "rejected", token = "rejected", limited = "rejected", dns = "network",
  connect = "network", tls = "network", timeout = "network", network = "network",
}

--- The exit code of an error.
-- @tparam errors err
-- @treturn number
function out.code_of(err)
  -- the token may be good: nobody could look
  if err.code == "jwks_unavailable" then return err.cause and out.code_of(err.cause) or out.codes.network end
  return out.codes[BY_KIND[err.kind] or "failed"]
end

--- An error as `--json` prints it.
-- @tparam errors err
-- @treturn table
function out.error_table(err)
  return {
    kind = err.kind, code = err.code, message = err.message, field = err.field, hint = err.hint,
    status = err.status, operation = err.operation, request_id = err.request_id, retryable = err.retryable,
  }
end

-- What a person needs to look an error up: the code, the setting or member, the service's name for the request.
local function details(err)
  local list = {}
  if err.code then list[1] = tostring(err.code) end
  if err.field and not err.message:find(tostring(err.field), 1, true) then list[#list + 1] = "field " .. err.field end
  if err.request_id then list[#list + 1] = "request " .. tostring(err.request_id) end
  return #list > 0 and " (" .. errors.clean(table.concat(list, ", ")) .. ")" or ""
end

--- An error as a person reads it: what happened, and below it what to do.
-- @tparam errors err
-- @tparam[opt] string hint instead of the error's own
-- @treturn string one or two lines, no control characters but the line's end
function out.explain(err, hint)
  hint = hint or err.hint
  return errors.clean(err.message) .. details(err) .. (hint and "\n  " .. errors.visible(hint) or "")
end

--- Says on stderr what went wrong beside a command that does what it was asked for.
-- @tparam errors err
-- @tparam[opt] boolean as_json
function out.warn(err, as_json)
  io.stderr:write(as_json and json.encode { warning = out.error_table(err) }
    or "cognito: warning: the new tokens are not stored: " .. out.explain(err), "\n")
end

--- Says what went wrong, on stderr.
-- @tparam[opt] errors err nil: the person gave up at a prompt and knows it
-- @tparam[opt] boolean as_json
-- @tparam[opt] string hint what to do, instead of the error's own
-- @treturn number the exit code
function out.fail(err, as_json, hint)
  if not err then return out.codes.interrupted end
  local line = "cognito: " .. out.explain(err, hint)
  if as_json then
    local value = out.error_table(err)
    value.hint = hint or err.hint
    line = json.encode { error = value }
  end
  io.stderr:write(line, "\n")
  return out.code_of(err)
end

--- Says that the command line is wrong.
-- @tparam string text
-- @tparam[opt] boolean as_json
-- @tparam[opt] string hint
-- @treturn number exit code 2
function out.usage(text, as_json, hint)
  return out.fail(errors.new("invalid", text, { code = as_json and "usage" or nil, hint = hint }), as_json)
end

--- One line for a person, control characters escaped.
-- @tparam string text
function out.line(text) io.stdout:write(errors.visible(tostring(text)), "\n") end

--- A result: as JSON, or as lines.
-- @tparam boolean as_json
-- @tparam table value what `--json` prints
-- @tparam[opt] function lines prints the same for a person; without it one `name  value` line each
-- @treturn number 0
function out.result(as_json, value, lines)
  if as_json then
    io.stdout:write(json.encode(value), "\n")
  elseif lines then
    lines(value)
  else
    out.pairs(value)
  end
  return out.codes.ok
end

--- Names and values in columns, sorted by name.
-- @tparam table value
function out.pairs(value)
  local names, width = {}, 0
  for name in pairs(value) do
    names[#names + 1], width = tostring(name), math.max(width, #tostring(name))
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local v = value[name]
    if type(v) == "table" then v = v[1] ~= nil and type(v[1]) ~= "table" and table.concat(v, ", ") or json.encode(v) end
    out.line(name .. (" "):rep(width - #name + 2) .. tostring(v))
  end
end

return out
