-- What the README shows runs, against the emulator.
local docs = require "spec.support.docs"
local emulator = require "spec.support.emulator"
local proc = require "spec.support.proc"
local source = require "spec.support.source"
local tmp = require "spec.support.tmp"

-- The examples name Amazon's service; here the same pool is on loopback.
local PREAMBLE = [[
local cognito = require "cognito"
local pool = cognito.pool
cognito.pool = function(options)
  options.endpoint = os.getenv "TEST_ENDPOINT"
  return pool(options)
end
local verifier = cognito.verifier
cognito.verifier = function(options)
  options.issuer = os.getenv "TEST_ENDPOINT" .. "/" .. options.user_pool_id
  return verifier(options)
end
]]

describe("the README's example", function()
  local server, store

  setup(function()
    server = emulator.start { config = {
      id = "eu-west-1_AbCdEf123",
      users = { alice = { password = "correct horse", attributes = { email = "alice@example.com" } } },
      clients = { { id = "1h57kf5cpq17m0eml12EXAMPLE" } },
    } }
    store = tmp.dir()
  end)
  teardown(function()
    if server then server.stop() end
    tmp.cleanup()
  end)

  local function run(name, env)
    local text = PREAMBLE .. "do\n" .. docs.example("README.md", name) .. "end\n"
    local script = tmp.write(tmp.dir() .. "/" .. name .. ".lua", text)
    env = env or {}
    env.TEST_ENDPOINT, env.COGNITO_STORE = server.url, store
    local code, out, err = proc.run { argv = { "lua5.4", script }, env = env, timeout = 60 }
    assert(code == 0, name .. ": " .. out .. err)
    return out
  end

  it("synopsis signs in, shows a token and calls the API", function()
    local token, email, name = run("synopsis"):match "^(%S+)\n(%S+)\n(%S+)\n$"
    assert.matches("^[%w_-]+%.[%w_-]+%.[%w_-]+$", token)
    assert.same({ "alice@example.com", "alice" }, { email, name })
  end)

  it("file-store asks for the password once in two runs", function()
    local function sign_ins() return #server.requests "InitiateAuth" end
    local before = sign_ins()
    assert.matches("^alice\t%d", run "file-store")
    assert.equal(before + 1, sign_ins())
    assert.matches("^alice\t%d", run "file-store")
    assert.equal(before + 1, sign_ins())
  end)

  it("adopt makes a session of a refresh token", function()
    local _, answer = server.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = server.client_id,
      AuthParameters = { USERNAME = "alice", PASSWORD = "correct horse" } })
    assert.equal("true\n", run("adopt", { REFRESH_TOKEN = answer.AuthenticationResult.RefreshToken }))
  end)

  it("verify gives the claims of a token", function()
    local _, answer = server.call("InitiateAuth", { AuthFlow = "USER_PASSWORD_AUTH", ClientId = server.client_id,
      AuthParameters = { USERNAME = "alice", PASSWORD = "correct horse" } })
    assert.equal("alice\n", run("verify", { TOKEN = answer.AuthenticationResult.AccessToken }))
  end)

  it("loop makes twenty calls", function()
    local seen = {}
    for i, name in run("loop"):gmatch "(%d+)\t(%S+)\n" do seen[tonumber(i)] = name end
    assert.equal(20, #seen)
    assert.equal("alice", seen[20])
  end)
end)

describe("the README", function()
  it("says in its first line how to get git and make", function()
    assert.matches("apt%-get install %-y git make", source.read("README.md"):match "^[^\n]*")
  end)

  it("runs all of its Lua code but what is nginx's", function()
    local marked = select(2, source.read("README.md"):gsub("<!%-%- run: ", ""))
    assert.equal(#docs.blocks "README.md", marked)
  end)
end)
