--- The attributes of a pool: which there are, who may write them, what their values look like.
-- @module cognito.emulator.schema

local errors = require "cognito.emulator.errors"

local M = {}

local STANDARD = {}
for name in ([[address birthdate email family_name gender given_name locale middle_name name nickname phone_number
  picture preferred_username profile updated_at website zoneinfo]]):gmatch("%S+") do STANDARD[name] = true end

local RESERVED = { sub = true, email_verified = true, phone_number_verified = true, identities = true }

local FORMS = {
  email = { "^[^@%s]+@[^@%s]+%.[^@%s.]+$", "Invalid email address format." },
  phone_number = { "^%+%d%d%d+$", "Invalid phone number format." },
  birthdate = { "^%d%d%d%d%-%d%d%-%d%d$", "Attributes did not conform to the schema: birthdate: Invalid format." },
  updated_at = { "^%d+$", "Attributes did not conform to the schema: updated_at: Invalid format." },
}

local function known(pool, name)
  return STANDARD[name] or pool.config.attributes[name]
end

--- Checks one attribute that a client wants to write.
-- @tparam table pool
-- @tparam string name
-- @tparam string value
function M.check(pool, name, value)
  errors.check(not RESERVED[name], "NotAuthorized", "A client attempted to write unauthorized attribute")
  errors.check(known(pool, name), "InvalidParameter",
    ("Attributes did not conform to the schema: %s: Attribute does not exist in the schema."):format(name))
  local form = FORMS[name]
  errors.check(not form or value:find(form[1]), "InvalidParameter", form and form[2])
end

--- @treturn boolean whether a user may change it later
function M.mutable(pool, name)
  local own = pool.config.attributes[name]
  return not (own and own.mutable == false)
end

--- Checks that nothing required is missing.
function M.check_required(pool, attributes)
  for _, name in ipairs(pool.config.required_attributes) do
    errors.check((attributes[name] or "") ~= "", "InvalidParameter",
      ("Attributes did not conform to the schema: %s: The attribute is required"):format(name))
  end
end

--- @tparam table list `{ { Name, Value } ... }`
-- @treturn table name -> value
function M.map(list)
  local out = {}
  for _, item in ipairs(list or {}) do out[item.Name] = item.Value or "" end
  return out
end

return M
