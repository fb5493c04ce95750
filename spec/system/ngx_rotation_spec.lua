-- The key that seals sessions and forms is replaced while people are signed in and signing in: a reload loses nothing.
local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local jar = require "spec.support.jar"
local nginx = require "spec.support.nginx"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local HTTP = [[
    lua_shared_dict sessions 4m;
    init_by_lua_block {
        local cognito, key = require "cognito", %s
        local function must(value, err) if not value then error(tostring(err)) end return value end
        local pool = must(cognito.pool { user_pool_id = %q, client_id = %q, endpoint = %q,
            storage = must(cognito.storage.shared_dict { name = "sessions", key = key }) })
        guard = must(require("resty.cognito").new { pool = pool, key = key, home = "/app" })
        function form()
            local view = guard:form()
            if view then ngx.print(require("cjson").encode(view)) end
        end
    }
]]

local SERVER = [[
    location = /login { content_by_lua_block { form() } }
    location = /app { access_by_lua_block { guard:login { api = true } }
        content_by_lua_block { ngx.print(guard:csrf()) } }
    location = /logout { content_by_lua_block { guard:logout() } }
]]

local PASSWORD, TOTP = "Correct-horse1", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

describe("the key of the sessions", function()
  local available, why = nginx.available()
  if not available then
    pending("needs nginx: " .. why)
    return
  end

  local service, server

  setup(function()
    service = emulator.start { config = { mfa = "OPTIONAL", users = { alice = { password = PASSWORD },
      tom = { password = PASSWORD, totp_secret = TOTP, mfa = { "SOFTWARE_TOKEN_MFA" } } } } }
  end)

  after_each(function()
    if server then server:stop() end
    server = nil
  end)

  teardown(function()
    if service then service.stop() end
    tmp.cleanup()
  end)

  local function http(key) return HTTP:format(key, service.pool_id, service.client_id, service.url) end

  local function write(path, ...)
    tmp.write(path, table.concat({ ... }, "\n") .. "\n")
    assert(os.execute("chmod 600 " .. path))
  end

  local function reload()
    local former = server:workers()[1]
    server:signal "HUP"
    assert.is_true(nginx.wait_until(10, function()
      for _, pid in ipairs(server:workers()) do if pid == former then return nil end end
      return #server:workers() > 0 or nil
    end))
  end

  local function sign_in(username)
    local b = jar.new(server)
    local status, body = b.sign_in { username = username, password = PASSWORD }
    return b, status == 200 and cjson.decode(body) or nil
  end

  it("is replaced in its file while people are signed in and signing in", function()
    local path, first, second = tmp.dir() .. "/key", ("a"):rep(64), ("b"):rep(64)
    write(path, first)
    server = nginx.start { workers = 2, server = SERVER, http = http(('{ file = %q }'):format(path)) }
    local alice = sign_in "alice"
    local _, word = alice.request "/app"
    local tom, view = sign_in "tom"
    local fresh = jar.new(server)
    local csrf = fresh.view().csrf
    write(path, second, first)
    reload()
    -- the session, a form that was open, a sign-in that was half done, and the word of a page
    assert.equal(200, (alice.request "/app"))
    assert.equal(303, (fresh.post("/login", { csrf = csrf, action = "sign_in", username = "alice",
      password = PASSWORD })))
    local _, code = proc.run { argv = { "oathtool", "-b", "--totp", TOTP } }
    assert.equal(303, (tom.post("/login", { csrf = view.csrf, state = view.state, action = "answer",
      code = code:gsub("%s", "") })))
    assert.equal(303, (alice.post("/logout", { csrf = word })))
    local later = sign_in "alice"
    write(path, second)
    reload()
    assert.equal(200, (later.request "/app"))
    assert.equal(200, (fresh.request "/app"))
    assert.is_nil(server:log():find("%[error%]"))
  end)

  it("comes from the environment, also after a reload", function()
    server = nginx.start { server = SERVER, http = http '{ env = "COGNITO_SPEC_KEY" }',
      env = { COGNITO_SPEC_KEY = ("c"):rep(64) } }
    local alice = sign_in "alice"
    reload()
    assert.equal(200, (alice.request "/app"))
  end)

  it("comes from a function", function()
    server = nginx.start { server = SERVER, http = http 'function() return ("d"):rep(64), ("e"):rep(64) end' }
    local alice = sign_in "alice"
    reload()
    assert.equal(200, (alice.request "/app"))
  end)

  it("that cannot be had stops the start, and a reload leaves everything as it was", function()
    local path = tmp.dir() .. "/key"
    local ok, said = pcall(nginx.start, { server = SERVER, http = http(('{ file = %q }'):format(path)) })
    assert.is_false(ok)
    assert.truthy(said:find("the key file " .. path .. " cannot be used", 1, true), said)
    write(path, ("a"):rep(64))
    server = nginx.start { server = SERVER, http = http(('{ file = %q }'):format(path)) }
    local alice = sign_in "alice"
    os.remove(path)
    server:signal "HUP"
    assert.is_true(server:logs "cannot be used")
    assert.equal(200, (alice.request "/app"))
  end)
end)
