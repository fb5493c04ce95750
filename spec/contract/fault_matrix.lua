--- Every network fault of HTTP/1.1 that a refresh can meet, in every host, over HTTP and TLS: the kind of the error,
-- how often it was sent, what became of the session, and that no call outlives its deadline.
-- @module spec.contract.fault_matrix
local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local nginx = require "spec.support.nginx"
local tmp = require "spec.support.tmp"

local assert = require "luassert"

-- Valgrind makes the library some twenty times as slow, a handshake longer than the usual timeout here.
local FACTOR = os.getenv "VALGRIND" and 4 or 1
local TIMEOUT, DEADLINE = 0.5 * FACTOR, 2 * FACTOR
-- Beside what the library promises (0.1 s), for a machine that does other things too; what hangs here hangs longer.
local LATE = 2.0 * FACTOR

local OK, NETWORK, BAD, TIME = { ok = true }, { network = true }, { bad_response = true }, { timeout = true }
local LARGE, REDIRECT, SERVER = { response_too_large = true }, { http_redirect = true }, { server = true }
-- The pause before the repetition may be longer than the deadline here.
local THROTTLED, LATER = { throttled = true }, { ok = true, throttled = true }
local EITHER = { network = true, bad_response = true }

-- fault: as the emulator names it. kinds: what one that stays ends in (ok: the fault is harmless).
-- once: what comes of a fault that strikes the first request alone, where it is sent again: once where the first may
-- have been processed, twice where the service has answered that it was not. Without it, it is sent a single time.
local ROWS = {
  { "hang", TIME, once = OK }, { "delay:5", TIME, once = OK }, { "slow", TIME, once = OK },
  { "slow-headers", TIME, once = OK },
  { "close", NETWORK, once = OK }, { "reset", NETWORK, once = OK }, { "close!", NETWORK, once = OK },
  { "reset!", NETWORK, once = OK }, { "reset-headers", NETWORK, once = OK }, { "reset-body", NETWORK, once = OK },
  { "truncate", NETWORK, once = OK }, { "chunk-truncate", NETWORK, once = OK },
  { "truncate-close", BAD, once = OK },
  { "longer", EITHER, once = OK }, { "longer!", EITHER, once = OK },
  { "dup-length", EITHER, once = OK }, { "bad-length", EITHER, once = OK }, { "chunk-garbage", EITHER, once = OK },
  { "chunk-huge", EITHER, once = OK },
  { "chunked", OK }, { "many-headers:100", OK }, { "continue-spam:10", OK }, { "wrong-type", OK }, { "gzip-ok", BAD },
  { "huge", LARGE }, { "endless", LARGE }, { "huge-header", LARGE }, { "many-headers:10000", LARGE },
  -- Compressed is all that it ever gets to be, when there is time to make and send it.
  { "gzip-bomb", { response_too_large = true, bad_response = true, timeout = true }, most = 2 },
  { "not-http", BAD }, { "http09", BAD },
  { "redirect:301", REDIRECT }, { "redirect:302", REDIRECT }, { "redirect:303", REDIRECT },
  { "redirect:307", REDIRECT }, { "redirect:308", REDIRECT }, { "redirect-loop", REDIRECT },
  { "redirect-file", REDIRECT },
  { "status:500", SERVER, once = OK }, { "status:502", SERVER, once = OK }, { "status:503", SERVER, once = OK },
  { "status:504", SERVER, once = OK }, { "html:502", SERVER, once = OK }, { "html:503", SERVER, once = OK },
  { "html:200", BAD }, { "html:407", BAD }, { "empty", BAD }, { "204", BAD }, { "json-garbage", BAD },
  { "json-truncated", BAD, once = OK }, { "json-list", BAD }, { "json-null", BAD }, { "json-number", BAD },
  { "json-string", BAD }, { "json-types", BAD }, { "json-deep", BAD }, { "json-utf8", BAD },
  { "json-empty-object", BAD }, { "json-duplicate", { ok = true, bad_response = true } }, { "json-nul", BAD },
  { "throttle", THROTTLED, once = LATER }, { "throttle429", THROTTLED, once = LATER },
  { "skew:900", OK }, { "skew:-900", OK },
  { "stale", { ok = true, network = true }, once = OK }, { "stale-lost", { ok = true, network = true }, once = OK },
}

local ERRORS = {
  { "TooManyRequestsException", "throttled", true }, { "LimitExceededException", "limited", true },
  { "InternalErrorException", "server", true }, { "ForbiddenException", "config", true },
  { "ResourceNotFoundException", "config", true }, { "InvalidParameterException", "config", true },
  { "NotAuthorizedException", "sign_in_required", false }, { "UserNotFoundException", "sign_in_required", false },
  { "PasswordResetRequiredException", "sign_in_required", false },
  { "UserNotConfirmedException", "sign_in_required", false },
  { "RefreshTokenReuseException", "sign_in_required", false }, { "SomethingNewException", "rejected", true },
}

local SERVER_BLOCK = [[
    %s
    lua_socket_log_errors off;
    location /act { content_by_lua_block { require("spec.support.ngx.fault_agent").serve() } }
]]

local INIT = [[ init_by_lua_block { require("spec.support.ngx.fault_agent").init { %s } } ]]

local AGENTS = {}

local function literal(options)
  local parts = {}
  for name, value in pairs(options) do
    parts[#parts + 1] = name .. "=" .. (type(value) == "string" and ("%q"):format(value) or tostring(value))
  end
  return table.concat(parts, ",")
end

function AGENTS.blocking(options)
  local agent = require "spec.support.ngx.fault_agent"
  options.host = require("cognito.host.blocking").new()
  agent.init(options)
  return { act = agent.act, stop = function() end }
end

function AGENTS.loop(options)
  local agent = require "spec.support.ngx.fault_agent"
  local loop = require("cognito.host.loop").new {}
  options.host = loop
  agent.init(options)
  local function act(name)
    local result
    loop:spawn(function() result = agent.act(name) end)
    loop:run()
    return result
  end
  return { act = act, stop = function() loop:close() end }
end

function AGENTS.nginx(options, ca_file)
  local ca = ca_file and ("lua_ssl_trusted_certificate %s; lua_ssl_verify_depth 3;"):format(ca_file) or ""
  options.ca_file = nil
  local server = nginx.start { workers = 1, http = INIT:format(literal(options)), server = SERVER_BLOCK:format(ca) }
  local function act(name)
    local status, body = server:request("/act?do=" .. name)
    assert.equal(200, status, body)
    return cjson.decode(body)
  end
  return { act = act, stop = function() server:stop() end }
end

local function outcome(result) return result.ok and "ok" or result.kind end

-- `busted` is the environment of the spec, where busted puts its words.
local function run_matrix(busted, host, tls)
  local it, setup, teardown = busted.it, busted.setup, busted.teardown
  local emu, agent, latest

  setup(function()
    emu = emulator.start { tls = tls, config = {
      users = { alice = { password = "Correct-horse1" } }, limits = false,
      clients = { { id = "matrixclient", access_token_ttl = 3600, rotation = { grace = 60 } } },
    } }
    agent = AGENTS[host]({
      user_pool_id = emu.pool_id, client_id = emu.client_id, endpoint = emu.url, ca_file = emu.ca_file,
      timeout = TIMEOUT, deadline = DEADLINE,
    }, emu.ca_file)
    latest = 0
  end)

  teardown(function()
    if agent then agent.stop() end
    if emu then emu.stop() end
    tmp.cleanup()
    print(("%s%s: latest call %.0f ms past its deadline"):format(host, tls and " over TLS" or "", latest * 1000))
  end)

  local function act(name)
    local result = agent.act(name)
    local late = result.seconds - DEADLINE
    latest = math.max(latest, late)
    assert.is_true(late < LATE, ("%s took %.2f s"):format(name, result.seconds))
    return result
  end

  local function sign_in()
    emu.reset()
    local result = agent.act "sign_in"
    assert.is_true(result.ok, result.text)
  end

  local function count() return (emu.counts().GetTokensFromRefreshToken or { requests = 0 }).requests end

  for _, row in ipairs(ROWS) do
    local fault, kinds = row[1], row[2]
    it("meets " .. fault, function()
      sign_in()
      emu.faults { { fault = fault, operation = "GetTokensFromRefreshToken" } }
      local result = act "refresh"
      assert.is_true(kinds[outcome(result)] or false, outcome(result) .. ": " .. tostring(result.text))
      assert.is_true(result.kept, "the session is gone")
      local most = row.most or not row.once and 1 or (kinds == SERVER or kinds == THROTTLED) and 3 or 2
      assert.is_true(count() <= most, count() .. " requests")
      emu.faults {}
      assert.is_true(act("refresh").ok, "no refresh after the fault was over")
    end)
    if row.once then
      it("meets " .. fault .. " once", function()
        sign_in()
        emu.faults { { fault = fault, operation = "GetTokensFromRefreshToken", times = 1 } }
        local result = act "refresh"
        assert.is_true(row.once[outcome(result)] or false, outcome(result) .. ": " .. tostring(result.text))
        assert.is_true(result.kept)
        emu.faults {}
        assert.is_true(act("refresh").ok)
      end)
    end
  end

  for _, row in ipairs(ERRORS) do
    it("is told " .. row[1], function()
      sign_in()
      emu.faults { { error = row[1], operation = "GetTokensFromRefreshToken" } }
      local result = act "refresh"
      assert.equal(row[2], outcome(result))
      assert.equal(row[3], result.kept)
    end)
  end
end

local M = {}

--- Defines the examples of one host.
-- @tparam string host "blocking", "loop" or "nginx"
-- @tparam table busted the spec's environment
function M.define(host, busted)
  for _, tls in ipairs { false, true } do
    busted.describe(("the fault matrix: %s over %s:"):format(host, tls and "TLS" or "HTTP"), function()
      local available, why = true, nil
      if host == "nginx" then available, why = nginx.available() end
      if not available then
        busted.pending("needs nginx: " .. why)
        return
      end
      run_matrix(busted, host, tls)
    end)
  end
end

return M
