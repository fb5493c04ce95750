--- Factors: MFA preferences, TOTP, passkeys, and the devices that the pool remembers.
-- Rows that become methods of a session; options, hosts and errors as in `cognito.user.account`.
-- @module cognito.user.factors
local errors = require "cognito.errors"
local json = require "cognito.json"
local user = require "cognito.user"

local factors = { session = {} }

--- The user's MFA settings (GetUser).
-- @function session:mfa
-- @treturn table `preferred` (nil or a name such as "SOFTWARE_TOKEN_MFA"), `enabled` (list of names)
factors.session.mfa = {
  operation = "GetUser",
  answer = function(out) return { preferred = out.PreferredMfaSetting, enabled = out.UserMFASettingList or {} } end,
}

--- Chooses MFA factors (SetUserMFAPreference). A factor that is not named stays as it is.
-- @function session:set_mfa
-- @tparam table options `sms`, `totp`, `email`: true, false or `{ enabled=, preferred= }`; `passkey`: true or false
-- @treturn boolean true
factors.session.set_mfa = {
  operation = "SetUserMFAPreference",
  args = {
    sms = "SMSMfaSettings", totp = "SoftwareTokenMfaSettings", email = "EmailMfaSettings",
    passkey = "WebAuthnMfaSettings",
  },
}

--- Sets MFA options in the way that SetUserMFAPreference has replaced (SetUserSettings).
-- @function session:set_user_settings
-- @tparam table options `mfa_options`: list of `{ DeliveryMedium = "SMS", AttributeName = "phone_number" }`
-- @treturn boolean true
factors.session.set_user_settings = {
  operation = "SetUserSettings", required = { "mfa_options" }, args = { mfa_options = "MFAOptions" },
}

--- The ways in which this user can sign in (GetUserAuthFactors).
-- @function session:auth_factors
-- @treturn table `username`, `preferred_mfa`, `mfa` (list), `factors` (list such as "PASSWORD", "WEB_AUTHN")
factors.session.auth_factors = {
  operation = "GetUserAuthFactors",
  answer = function(out)
    return {
      username = out.Username, preferred_mfa = out.PreferredMfaSetting, mfa = out.UserMFASettingList or {},
      factors = out.ConfiguredUserAuthFactors or {},
    }
  end,
}

--- Begins to enrol a TOTP app (AssociateSoftwareToken). `cognito.totp.uri` makes the text of its QR code.
-- @function session:associate_totp
-- @treturn table `secret` (base32)
factors.session.associate_totp = {
  operation = "AssociateSoftwareToken",
  answer = function(out) return { secret = out.SecretCode } end,
}

--- Finishes the enrolment with a code of the app (VerifySoftwareToken).
-- @function session:verify_totp
-- @tparam table options `code` (six digits), `device_name`
-- @treturn boolean|nil true, or nil and an error: `rejected` when the code is wrong; the enrolment can be tried again
factors.session.verify_totp = {
  operation = "VerifySoftwareToken", required = { "code" },
  args = { code = "UserCode", device_name = "FriendlyDeviceName" },
  answer = function(out)
    if out.Status == "SUCCESS" then return true end
    return nil, errors.new("rejected", "the code was not accepted; check the clock of the device that made it",
      { code = "CodeMismatchException", operation = "VerifySoftwareToken" })
  end,
}

-- Members of the options that are lists also when they are empty: an empty table alone would be written as an object,
-- and the browser refuses that (Web Authentication Level 3, 5.1.8).
local LISTS = { pubKeyCredParams = true, excludeCredentials = true, transports = true, hints = true,
  attestationFormats = true }

local function mark_lists(value)
  for name, member in pairs(value) do
    if type(member) == "table" then
      if LISTS[name] then json.list(member) end
      mark_lists(member)
    end
  end
end

--- Begins to register a passkey (StartWebAuthnRegistration).
-- @function session:start_passkey
-- @treturn string the options as JSON text, for the browser's `navigator.credentials.create`
-- @treturn table the same as a table
factors.session.start_passkey = {
  operation = "StartWebAuthnRegistration",
  answer = function(out)
    local document = out.CredentialCreationOptions
    if type(document) ~= "table" then
      return nil, errors.new("bad_response", "the answer holds no credential options",
        { operation = "StartWebAuthnRegistration", field = "CredentialCreationOptions" })
    end
    mark_lists(document)
    return json.encode(document), document
  end,
}

--- Finishes the registration of a passkey (CompleteWebAuthnRegistration).
-- @function session:complete_passkey
-- @tparam table options `credential`: what the browser gave, as JSON text or table
-- @treturn boolean true
factors.session.complete_passkey = {
  operation = "CompleteWebAuthnRegistration", required = { "credential" }, args = { credential = "Credential" },
}

--- Deletes a passkey (DeleteWebAuthnCredential).
-- @function session:delete_passkey
-- @tparam table options `credential_id`
-- @treturn boolean true
factors.session.delete_passkey = {
  operation = "DeleteWebAuthnCredential", required = { "credential_id" }, args = { credential_id = "CredentialId" },
}

local function passkey(item)
  return {
    credential_id = item.CredentialId, name = item.FriendlyCredentialName, relying_party_id = item.RelyingPartyId,
    transports = item.AuthenticatorTransports or {}, attachment = item.AuthenticatorAttachment,
    created_at = item.CreatedAt,
  }
end

local function device(item)
  return {
    key = item.DeviceKey, attributes = user.attributes(item.DeviceAttributes), created_at = item.DeviceCreateDate,
    modified_at = item.DeviceLastModifiedDate, last_authenticated_at = item.DeviceLastAuthenticatedDate,
  }
end

local function page_of(member, token_member, item)
  return function(out)
    local list = {}
    for i, entry in ipairs(out[member] or {}) do list[i] = item(entry) end
    return list, out[token_member]
  end
end

--- One page of the user's passkeys (ListWebAuthnCredentials).
-- @function session:passkeys
-- @tparam[opt] table options `limit` (0 to 20), `page` (token of the page)
-- @treturn {table,...} `credential_id`, `name`, `relying_party_id`, `transports`, `attachment`, `created_at` (seconds)
-- @treturn string|nil token of the next page
factors.session.passkeys = {
  operation = "ListWebAuthnCredentials", args = { limit = "MaxResults", page = "NextToken" },
  answer = page_of("Credentials", "NextToken", passkey),
}

--- One page of the user's devices (ListDevices).
-- @function session:devices
-- @tparam[opt] table options `limit` (0 to 60), `page` (token of the page)
-- @treturn {table,...} `key`, `attributes`, `created_at`, `modified_at`, `last_authenticated_at` (seconds)
-- @treturn string|nil token of the next page
factors.session.devices = {
  operation = "ListDevices", args = { limit = "Limit", page = "PaginationToken" },
  answer = page_of("Devices", "PaginationToken", device),
}

--- One device (GetDevice).
-- @function session:device
-- @tparam table options `key`
-- @treturn table see `devices`
factors.session.device = {
  operation = "GetDevice", required = { "key" }, args = { key = "DeviceKey" },
  answer = function(out) return device(out.Device or {}) end,
}

--- All of the user's passkeys, one after the other, page by page (ListWebAuthnCredentials).
-- @function session:each_passkey
-- @tparam[opt] table options `limit` (of a page, 0 to 20)
-- @treturn function gives one item as in `passkeys`, nil at the end, or nil and an error. In Lua 5.1 call it yourself
-- where the host yields: a `for` cannot

--- All of the user's devices, one after the other, page by page (ListDevices).
-- @function session:each_device
-- @tparam[opt] table options `limit` (of a page, 0 to 60)
-- @treturn function gives one item as in `devices`, nil at the end, or nil and an error; see `each_passkey`

local function each(method)
  return function(self, given)
    return user.iterator(function(token)
      local opts = { page = token }
      for name, value in pairs(given or {}) do opts[name] = value end
      opts.page = token
      return method(self, opts)
    end)
  end
end

--- Adds the methods that walk over all pages: `each_device` and `each_passkey`.
-- @tparam table into a session's methods, `devices` and `passkeys` among them
function factors.define_iterators(into)
  into.each_device = each(into.devices)
  into.each_passkey = each(into.passkeys)
end

return factors
