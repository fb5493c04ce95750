-- Checks of option tables, and the nearest name.
local options = require "cognito.options"

local schema = { user_pool_id = "string", client_secret = "string|function|table", margin = "number",
  max_attempts = "integer", device = "boolean", anything = "any" }

local function check(given)
  return function() options.check(given, schema, "cognito.pool") end
end

local function message(fn)
  local ok, text = pcall(fn)
  assert.is_false(ok)
  return text
end

describe("options", function()
  it("passes what fits", function()
    local given = { user_pool_id = "x", client_secret = { "a", "b" }, margin = 1.5, max_attempts = 3,
      device = false, anything = {} }
    assert.are.equal(given, options.check(given, schema, "cognito.pool"))
  end)

  it("names the nearest option", function()
    for wrong, right in pairs { userpool_id = "user_pool_id", clientSecret = "client_secret", magrin = "margin",
      maxattempts = "max_attempts" } do
      local text = message(check { [wrong] = 1 })
      assert.is_truthy(text:find(("unknown option %q; did you mean %s?"):format(wrong, right), 1, true), text)
    end
  end)

  it("names none where none is near", function()
    assert.is_nil(message(check { zzzzzzzzzzzzzzz = 1 }):find("mean", 1, true))
    assert.is_truthy(message(check { "positional" }):find('unknown option "1"', 1, true))
  end)

  it("names the option and the types", function()
    assert.is_truthy(message(check { client_secret = 5 }):find(
      "cognito.pool: option client_secret must be string or function or table, not number", 1, true))
    assert.is_truthy(message(check { max_attempts = 1.5 }):find("must be integer", 1, true))
    assert.is_truthy(message(check { max_attempts = 1 / 0 }):find("must be integer", 1, true))
    assert.is_truthy(message(check("x")):find("a table of options is needed, not string", 1, true))
  end)

  it("blames the caller of the function that checks", function()
    local function pool(given) options.check(given, schema, "cognito.pool") end
    assert.is_truthy(message(function() pool { wrong = 1 } end):find("options_spec.lua:", 1, true))
  end)
end)
