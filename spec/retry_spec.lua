-- When a request is sent again: the known answers of the SDKs' standard mode, and our exceptions.
local call = require("cognito.calls").by_name
local client = require "cognito.client"
local errors = require "cognito.errors"
local pool = require "cognito.pool"
local retry = require "cognito.protocol.retry"
local script_host = require "spec.support.script_host"

local function make(tokens)
  local host = script_host.new()
  host.random_bytes = function(n) return ("\255"):rep(n) end
  local value = assert(pool.new { user_pool_id = "eu-west-1_AbCdEf123", client_id = "abc" })
  local c = client.new(value, host)
  c.bucket = retry.new_bucket(tokens or 400)
  return c, host
end

local function delays(host)
  local out = {}
  for i, s in ipairs(host.sleeps) do out[i] = ("%.4g"):format(s) end
  return table.concat(out, " ")
end

-- rows: name, answers, delays, bucket at the end, success
local rows = {
  { "500, 500, 200", function(h) h:answer(500):answer(500):answer(200, "{}") end, "0.05 0.1", 386, true },
  { "500, 500, 500", function(h) h:answer(500):answer(500):answer(500) end, "0.05 0.1", 372, false },
  { "two throttlings, 200", function(h)
    h:refuse("TooManyRequestsException"):refuse("TooManyRequestsException"):answer(200, "{}")
  end, "1 2", 395, true },
  { "read timeout, 200", function(h) h:fail("timeout", { maybe_processed = true }):answer(200, "{}") end,
    "0.05", 400, true },
  { "500 with a hint of 1500 ms", function(h)
    h:answer(500, "", { ["x-amz-retry-after"] = "1500" }):answer(200, "{}")
  end, "1.5", 400, true },
  { "500 with a hint of 10000 ms", function(h)
    h:answer(500, "", { ["x-amz-retry-after"] = "10000" }):answer(200, "{}")
  end, "5.05", 400, true },
  { "500 with a hint below the backoff", function(h)
    h:answer(500, "", { ["x-amz-retry-after"] = "1" }):answer(200, "{}")
  end, "0.05", 400, true },
  { "500 with a negative or unreadable hint", function(h)
    h:answer(500, "", { ["x-amz-retry-after"] = "-5" }):answer(500, "", { ["x-amz-retry-after"] = "soon" })
      :answer(200, "{}")
  end, "0.05 0.1", 386, true },
  { "429 without a code", function(h) h:answer(429, {}) end, "", 400, false },
  { "501", function(h) h:answer(501) end, "", 400, false },
  { "NotAuthorizedException", function(h) h:refuse("NotAuthorizedException") end, "", 400, false },
  { "200", function(h) h:answer(200, "{}") end, "", 401, true },
  { "LimitExceededException (ours)", function(h) h:refuse("LimitExceededException") end, "", 400, false },
  { "a failed certificate check (ours)", function(h) h:fail("tls", { retryable = false }) end, "", 400, false },
  { "no such name, then 200", function(h) h:fail("dns"):answer(200, "{}") end, "0.05", 400, true },
  { "a throttling code with status 500", function(h)
    h:refuse("ThrottlingException", "slow", 500):answer(200, "{}")
  end, "1", 400, true },
}

describe("retry, standard mode of 2026, known answers (rand = 1, bucket 400)", function()
  for _, row in ipairs(rows) do
    it(row[1], function()
      local c, host = make()
      row[2](host)
      local answer, err = call(c, "ListDevices", { AccessToken = "x" }, c:context())
      assert.are.equal(row[3], delays(host))
      assert.are.equal(row[4], c.bucket.tokens)
      assert.are.equal(row[5], answer ~= nil, tostring(err))
      assert.are.equal(0, #host.script)
    end)
  end

  it("takes the cost before it waits", function()
    local c, host = make()
    local between
    host:fail("timeout", { maybe_processed = true }):reply(function()
      between = c.bucket.tokens
      return { status = 200, headers = "\r\n", body = "{}" }
    end)
    assert(call(c, "ListDevices", { AccessToken = "x" }, c:context()))
    assert.are.equal(386, between)
    assert.are.equal(400, c.bucket.tokens)
  end)

  it("stops at once when the bucket is too empty", function()
    local c, host = make(13)
    host:answer(500)
    local _, err = call(c, "ListDevices", { AccessToken = "x" }, c:context())
    assert.are.equal("server", err.kind)
    assert.are.equal(13, c.bucket.tokens)
    c.bucket.tokens = 5
    host:refuse("ThrottlingException"):answer(200, "{}")
    assert(call(c, "ListDevices", { AccessToken = "x" }, c:context()))
  end)

  it("never holds more than 500", function()
    local bucket = retry.new_bucket()
    retry.success(bucket)
    assert.are.equal(500, bucket.tokens)
    bucket.tokens = 495
    retry.success(bucket, 14)
    assert.are.equal(500, bucket.tokens)
  end)

  it("bounds the backoff at 20 s", function()
    assert.are.equal(20, retry.delay("throttling", 9, 1))
    assert.are.equal(20, retry.delay("transient", 30, 1))
    assert.are.equal(0, retry.delay("throttling", 9, 0))
  end)
end)

describe("what may be sent again (R1)", function()
  local function case(resend, fields, lost, wanted)
    local err = errors.new(fields.kind or "network", "x", fields)
    assert.are.equal(wanted, retry.is_safe(err, resend, lost))
  end

  it("anything that was not processed", function()
    for _, resend in ipairs { "safe", "answered", "once", false } do
      case(resend or nil, { kind = "connect", maybe_processed = false }, 5, true)
    end
  end)

  it("a lost answer: safe operations always, a refresh once, others never", function()
    case("safe", { maybe_processed = true }, 5, true)
    case("once", { maybe_processed = true }, 0, true)
    case("once", { maybe_processed = true }, 1, false)
    case("answered", { maybe_processed = true }, 0, false)
    case(nil, { maybe_processed = true }, 0, false)
  end)

  it("a 5xx answer: safe, answered and refresh; others never", function()
    for resend, wanted in pairs { safe = true, answered = true, once = true, never = false } do
      case(resend, { kind = "server", status = 500, maybe_processed = true }, 1, wanted)
    end
    case(nil, { kind = "server", status = 500, maybe_processed = true }, 0, false)
  end)
end)
