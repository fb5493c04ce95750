-- docs/sign-in.md: its loop runs, and its table lists every challenge that a caller can be asked.
local challenges = require "cognito.protocol.challenges"
local cognito = require "cognito"
local docs = require "spec.support.docs"
local emulator = require "spec.support.emulator"
local rounds = require "cognito.rounds"
local source = require "spec.support.source"

local text = source.read "docs/sign-in.md"

describe("docs/sign-in.md", function()
  it("has a loop that signs in through questions and wrong answers", function()
    local code = docs.example("docs/sign-in.md", "loop")
    local sign_in = assert(load("local pool, username, password, ask, say = ...\n" .. code))
    local e = emulator.start { config = { mfa = "OPTIONAL", users = { sms = { password = "Correct-horse1",
      mfa = { "SMS_MFA" }, attributes = { phone_number = "+491701234567" } } } } }
    finally(e.stop)
    local pool = assert(cognito.pool { user_pool_id = e.pool_id, client_id = e.client_id, endpoint = e.url })
    local asked, said = 0, {}
    local function ask(challenge)
      assert.equal("SMS_MFA", challenge.name)
      asked = asked + 1
      return ({ "000", " ", e.code() })[asked]
    end
    local session = assert(sign_in(pool, "sms", "Correct-horse1", ask, function(err) said[#said + 1] = err.kind end))
    assert.equal("sms", session.username)
    assert.same({ "rejected", "invalid" }, said)
    local none, err = sign_in(pool, "sms", "wrong", ask)
    assert.is_nil(none)
    assert.equal("auth", err.kind)
  end)

  it("lists every challenge and every flow", function()
    for _, row in ipairs(challenges.list) do
      assert.truthy(text:find("`" .. row.name .. "`", 1, true), row.name)
      for name in pairs(row.parameters or {}) do assert.truthy(text:find("`" .. name .. "`", 1, true), name) end
    end
    for name in pairs(rounds.flows) do assert.truthy(text:find("| `" .. name .. "`", 1, true), name) end
  end)
end)
