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
  return out.codes[BY_KIND[err.kind] or "failed"]
end

local function error_table(err)
  return {
    kind = err.kind, code = err.code, message = err.message, field = err.field, hint = err.hint,
    status = err.status, operation = err.operation, request_id = err.request_id, retryable = err.retryable,
  }
end

--- Say what went wrong, on stderr.
-- @tparam errors err
-- @tparam ?boolean as_json
-- @treturn number the exit code
function out.fail(err, as_json)
  if not errors.is(err) then err = errors.new("invalid", tostring(err)) end
  local line = as_json and json.encode { error = error_table(err) } or "cognito: " .. tostring(err)
  io.stderr:write(line, "\n")
  if err.kind == "sign_in_required" and not as_json then io.stderr:write("cognito: run `cognito login`\n") end
  return out.codes[BY_KIND[err.kind] or "failed"]
end

--- One line for a person, control characters escaped.
-- @tparam string text
function out.line(text)
  io.stdout:write((tostring(text):gsub("[%c\127]", function(c) return ("\\x%02X"):format(c:byte()) end)), "\n")
end

--- A word in colour, where a person looks at it and has not asked for none (NO_COLOR).
-- @tparam string text
-- @tparam number colour an SGR code: 31 red, 32 green
-- @treturn string
function out.colour(text, colour)
  local plain = os.getenv "NO_COLOR"
  if (plain and plain ~= "") or not require("cognito.posix").is_terminal(1) then return text end
  return ("\27[%dm%s\27[0m"):format(colour, text)
end

--- A result: as JSON, or as lines.
-- @tparam boolean as_json
-- @tparam table value what `--json` prints
-- @tparam ?function lines prints the same for a person; without it one `name  value` line each
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
