-- Tokens of the application itself (client credentials) for upstream calls: one for all workers, in the shared dict.
local emulator = require "spec.support.emulator"
local nginx = require "spec.support.nginx"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local SECRET = "s3cretS3cretS3cretS3cret0001"

local HTTP = [[
    lua_shared_dict sessions 4m;
    init_by_lua_block {
        local cognito = require "cognito"
        local pool = assert(cognito.pool { user_pool_id = %q, client_id = "machine", client_secret = %q, endpoint = %q,
            domain = %q, storage = assert(cognito.storage.shared_dict { name = "sessions", key = ("k"):rep(32) }) })
        source = assert(pool:client_credentials { scopes = { "api/read" } })
    }
]]

local SERVER = [[
    location = /token { content_by_lua_block {
        local token, err = source:access_token()
        ngx.say(token or tostring(err))
    } }
]]

describe("client credentials in nginx", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local service, server

  setup(function()
    service = emulator.start { config = { clients = { { id = "machine", secrets = { SECRET }, access_token_ttl = 8,
      oauth_flows = { "client_credentials" }, scopes = { "api/read" } } } } }
    server = nginx.start { workers = 4, server = SERVER, http = HTTP:format(service.pool_id, SECRET, service.url,
      service.url) }
  end)

  teardown(function()
    if server then server:stop() end
    if service then service.stop() end
    tmp.cleanup()
  end)

  local function ask()
    local _, out = proc.run { timeout = 60, argv = { "curl", "-s", "-Z", "--parallel-immediate", "--parallel-max",
      "40", server.url .. "/token?[1-40]" } }
    local first = out:match "^[^\n]+"
    assert.truthy(first:find "^ey", first)
    assert.equal((first .. "\n"):rep(40), out)
    return first
  end

  local function asked() return #service.requests "/oauth2/token" end

  it("are fetched once for all workers, and again when they expire", function()
    local first = ask()
    assert.equal(1, asked())
    assert.equal(first, ask())
    assert.equal(1, asked())
    assert.is_true(nginx.wait_until(20, function()
      return (select(2, server:request "/token"):gsub("%s", "")) ~= first or nil
    end))
    assert.are_not.equal(first, ask())
    assert.equal(2, asked())
  end)

  it("outlive a reload", function()
    local present, before = ask(), asked()
    local former = server:workers()[1]
    server:signal "HUP"
    nginx.wait_until(10, function() return server:workers()[1] ~= former or nil end)
    if ask() == present then assert.equal(before, asked()) end
  end)
end)
