-- Login by the browser of the desk, with a visitor in the browser's place: what is served, refused, and waited for.
local cognito = require "cognito"
local desk = require "cognito.host.desk"
local emulator = require "spec.support.emulator"
local loop_host = require "cognito.host.loop"
local ports = require "spec.support.ports"
local posix = require "cognito.posix"
local socket = require "socket"
local visitor = require "spec.support.page_visitor"

local PASSWORD = "Correct-horse1"

describe("login by browser", function()
  local emu, port

  setup(function()
    port = ports.free()
    emu = emulator.start { config = {
      users = { alice = { password = PASSWORD } },
      clients = { { id = "desk", redirect_uris = { ("http://localhost:%d/"):format(port) } } },
    } }
  end)
  teardown(function() emu.stop() end)

  local function pool_on(loop, more)
    local options = { user_pool_id = emu.pool_id, client_id = "desk", endpoint = emu.url, domain = emu.url,
      issuer = emu.url .. "/" .. emu.pool_id, host = loop }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(cognito.pool(options))
  end

  -- The login waits in one coroutine of the loop; `act` plays the browser between the loop's steps.
  local function login(opts, act)
    local loop, result = loop_host.new {}, nil
    local pool = pool_on(loop)
    local url
    opts.ports, opts.open = opts.ports or { port }, false
    opts.on_url = function(text) url = text end
    loop:spawn(function() result = { desk.browser_login(pool, opts) } end)
    local ends, acted = socket.gettime() + 20, false
    while not result and socket.gettime() < ends do
      loop:step(0.01)
      if url and not acted then
        acted = true
        act(url, loop, function() return result end)
      end
    end
    assert.truthy(result, "the login never ended")
    return result[1], result[2]
  end

  -- A request to the listener while the loop keeps turning.
  local function send(loop, text)
    local peer = assert(socket.connect("127.0.0.1", port))
    assert(peer:send(text))
    peer:settimeout(0)
    local ends, got = socket.gettime() + 10, ""
    repeat
      loop:step(0.005)
      local whole, state, part = peer:receive "*a"
      got = got .. (whole or part or "")
      if whole or state == "closed" then break end
    until socket.gettime() > ends
    peer:close()
    return got
  end

  local function get(loop, path, host)
    return send(loop, ("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n"):format(path, host or "localhost:" .. port))
  end

  it("ends with a session, and with a page that says so", function()
    local page
    local session, err = login({ scopes = { "openid" } }, function(url, loop)
      local callback = assert(visitor.sign_in(url, "alice", PASSWORD))
      page = get(loop, callback:match "^http://localhost:%d+(/.*)$")
    end)
    assert.is_nil(err)
    assert.equal("alice", session.username)
    assert.truthy(page:find("You are signed in", 1, true))
    assert.truthy(page:find("Cache-Control: no-store", 1, true))
    assert.truthy(page:find("Referrer-Policy: no-referrer", 1, true))
  end)

  it("does not end by what anybody could send, and says nothing raw", function()
    local seen = {}
    local session = login({}, function(url, loop)
      seen.foreign = get(loop, "/?code=abc&state=forged")
      seen.other_path = get(loop, "/favicon.ico")
      seen.other_name = get(loop, "/?code=abc&state=x", "evil.example:" .. port)
      seen.post = send(loop, "POST / HTTP/1.1\r\nHost: localhost:" .. port .. "\r\nContent-Length: 0\r\n\r\n")
      seen.garbage = send(loop, "\1\2\3\r\n\r\n")
      local state = url:match "state=([^&]+)"
      seen.hostile = get(loop, "/?error=access_denied&state=wrong&error_description=%3Cscript%3Ealert(1)%3C/script%3E")
      assert.truthy(state)
      local callback = assert(visitor.sign_in(url, "alice", PASSWORD))
      get(loop, callback:match "^http://localhost:%d+(/.*)$")
    end)
    assert.truthy(session)
    local wanted = { foreign = 400, other_path = 404, other_name = 400, post = 405, garbage = 400, hostile = 400 }
    for name, status in pairs(wanted) do
      assert.equal(tostring(status), seen[name]:match "^HTTP/1%.1 (%d+)", name)
    end
    assert.is_nil(seen.hostile:find("<script", 1, true))
  end)

  it("waits for nobody who connects and says nothing, or half of it", function()
    local silent, began = {}, nil
    local session = login({}, function(url, loop)
      local callback = assert(visitor.sign_in(url, "alice", PASSWORD))
      for i = 1, 20 do
        silent[i] = assert(socket.connect("127.0.0.1", port))
        if i % 2 == 0 then silent[i]:send "GET / HTTP/1.1\r\n" end
        loop:step(0.005)
      end
      began = socket.gettime()
      get(loop, callback:match "^http://localhost:%d+(/.*)$")
    end)
    for _, peer in ipairs(silent) do peer:close() end
    assert.truthy(session)
    assert.is_true(socket.gettime() - began < 4) -- one visitor alone would have five seconds
  end)

  it("ends when the person cancels at the page", function()
    local session, err = login({}, function(url, loop)
      local state = url:match "state=([^&]+)"
      local page = get(loop, "/?error=access_denied&error_description=%3Cb%3Eno%3C/b%3E&state=" .. state)
      assert.is_nil(page:find("<b>no", 1, true))
      assert.truthy(page:find("&lt;b&gt;no", 1, true))
    end)
    assert.is_nil(session)
    assert.equal("access_denied", err.code)
  end)

  it("gives up in time, closes the port, and can be cancelled", function()
    local before = socket.gettime()
    local _, err = login({ timeout = 0.2 }, function() end)
    assert.equal("login_timeout", err.code)
    assert.is_true(socket.gettime() - before < 2)
    local free = assert(posix.listener(port))
    free:close()
    local cancel = cognito.cancel()
    local _, cancelled = login({ cancel = cancel }, function() cancel:cancel() end)
    assert.equal("cancelled", cancelled.kind)
  end)

  it("takes the next registered port when one is taken, and says so when none is free", function()
    local taken = assert(posix.listener(0))
    local session = login({ ports = { taken:port(), port } }, function(url, loop)
      get(loop, assert(visitor.sign_in(url, "alice", PASSWORD)):match "^http://localhost:%d+(/.*)$")
    end)
    assert.truthy(session)
    local _, err = desk.browser_login(pool_on(nil), { ports = { taken:port() }, open = false })
    assert.equal("ports_taken", err.code)
    local _, none = desk.browser_login(pool_on(nil), {})
    assert.equal("ports", none.field)
    taken:close()
  end)
end)
