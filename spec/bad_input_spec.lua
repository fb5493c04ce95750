-- What a person or a program may give by mistake, in every option that takes text: refused before anything is sent,
-- with the option and the rule, and without the value.
local cognito = require "cognito"

local LONG = ("CANARY"):rep(30000)
-- Each class with a value; a program's mistake (a wrong Lua type) may also raise.
local CLASSES = {
  { "empty", "" }, { "too long", LONG }, { "a NUL", "CANARY\0" }, { "invalid UTF-8", "CANARY\255" },
  { "half a surrogate pair", "CANARY\237\160\128" }, { "overlong UTF-8", "CANARY\192\175" },
  { "a number", 12345678 }, { "a boolean", true }, { "a function", print }, { "a list", { "CANARY" } },
}
local BLANKS = { { "a blank", "CANARY b" }, { "a line feed", "CANARY\n" }, { "a tab", "\tCANARY" } }
local NON_ASCII = { { "wrong characters", "CANARY\195\169!" } }

local GOOD = {
  username = "alice", password = "Correct-horse1", code = "123456", new_password = "Correct-horse2",
  previous_password = "Correct-horse1", name = "email", key = "eu-west-1_0a-1b", refresh_token = ("r"):rep(50),
  credential_id = "x", user_pool_id = "eu-west-1_X", event_id = "e", feedback_token = "t", feedback = "Valid",
}

-- side, method, its text options; then those that take no blanks, and those that take ASCII of some kind alone
local METHODS = {
  { "pool", "sign_up", "username password", blanks = "username password" },
  { "pool", "confirm_sign_up", "username code", blanks = "username code" },
  { "pool", "resend_code", "username", blanks = "username" },
  { "pool", "forgot_password", "username", blanks = "username" },
  { "pool", "confirm_forgot_password", "username code new_password", blanks = "username code new_password" },
  { "pool", "event_feedback", "user_pool_id username event_id feedback_token feedback",
    blanks = "user_pool_id username event_id feedback_token feedback",
    ascii = "user_pool_id event_id feedback_token feedback" },
  { "pool", "revoke", "refresh_token", blanks = "refresh_token", ascii = "refresh_token" },
  { "pool", "sign_in", "username password", blanks = "username" },
  { "pool", "adopt", "refresh_token username", blanks = "refresh_token username", no_limit = "refresh_token" },
  { "session", "send_attribute_code", "name" },
  { "session", "verify_attribute", "name code", blanks = "code" },
  { "session", "change_password", "previous_password new_password", blanks = "previous_password new_password" },
  { "session", "verify_totp", "code", blanks = "code", ascii = "code" },
  { "session", "device", "key", blanks = "key", ascii = "key" },
  { "session", "forget_device", "key", blanks = "key", ascii = "key" },
  { "session", "delete_passkey", "credential_id" },
}

describe("bad input", function()
  local objects, sent

  setup(function()
    local pool = assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "client",
      endpoint = "http://localhost:9" })
    pool.host.send = function()
      sent = sent + 1
      return { status = 200, headers = "", body = "{}" }
    end
    objects = { pool = pool, session = assert(pool:adopt { refresh_token = ("r"):rep(50), username = "alice",
      access_token = ("a"):rep(50), expires_at = os.time() + 3600 }) }
  end)
  before_each(function() sent = 0 end)

  local function names_field(field, ok, value, err)
    if not ok then return tostring(value):find(field, 1, true) ~= nil end
    return value == nil and err.kind == "invalid" and err.field == field
      and err.message:find(field, 1, true) ~= nil
  end

  local function refused(method, options, field, class)
    local given = {}
    for option in options:gmatch "%S+" do given[option] = GOOD[option] end
    given[field] = class[2]
    local object = objects[method[1]]
    local ok, value, err = pcall(object[method[2]], object, given)
    local what = ("%s:%s %s with %s: "):format(method[1], method[2], field, class[1])
    assert.equal(0, sent, what .. "was sent")
    assert.is_true(names_field(field, ok, value, err), what .. tostring(value) .. " " .. tostring(err))
    assert.is_nil((tostring(value) .. tostring(err)):find("CANARY", 1, true), what .. "the value is shown")
  end

  local function is_one_of(list, word) return (" " .. (list or "") .. " "):find(" " .. word .. " ", 1, true) end

  for _, method in ipairs(METHODS) do
    it(("is refused by %s:%s"):format(method[1], method[2]), function()
      for field in method[3]:gmatch "%S+" do
        for _, class in ipairs(CLASSES) do
          if not (class[1] == "too long" and is_one_of(method.no_limit, field)) then
            refused(method, method[3], field, class)
          end
        end
        for _, class in ipairs(is_one_of(method.blanks, field) and BLANKS or {}) do
          refused(method, method[3], field, class)
        end
        for _, class in ipairs(is_one_of(method.ascii, field) and NON_ASCII or {}) do
          refused(method, method[3], field, class)
        end
      end
    end)
  end

  it("is refused as the name and as the value of an attribute", function()
    local session = objects.session
    local function refuses(attributes, field)
      local value, err = session:update_attributes { attributes = attributes }
      assert.is_nil(value)
      assert.equal(0, sent)
      assert.equal("invalid", err.kind)
      assert.equal(field, err.field)
    end
    for _, name in ipairs { "", ("x"):rep(33), "a\0", "\255", "a\1b" } do
      refuses({ [name] = "x" }, "attributes." .. name)
    end
    for _, name in ipairs { 5, true, print } do refuses({ [name] = "x" }, "attributes") end
    for _, value in ipairs { ("x"):rep(2049), "a\0", "\255", 5, true, {}, print } do
      refuses({ email = value }, "attributes.email")
    end
    for _, value in ipairs { "email", 5, true, print } do refuses(value, "attributes") end
    for _, list in ipairs { {}, "email", { 5 }, { "" }, { ("x"):rep(33) } } do
      local value, err = session:delete_attributes { names = list }
      assert.is_nil(value)
      assert.truthy(err.field:find "^names")
    end
    assert.equal(0, sent)
  end)

  it("is refused in numbers, switches and documents", function()
    local session = objects.session
    local function refuses(method, given, field)
      local value, err = session[method](session, given)
      assert.is_nil(value)
      assert.equal(0, sent)
      assert.equal(field, err.field)
    end
    for _, limit in ipairs { -1, 61, 1.5, 0 / 0, 1 / 0, "5", true, {} } do
      refuses("devices", { limit = limit }, "limit")
    end
    refuses("passkeys", { limit = 21 }, "limit")
    for _, value in ipairs { "on", 1, {}, { enable = true }, { enabled = "yes" } } do
      refuses("set_mfa", { totp = value }, "totp")
    end
    for _, value in ipairs { "", "text", "{", "[]", {}, { 1 }, 5, true } do
      refuses("complete_passkey", { credential = value }, "credential")
    end
  end)

  it("is refused in a raw call, by the name that the API has for it", function()
    for _, case in ipairs { { "ForgotPassword", { Username = "" }, "Username" },
      { "ForgotPassword", { Username = 5 }, "Username" }, { "ForgotPassword", {}, "Username" },
      { "ForgotPassword", { Username = "a", ClientMetadata = { a = 1 } }, "ClientMetadata.a" },
      { "ForgotPassword", { Username = "a", UserName = "a" }, "UserName" },
      { "SignUp", { Username = "a", UserAttributes = { { Name = "x", Value = "\255" } } }, "UserAttributes[1].Value" },
      { "SignUp", { Username = "a", UserAttributes = { { Value = "x" } } }, "UserAttributes[1].Name" },
      { "ConfirmDevice", { DeviceKey = "ABC" }, "DeviceKey" } } do
      local value, err = objects.session:call(case[1], case[2])
      assert.is_nil(value)
      assert.equal("invalid", err.kind)
      assert.equal(case[3], err.field)
      assert.equal(case[1], err.operation)
    end
    assert.equal(0, sent)
  end)

  it("raises where the program is at fault: no table, an unknown option, a wrong limit", function()
    local pool = objects.pool
    for _, case in ipairs { { "alice", "pool:forgot_password: a table of options" },
      { { usrname = "a" }, "did you mean username" },
      { { username = "a", deadline = "5" }, "deadline" },
      { { username = "a", max_attempts = 1.5 }, "max_attempts" } } do
      local ok, message = pcall(pool.forgot_password, pool, case[1])
      assert.is_false(ok)
      assert.truthy(message:find(case[2], 1, true), message)
    end
    assert.equal(0, sent)
  end)
end)
