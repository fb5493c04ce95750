--- The command `cognito` as a person has it: a home of its own, profiles, a shell around it.
local proc = require "spec.support.proc"
local terminal = require "spec.support.terminal"
local tmp = require "spec.support.tmp"

local M = {}
local Command = {}
Command.__index = Command

-- No other test run on this machine has it: a spec looks for it in every process.
local function mark()
  local file = assert(io.open("/dev/urandom", "rb"))
  local bytes = file:read(6)
  file:close()
  return "CANARY" .. bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
end

M.MARK = mark()
M.PASSWORD, M.SECRET = M.MARK .. "-Word1", M.MARK .. "secretsecret00"
M.TOTP = "GEZDGNBVGY3TQOJQ"

M.CONFIG = {
  users = {
    alice = { password = M.PASSWORD, attributes = { email = "alice@example.com", email_verified = "true" } },
    tom = { password = M.PASSWORD, totp_secret = M.TOTP, mfa = { "SOFTWARE_TOKEN_MFA" } },
    nina = { password = M.PASSWORD, status = "FORCE_CHANGE_PASSWORD" },
    una = { password = M.PASSWORD, status = "UNCONFIRMED" },
    rita = { password = M.PASSWORD, status = "RESET_REQUIRED" },
    sue = { password = M.PASSWORD, script = { "MFA_SETUP" } },
    flo = { password = M.PASSWORD, script = { "X_TEST_FUTURE" } },
  },
  mfa = "OPTIONAL",
  clients = {
    { id = "cliclient", access_token_ttl = 300 },
    { id = "idclient", access_token_ttl = 300, id_token_ttl = 200 },
    { id = "shortclient", access_token_ttl = 12, rotation = { grace = 10 } },
    { id = "secretclient", secrets = { M.SECRET } },
  },
}

--- A fresh home.
-- @tparam table emu the emulator (spec.support.emulator)
-- @treturn Command with the fields `home` and `env`
function M.new(emu)
  local home = tmp.dir()
  return setmetatable({ emu = emu, home = home, env = { HOME = home, XDG_CONFIG_HOME = home .. "/config",
    XDG_STATE_HOME = home .. "/state" } }, Command)
end

Command.profiles = "/config/cognito/config.json"

-- Words of a shell's command line: quotes keep what is between them together.
local function words_of(text)
  local words, at = {}, 1
  while true do
    at = text:find("%S", at)
    if not at then return words end
    local quoted, after = text:match("^'([^']*)'()", at)
    if not quoted then quoted, after = text:match("^(%S+)()", at) end
    words[#words + 1], at = quoted, after
  end
end

--- Runs the command.
-- @tparam string text its words; 'between quotes' is one word
-- @tparam ?table opts `stdin` (text), `env`, `out` (file for standard output)
-- @treturn number exit code
-- @treturn string standard output
-- @treturn string standard error
function Command:run(text, opts)
  opts = opts or {}
  local argv = { "lua5.4", "bin/cognito" }
  for _, word in ipairs(words_of(text)) do argv[#argv + 1] = word end
  local input = opts.stdin and tmp.write(self.home .. "/stdin", opts.stdin) or "/dev/null"
  local shell = ('exec "$@" < %s%s'):format(input, opts.out and " > " .. opts.out or "")
  -- a session without a terminal of its own, as a service has it, whatever terminal the test run has
  argv = { "setsid", "-w", "sh", "-c", shell, "sh", table.unpack(argv) }
  local variables = {}
  for name, value in pairs(self.env) do variables[name] = value end
  for name, value in pairs(opts.env or {}) do variables[name] = value end
  return proc.run { argv = argv, env = variables }
end

--- Makes a profile for a client of the emulator, with more settings (`name=value`) after it.
function Command:configure(profile, client, more)
  local code, _, why = self:run(("configure -p %s --set user_pool_id=%s --set client_id=%s --set endpoint=%s %s")
    :format(profile, self.emu.pool_id, client, self.emu.url, more or ""))
  assert(code == 0, why)
end

--- Signs in by a password on standard input.
function Command:login(profile, username)
  return self:run(("login %s --password-stdin -p %s"):format(username or "alice", profile or "default"),
    { stdin = M.PASSWORD .. "\n" })
end

--- A terminal with a shell in which `cognito` is found.
-- @tparam ?table more variables
function Command:terminal(more)
  local variables = { PATH = os.getenv "PWD" .. "/bin:" .. os.getenv "PATH" }
  for name, value in pairs(self.env) do variables[name] = value end
  for name, value in pairs(more or {}) do variables[name] = value end
  for _, name in ipairs { "LUA_PATH_5_4", "LUA_CPATH_5_4" } do variables[name] = os.getenv(name) end
  return terminal.start(variables)
end

return M
