---@meta
-- The account methods of pools and sessions, for lua-language-server. See cognito.lua beside this file.

---@class cognito.delivery where a code was sent
---@field destination? string masked by the service
---@field medium? "EMAIL"|"SMS"
---@field attribute? string

-- ---- without a session ----

---@class cognito.sign_up_options: cognito.call_options
---@field username string
---@field password? string not for pools without passwords
---@field attributes? table<string, string>
---@field validation_data? table<string, string>
---@field client_metadata? table<string, string>
---@field user_context? cognito.user_context

---@class cognito.signed_up
---@field confirmed boolean
---@field sub string
---@field delivery? cognito.delivery
---@field session? string for `confirm_sign_up`

---@class cognito.confirm_sign_up_options: cognito.call_options
---@field username string
---@field code string
---@field session? string
---@field force_alias? boolean moves an e-mail address or phone number here from another user
---@field client_metadata? table<string, string>
---@field user_context? cognito.user_context

---@class cognito.username_options: cognito.call_options
---@field username string
---@field client_metadata? table<string, string>
---@field user_context? cognito.user_context

---@class cognito.confirm_forgot_password_options: cognito.call_options
---@field username string
---@field code string
---@field new_password string
---@field client_metadata? table<string, string>
---@field user_context? cognito.user_context

---@class cognito.event_feedback_options: cognito.call_options
---@field user_pool_id string
---@field username string
---@field event_id string
---@field feedback_token string
---@field feedback "Valid"|"Invalid"

---@class cognito.revoke_options: cognito.call_options
---@field refresh_token string

---@class cognito.pool_account
local Pool = {}
---@param options cognito.sign_up_options
---@return cognito.signed_up?, cognito.error?
function Pool:sign_up(options) end
---@param options cognito.confirm_sign_up_options
---@return { session?: string }? result give its session to `pool:sign_in`
---@return cognito.error?
function Pool:confirm_sign_up(options) end
---@param options cognito.username_options
---@return cognito.delivery?, cognito.error?
function Pool:resend_code(options) end
---@param options cognito.username_options
---@return cognito.delivery?, cognito.error?
function Pool:forgot_password(options) end
---@param options cognito.confirm_forgot_password_options
---@return boolean?, cognito.error?
function Pool:confirm_forgot_password(options) end
---@param options cognito.event_feedback_options
---@return boolean?, cognito.error?
function Pool:event_feedback(options) end
---@param options cognito.revoke_options
---@return boolean?, cognito.error?
function Pool:revoke(options) end

-- ---- of a session ----

---@class cognito.user
---@field username string
---@field attributes table<string, string>
---@field preferred_mfa? string
---@field mfa string[]

---@class cognito.update_attributes_options: cognito.call_options
---@field attributes table<string, string>
---@field client_metadata? table<string, string>

---@class cognito.delete_attributes_options: cognito.call_options
---@field names string[]

---@class cognito.send_attribute_code_options: cognito.call_options
---@field name string "email" or "phone_number"
---@field client_metadata? table<string, string>

---@class cognito.verify_attribute_options: cognito.call_options
---@field name string
---@field code string

---@class cognito.change_password_options: cognito.call_options
---@field new_password string
---@field previous_password? string not for users who have none yet

---@alias cognito.factor boolean|{ enabled?: boolean, preferred?: boolean }

---@class cognito.set_mfa_options: cognito.call_options what is not named stays as it is
---@field sms? cognito.factor
---@field totp? cognito.factor
---@field email? cognito.factor
---@field passkey? boolean|{ enabled?: boolean }

---@class cognito.set_user_settings_options: cognito.call_options
---@field mfa_options { DeliveryMedium?: "SMS"|"EMAIL", AttributeName?: string }[]

---@class cognito.auth_factors
---@field username string
---@field preferred_mfa? string
---@field mfa string[]
---@field factors string[]

---@class cognito.verify_totp_options: cognito.call_options
---@field code string six digits
---@field device_name? string

---@class cognito.complete_passkey_options: cognito.call_options
---@field credential string|table as the browser gave it

---@class cognito.delete_passkey_options: cognito.call_options
---@field credential_id string

---@class cognito.page_options: cognito.call_options
---@field limit? integer
---@field page? string the token of the page

---@class cognito.passkey
---@field credential_id string
---@field name string
---@field relying_party_id string
---@field transports string[]
---@field attachment? string
---@field created_at number

---@class cognito.device
---@field key string
---@field attributes table<string, string>
---@field created_at? number
---@field modified_at? number
---@field last_authenticated_at? number

---@class cognito.device_options: cognito.call_options
---@field key string

---@class cognito.forget_device_options: cognito.call_options
---@field key? string default: the session's own device

---@class cognito.session_account
local Session = {}
---@param options? cognito.call_options
---@return cognito.user?, cognito.error?
function Session:user(options) end
---@param options cognito.update_attributes_options
---@return cognito.delivery[]? sent where codes went
---@return cognito.error?
function Session:update_attributes(options) end
---@param options cognito.delete_attributes_options
---@return boolean?, cognito.error?
function Session:delete_attributes(options) end
---@param options cognito.send_attribute_code_options
---@return cognito.delivery?, cognito.error?
function Session:send_attribute_code(options) end
---@param options cognito.verify_attribute_options
---@return boolean?, cognito.error?
function Session:verify_attribute(options) end
---@param options cognito.change_password_options
---@return boolean?, cognito.error?
function Session:change_password(options) end
---Deletes the user for good, and clears the session.
---@param options? cognito.call_options
---@return boolean?, cognito.error?
function Session:delete_user(options) end
---@param options? cognito.call_options
---@return { preferred?: string, enabled: string[] }?, cognito.error?
function Session:mfa(options) end
---@param options cognito.set_mfa_options
---@return boolean?, cognito.error?
function Session:set_mfa(options) end
---@param options cognito.set_user_settings_options
---@return boolean?, cognito.error?
function Session:set_user_settings(options) end
---@param options? cognito.call_options
---@return cognito.auth_factors?, cognito.error?
function Session:auth_factors(options) end
---@param options? cognito.call_options
---@return { secret: string }? enrolment its secret in base32, for `cognito.totp.uri`
---@return cognito.error?
function Session:associate_totp(options) end
---@param options cognito.verify_totp_options
---@return boolean?, cognito.error?
function Session:verify_totp(options) end
---@param options? cognito.call_options
---@return string? json for `navigator.credentials.create`
---@return table|cognito.error document the same as a table
function Session:start_passkey(options) end
---@param options cognito.complete_passkey_options
---@return boolean?, cognito.error?
function Session:complete_passkey(options) end
---@param options cognito.delete_passkey_options
---@return boolean?, cognito.error?
function Session:delete_passkey(options) end
---@param options? cognito.page_options
---@return cognito.passkey[]?, string|cognito.error|nil next the token of the next page
function Session:passkeys(options) end
---@param options? cognito.page_options
---@return fun(): cognito.passkey?, cognito.error?
function Session:each_passkey(options) end
---@param options? cognito.page_options
---@return cognito.device[]?, string|cognito.error|nil next the token of the next page
function Session:devices(options) end
---@param options? cognito.page_options
---@return fun(): cognito.device?, cognito.error?
function Session:each_device(options) end
---@param remember boolean
---@param options? cognito.call_options
---@return boolean?, cognito.error?
function Session:remember_device(remember, options) end
---@param options? cognito.forget_device_options
---@return boolean?, cognito.error?
function Session:forget_device(options) end
