-- Secrets in places where they have no business: each secret of this spec holds the word CANARY, and nothing that the
-- library writes for people or logs may hold that word.
local cognito = require "cognito"
local emulator = require "spec.support.emulator"
local tmp = require "spec.support.tmp"

local PASSWORD, SECRET = "CANARY-password-1", "CANARYsecretCANARYsecretCANARY01"
local TOTP = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

describe("canaries", function()
  local emu, seen

  setup(function()
    emu = emulator.start { config = {
      mfa = "OPTIONAL", limits = false, device_tracking = "always",
      users = {
        alice = { password = PASSWORD, attributes = { email = "CANARY@example.com" } },
        tom = { password = PASSWORD, totp_secret = TOTP, mfa = { "SOFTWARE_TOKEN_MFA" } },
        nina = { password = PASSWORD, status = "FORCE_CHANGE_PASSWORD" },
      },
      clients = { { id = "canaryclient", secrets = { SECRET }, rotation = { grace = 0 } } },
    } }
  end)

  teardown(function()
    emu.stop()
    tmp.cleanup()
  end)

  -- Everything that a program could print or log, in one list.
  local function note(...)
    for i = 1, select("#", ...) do seen[#seen + 1] = tostring((select(i, ...))) end
  end

  local function deep(value, depth)
    if type(value) ~= "table" then return note(value) end
    note(value)
    if depth == 0 then return end
    for k, v in pairs(value) do
      note(k)
      deep(v, depth - 1)
    end
  end

  local function pool_of(more)
    local options = {
      user_pool_id = emu.pool_id, client_id = "canaryclient", client_secret = SECRET, endpoint = emu.url,
      device = true, max_attempts = 1,
      logger = function(level, message, fields)
        note(level, message)
        deep(fields, 3)
      end,
      on_warning = function(err) deep(err, 3) end,
      on_signed_out = note, on_refresh = note,
    }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(cognito.pool(options))
  end

  -- The tokens are secrets, too, and the emulator does not write CANARY into them.
  local function tokens_of(session)
    local record = session:export()
    return { record.access_token, record.id_token, record.refresh_token, record.device and record.device.password }
  end

  local function check(secrets)
    for _, text in ipairs(seen) do
      assert.is_nil(text:find("CANARY", 1, true), text)
      -- Half a token is a leak as well; the first characters of all JWTs are the same, the last ones differ.
      for _, secret in ipairs(secrets or {}) do
        assert.is_nil(text:find(secret:sub(-24), 1, true), "a token in: " .. text)
        assert.is_nil(text:find(secret:sub(1, 48), 1, true), "a token in: " .. text)
      end
    end
  end

  before_each(function()
    seen = {}
    emu.reset()
  end)

  it("stay out of a sign-in, a refresh, calls and a sign-out, with the logger on", function()
    local pool = pool_of()
    note(pool, pool.client, pool.storage)
    local step = assert(pool:sign_in { username = "alice", password = PASSWORD })
    note(step)
    local session = step.session
    local secrets = tokens_of(session)
    note(session, session.device)
    deep(select(2, session:change_password { previous_password = "CANARY-wrong-1", new_password = "CANARY-new-12" }), 3)
    deep(select(2, session:update_attributes { attributes = { nonsense = "CANARY" } }), 3)
    assert(session:refresh())
    for _, token in ipairs(tokens_of(session)) do secrets[#secrets + 1] = token end
    assert(session:sign_out().cleared)
    note(select(2, session:access_token()))
    check(secrets)
  end)

  it("stay out of errors, also when the service would echo them", function()
    local pool = pool_of()
    for _, flow in ipairs { "USER_PASSWORD_AUTH", "USER_SRP_AUTH" } do
      deep(select(2, pool:sign_in { username = "alice", password = "CANARY-wrong-1", flow = flow }), 3)
    end
    emu.faults { { error = "InvalidParameterException", operation = "InitiateAuth",
      message = "the value '" .. PASSWORD .. "' at 'password' is wrong" } }
    deep(select(2, pool:sign_in { username = "alice", password = PASSWORD, flow = "USER_PASSWORD_AUTH" }), 3)
    deep(select(2, pool:sign_up { username = "bob", password = "CANARY with blanks" }), 3)
    deep(select(2, pool:confirm_sign_up { username = "bob", code = "CANARY code" }), 3)
    deep(select(2, pool:call("RevokeToken", { Token = "CANARY\n" })), 3)
    deep(select(2, pool:adopt { refresh_token = "CANARY\r\nX: y" }), 3)
    deep(select(2, cognito.pool { user_pool_id = "CANARY", client_id = "c" }), 0)
    check()
  end)

  it("stay out of challenges that are only looked at", function()
    local pool = pool_of()
    for _, name in ipairs { "tom", "nina" } do
      local step = assert(pool:sign_in { username = name, password = PASSWORD })
      note(step, step.challenge, step.challenge.name)
      deep(select(2, step:answer "CANARY-answer"), 3)
      local sealed = assert(step:dump { key = ("k"):rep(32) })
      note(sealed)
    end
    check()
  end)

  it("stay out of what a broken connection leaves behind", function()
    local pool = pool_of()
    local session = assert(pool:sign_in { username = "alice", password = PASSWORD }).session
    local secrets = tokens_of(session)
    for _, fault in ipairs { "reset!", "truncate", "json-garbage", "html:502", "redirect:302", "huge-header" } do
      emu.faults { { fault = fault, times = 1 } }
      deep(select(2, session:refresh()), 3)
      emu.faults {}
    end
    emu.faults { { error = "NotAuthorizedException", operation = "GetTokensFromRefreshToken",
      message = "Invalid Refresh Token " .. session:export().refresh_token } }
    deep(select(2, session:refresh()), 3)
    check(secrets)
  end)

  it("stay out of a sealed file store", function()
    local folder = tmp.dir()
    local storage = cognito.storage.file { path = folder .. "/store", key = ("k"):rep(32) }
    local session = assert(pool_of { storage = storage }:sign_in { username = "alice", password = PASSWORD }).session
    local pipe = io.popen("cat " .. folder .. "/store/*")
    local content = pipe:read "*a"
    pipe:close()
    assert.is_true(#content > 100)
    note(content, storage)
    check(tokens_of(session))
  end)
end)
