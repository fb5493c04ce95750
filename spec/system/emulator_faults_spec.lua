-- Every fault of the matrix as curl sees it, over HTTP and over TLS.

local emulator = require "spec.support.emulator"

local BODY = '{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"emulatorclient",' ..
  '"AuthParameters":{"USERNAME":"alice","PASSWORD":"Correct-horse1"}}'

-- fault -> curl's exit status and, where an answer arrives, the HTTP status
local WANTED = {
  hang = { 28 }, ["delay:0.1"] = { 0, 200 }, close = { 52 }, ["close!"] = { 52 }, reset = { 56 }, ["reset!"] = { 56 },
  ["reset-headers"] = { 56 }, ["reset-body"] = { 56 }, truncate = { 18 }, ["truncate!"] = { 18 },
  ["truncate-close"] = { 0, 200 }, ["chunk-truncate"] = { 18 }, longer = { 0, 200 }, ["dup-length"] = { 0, 200 },
  ["bad-length"] = { 8 }, ["chunk-garbage"] = { 56 }, ["chunk-huge"] = { 56 }, slow = { 28 }, ["slow-headers"] = { 28 },
  chunked = { 0, 200 }, ["gzip-ok"] = { 0, 200 }, ["many-headers:100"] = { 0, 200 },
  ["many-headers:10000"] = { 0, 200 }, ["continue-spam:10"] = { 0, 200 }, ["wrong-type"] = { 0, 200 }, huge = { 63 },
  endless = { 28 }, ["gzip-bomb"] = { 61 }, ["huge-header"] = { 27 }, ["not-http"] = { 1 }, http09 = { 1 },
  ["redirect:301"] = { 0, 301 }, ["redirect:308"] = { 0, 308 }, ["redirect-loop"] = { 0, 307 },
  ["redirect-file"] = { 0, 302 }, throttle = { 0, 400 }, throttle429 = { 0, 429 }, ["status:503"] = { 0, 503 },
  ["html-200"] = { 0, 200 }, ["html-407"] = { 0, 407 }, ["html-502"] = { 0, 502 }, empty = { 0, 200 },
  ["204"] = { 0, 204 }, ["json-garbage"] = { 0, 200 }, ["json-truncated"] = { 0, 200 }, ["json-list"] = { 0, 200 },
  ["json-null"] = { 0, 200 }, ["json-number"] = { 0, 200 }, ["json-string"] = { 0, 200 }, ["json-types"] = { 0, 200 },
  ["json-deep"] = { 0, 200 }, ["json-duplicate"] = { 0, 200 }, ["json-utf8"] = { 0, 200 }, ["json-nul"] = { 0, 200 },
  ["json-empty-object"] = { 0, 200 }, ["skew:900"] = { 0, 200 }, stall = { 28 },
}

local TLS = { ["tls-expired"] = { 60 }, ["tls-wrong-host"] = { 60 }, ["tls-self-signed"] = { 60 },
  ["tls-1.1"] = { 35 } }

-- Several requests over one connection where `count` is given.
local function curl(e, seconds, count)
  local urls = (" -o " .. e.folder .. "/answer '" .. e.url .. "/'"):rep(count or 1)
  local pipe = io.popen(("curl -s --compressed --max-filesize 1000000 -m %s %s -D %s/head "
    .. "-w '%%{http_code} %%{exitcode} ' -H 'Content-Type: application/x-amz-json-1.1' "
    .. "-H 'X-Amz-Target: AWSCognitoIdentityProviderService."
    .. "InitiateAuth' -d '%s' %s 2>/dev/null"):format(seconds, e.ca_file and "--cacert " .. e.ca_file or "", e.folder,
    BODY, urls))
  local out = pipe:read "*a"
  pipe:close()
  local status, exit = out:match "(%d+) (%d+) $"
  return tonumber(exit), tonumber(status), out
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

for _, tls in ipairs { false, true } do
  describe("the emulator's faults over " .. (tls and "TLS" or "HTTP"), function()
    local e

    setup(function()
      e = emulator.start { tls = tls, config = { users = { alice = { password = "Correct-horse1" } } } }
    end)
    teardown(function() e.stop() end)

    local function plays(fault, wanted)
      e.faults { { fault = fault, times = 1 } }
      local exit, status = curl(e, wanted[1] == 28 and 0.4 or 20)
      assert.equal(wanted[1], exit, fault)
      if wanted[2] then assert.equal(wanted[2], status, fault) end
      local again, sound = curl(e, 20)
      assert.same({ 0, 200 }, { again, sound }, "after " .. fault)
    end

    for fault, wanted in pairs(WANTED) do
      it("plays " .. fault, function() plays(fault, wanted) end)
    end

    if tls then
      for fault, wanted in pairs(TLS) do
        it("plays " .. fault, function() plays(fault, wanted) end)
      end
    end

    it("resets a kept connection before or after the next request was processed", function()
      e.reset()
      e.faults { { fault = "stale", times = 1 } }
      curl(e, 5, 2)
      -- curl repeats a request that a kept connection refused, so the server sees two, the first whole and unharmed
      assert.equal(2, #e.requests())
      e.reset()
      e.faults { { fault = "stale-lost", times = 1 } }
      curl(e, 5, 2)
      local list = e.requests()
      assert.same({ 200, 200 }, { list[1].status, list[2].status })
      assert.equal("reset!", list[2].fault)
      assert.is_true(list[2].processed)
    end)

    it("moves the clock for one answer", function()
      e.faults { { fault = "skew:-900", times = 1 } }
      curl(e, 5)
      local head, body = read(e.folder .. "/head"), read(e.folder .. "/answer")
      local date = head:match "Date: ([^\r]+)"
      local stamp = tonumber(io.popen("date -d '" .. date .. "' +%s"):read "*l")
      assert.near(os.time() - 900, stamp, 3)
      local payload = body:match '"AccessToken":"[^.]+%.([^.]+)'
      local claims = io.popen("printf %s '" .. payload .. "' | tr '_-' '/+' | base64 -di 2>/dev/null"):read "*a"
      assert.near(os.time() - 900, tonumber(claims:match '"iat":(%d+)'), 3)
    end)
  end)
end

describe("choosing who meets a fault", function()
  local e

  setup(function()
    e = emulator.start { config = { users = { alice = { password = "Correct-horse1" } },
      clients = { { id = "emulatorclient" }, { id = "other" } } } }
  end)
  teardown(function() e.stop() end)
  before_each(function() e.reset() end)

  it("goes by the number of the request", function()
    e.faults { { fault = "status:503", nth = 2 } }
    local seen = {}
    for i = 1, 3 do local _, status = curl(e, 5); seen[i] = status end
    assert.same({ 200, 503, 200 }, seen)
  end)

  it("goes by operation, path and client", function()
    e.faults { { fault = "status:503", operation = "GetUser" }, { fault = "status:502", client_id = "other" },
      { fault = "status:500", operation = "/nowhere" } }
    assert.equal(200, (select(2, curl(e, 5))))
    assert.equal(503, (e.call("GetUser", { AccessToken = "x" })))
    assert.equal(502, (e.call("RevokeToken", { ClientId = "other", Token = "x" })))
    assert.equal(500, (e.http("GET", "/nowhere")))
  end)

  it("goes by a rate", function()
    e.faults { { fault = "status:503", rate = 0.5 } }
    for _ = 1, 40 do curl(e, 5) end
    local counts = e.counts().InitiateAuth
    assert.is_true(counts.ok > 5 and counts["fault status:503"] > 5)
  end)

  it("answers with any error on demand", function()
    e.faults { { error = "UserLambdaValidationException", message = "PreSignUp failed with error no.", times = 1 } }
    local status, body, head = e.call("InitiateAuth", BODY)
    assert.equal(400, status)
    assert.same({ __type = "UserLambdaValidationException", message = "PreSignUp failed with error no." }, body)
    assert.truthy(head:find("x-amzn-ErrorType: UserLambdaValidationException:", 1, true))
  end)

  it("does not process a request unless the fault says so", function()
    local function tries(fault)
      e.user("alice", { locked_until = 0 })
      e.faults { { fault = fault, times = 1 } }
      local _, first = e.call("InitiateAuth", BODY)
      assert.is_nil(first)
      return e.requests("InitiateAuth")[1]
    end
    local entry = tries "reset"
    assert.same({ 0, false }, { entry.status, entry.processed })
    e.reset()
    entry = tries "reset!"
    assert.same({ 200, true }, { entry.status, entry.processed })
  end)

  it("opens a port on which connecting never ends", function()
    local port = e.blackhole()
    local pipe = io.popen(("curl -s -m 0.5 http://127.0.0.1:%d/ -w '%%{exitcode} %%{num_connects}'"):format(port))
    assert.equal("28 0", pipe:read "*a")
  end)

  it("refuses a fault that it does not know", function()
    local ok, err = pcall(e.faults, { { fault = "explode" } })
    assert.is_false(ok)
    assert.truthy(err:find("no fault is called explode", 1, true))
    assert.is_false((pcall(e.faults, { { fault = "close", wen = 1 } })))
  end)
end)
