--- What people type when they sign in, with the rules for it. It is apart from the other rules, and small, since every
-- sign-in needs it.
-- @module cognito.protocol.typed

local text_fault = require("cognito.core").text_fault

local typed = {}

-- The forms of the core (csrc/core/text.h) and the lengths in characters.
typed.forms = {
  Username = { "no_blanks", 1, 128 },
  -- A password that is proven, not set: whether it may hold spaces is for the pool's policy to say.
  KnownPassword = { "any", 1, 256 },
  ConfirmationCode = { "no_spaces", 1, 2048 },
  UserCode = { "digits", 6, 6 },
  Answer = { "any", 0, 131072 },
  AttributeName = { "name", 1, 32 },
  AttributeValue = { "any", 0, 2048 },
}

--- Checks what somebody typed.
-- @tparam string kind a name of `typed.forms`
-- @param value anything
-- @tparam string field the name that the error shall carry
-- @treturn boolean|nil true, or nil and an error of kind `invalid` with code `constraint`, `field` and, in the message,
-- the rule
function typed.check(kind, value, field)
  local form = typed.forms[kind]
  if not text_fault(value, form[1], form[2], form[3]) then return true end
  return require("cognito.protocol.rules").check(kind, value, field)
end

return typed
