--- The options of `cognito emulator`, for its own parser and for the help and completions of the whole command.
-- @module cognito.emulator.arguments

local M = {}

M.DESCRIPTION = "A local user pool that speaks the wire protocol of Amazon Cognito. For development and tests only."

local function port(text)
  local number = math.tointeger(tonumber(text))
  if number and number >= 0 and number <= 65535 then return number end
  return nil, "a port is a number from 0 to 65535"
end

--- Adds the options to an argparse parser.
-- @tparam table parser
-- @treturn table the same parser
function M.add(parser)
  parser:option("--port", "port to listen on; 0 chooses a free one", "0"):convert(port)
  parser:option("--host", "address to listen on", "127.0.0.1")
  parser:option("--config", "a Lua file that returns the configuration"):argname "<file>"
  parser:option("--key-file", "keep the signing key in this file, so that a later start need not make one")
    :argname "<file>"
  parser:option("--state-file", "keep users, devices and sessions in this file"):argname "<file>"
  parser:option("--code-folder", "write each code that is sent into a file in this folder"):argname "<folder>"
  parser:option("--ca-file", "where the certificate of the made authority is written (with --tls)"):argname "<file>"
  parser:flag("--tls", "speak TLS with a certificate made at the start")
  parser:flag("--exit-with-stdin", "exit when standard input ends or the parent process does")
  parser:flag("--quiet", "no line for each request on standard error")
  return parser
end

return M
