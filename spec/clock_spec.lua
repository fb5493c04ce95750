-- The server's clock: the Date field, and how far it is believed.
local call = require("cognito.calls").by_name
local clock = require "cognito.protocol.clock"
local make = require("spec.support.clients").make

describe("the server's clock", function()
  it("reads every day of four centuries", function()
    for _, t in ipairs { 0, 951782399, 951782400, 951868800, 1078012800, 1709164800, 1790000000, 4102444800,
      12622780800 } do
      assert.are.equal(t, clock.parse(os.date("!%a, %d %b %Y %H:%M:%S GMT", t)))
    end
    for t = 0, 4e9, 86400 * 13 + 4567 do
      assert.are.equal(t, clock.parse(os.date("!%a, %d %b %Y %H:%M:%S GMT", t)))
    end
  end)

  it("refuses other forms", function()
    for _, text in ipairs { "", "x", "Sun, 06 Foo 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 CET" } do
      assert.is_nil(clock.parse(text))
    end
  end)

  it("measures the difference, and trusts it only while both our clocks run together", function()
    local c, host = make()
    host.server_ahead = 900
    host:answer(200, "{}")
    assert.is_nil(c.clock:difference(host.now(), host.monotime()))
    assert(call(c, "GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert.is_true(math.abs(c.clock:difference(host.now(), host.monotime()) - 900) < 1)
    host:pass(3600)
    assert.is_true(math.abs(c.clock:difference(host.now(), host.monotime()) - 900) < 1)
    host:set_clock(3600)
    assert.is_nil(c.clock:difference(host.now(), host.monotime()))
    host.server_ahead = -2700
    host:answer(200, "{}")
    assert(call(c, "GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert.is_true(math.abs(c.clock:difference(host.now(), host.monotime()) + 2700) < 1)
  end)

  it("does without a Date field", function()
    local c, host = make()
    host:answer(200, "{}", { Date = false }):answer(200, "{}", { Date = "nonsense" })
    assert(call(c, "GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert(call(c, "GlobalSignOut", { AccessToken = "t" }, c:context()))
    assert.is_nil(c.clock:difference(host.now(), host.monotime()))
  end)
end)
