-- What the hosts over libcurl take from their surroundings: roots, proxies, and nothing from the environment.
local badserver = require "spec.support.badserver"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

describe("the transport of the hosts over libcurl", function()
  local server, host
  setup(function()
    server = badserver.start()
    host = require("cognito.host.blocking").new()
  end)
  teardown(function()
    server:stop()
    tmp.cleanup()
  end)

  local function send(more, port)
    local request = { method = "POST", url = server:url("ok", "transport", port or "tls"), headers = {}, body = "{}",
      minting = true, deadline = host.monotime() + 5, pool = "transport", tls = { ca_file = server.ca_file } }
    for name, value in pairs(more or {}) do request[name] = value end
    return host.send(request)
  end

  local function tunnels()
    local response = assert(host.send { method = "GET", headers = {}, deadline = host.monotime() + 5,
      url = ("http://localhost:%d/"):format(server.ports.tunnels) })
    return tonumber(response.body:match("tunnels=(%d+)"))
  end

  -- ---- roots ----

  it("trusts the CA that the caller names, and no other for that matter", function()
    assert.equal(200, assert(send()).status)
    local _, err = send { tls = false }
    assert.equal("tls", err.kind)
    assert.truthy(tostring(err):find("certificate", 1, true))
  end)

  it("takes a folder of certificates under hashed names", function()
    local dir = tmp.dir()
    assert(os.execute(("cp %s %s/ca.pem"):format(tmp.quote(server.ca_file), tmp.quote(dir))))
    -- more than are read at a time
    assert(os.execute(("cd %s && seq -f %%0200g.txt 100 | xargs touch"):format(tmp.quote(dir))))
    local _, err = send { tls = { ca_path = dir } }
    assert.equal("config", err.kind)
    assert.truthy(tostring(err):find("rehash", 1, true))
    assert(os.execute(("openssl rehash %s"):format(tmp.quote(dir))))
    assert.equal(200, assert(send { tls = { ca_path = dir } }).status)
  end)

  it("says so when the CA's file cannot be read", function()
    local _, err = send { tls = { ca_file = tmp.dir() .. "/none.pem" } }
    assert.equal("config", err.kind)
    assert.truthy(tostring(err):find("ca_file", 1, true))
    assert.is_false(err.maybe_processed)
  end)

  it("shares no connection between requests with other roots", function()
    assert.equal(200, assert(send()).status)
    local _, err = send { tls = false }
    assert.equal("tls", err.kind)
  end)

  -- ---- proxies ----

  it("goes through a proxy when it is asked to", function()
    local before = tunnels()
    local proxy = ("http://127.0.0.1:%d"):format(server.ports.proxy)
    for _ = 1, 2 do assert.equal(200, assert(send { proxy = proxy }).status) end
    assert.equal(before + 1, tunnels())
    assert.equal(200, assert(send()).status)
    assert.equal(before + 1, tunnels())
  end)

  it("verifies the server behind the proxy", function()
    local _, err = send({ proxy = ("http://127.0.0.1:%d"):format(server.ports.proxy) }, "wrong_host")
    assert.equal("tls", err.kind)
  end)

  it("sends nothing past a proxy that refuses", function()
    local _, err = send { proxy = ("http://127.0.0.1:%d"):format(server.ports.proxy_refuses) }
    assert.equal("connect", err.kind)
    assert.is_false(err.maybe_processed)
  end)

  it("keeps plain http to the loopback away from the proxy", function()
    local before = tunnels()
    assert.equal(200, assert(send({ proxy = ("http://127.0.0.1:%d"):format(server.ports.proxy) }, "plain")).status)
    assert.equal(before, tunnels())
  end)

  -- ---- the environment ----

  it("heeds no variable of the environment", function()
    local log = tmp.dir() .. "/keys.log"
    local script = ([[
      local host = require("cognito.host.blocking").new()
      local r, e = host.send { method = "POST", url = %q, headers = {}, body = "{}", minting = true,
        deadline = host.monotime() + 5, tls = { ca_file = %q } }
      print(r and r.status or tostring(e))
    ]]):format(server:url("ok", "environment", "tls"), server.ca_file)
    local dead = "http://127.0.0.1:1"
    local code, out, err = proc.run { argv = { "lua5.4", "-e", script }, env = { HTTPS_PROXY = dead, https_proxy = dead,
      ALL_PROXY = dead, SSLKEYLOGFILE = log, SSL_CERT_FILE = "/nonexistent", CURL_CA_BUNDLE = "/nonexistent" } }
    assert.equal("0", tostring(code), err)
    assert.equal("200\n", out)
    assert.equal("", tmp.read(log) or "")
  end)
end)
