---@meta cognito
-- Types of the public names for lua-language-server (LuaCATS). spec/types_spec.lua holds them against the code.
-- Nothing here is loaded by a program. Times and lifetimes are seconds.

---@alias cognito.kind
---| "config" | "invalid" | "dns" | "connect" | "tls" | "timeout" | "network" | "http_redirect" | "bad_response"
---| "response_too_large" | "throttled" | "limited" | "server" | "auth" | "rejected" | "sign_in_required"
---| "challenge_expired" | "token" | "store" | "cancelled"

---@class cognito.error
---@field kind cognito.kind
---@field code? string the service's own code, or one of ours
---@field reason? string
---@field message string
---@field field? string
---@field status? integer
---@field operation? string
---@field request_id? string
---@field retryable? boolean
---@field maybe_processed? boolean
---@field retry_after? number
---@field cause? any
---@field hint? string

---@class cognito.cancel_token
---@field cancelled boolean
local Cancel = {}
function Cancel:cancel() end

---@class cognito.call_options
---@field deadline? number for the whole call
---@field cancel? cognito.cancel_token
---@field max_attempts? integer

---@class cognito.user_context
---@field ip_address? string
---@field encoded_data? string

---@class cognito.delivery
---@field destination? string
---@field medium? string
---@field attribute? string

---@class cognito.host six functions, see docs/architecture.md
---@class cognito.storage six methods, see docs/architecture.md

---@class cognito.pool_options
---@field user_pool_id string
---@field client_id string
---@field client_secret? string|string[]|fun():string|string[]
---@field region? string
---@field endpoint? string
---@field fips? boolean
---@field dual_stack? boolean
---@field issuer? string
---@field domain? string
---@field storage? cognito.storage
---@field host? cognito.host
---@field margin? number
---@field flow? "USER_SRP_AUTH"|"USER_PASSWORD_AUTH"|"USER_AUTH"|"CUSTOM_AUTH"
---@field device? boolean
---@field timeout? number
---@field deadline? number
---@field max_attempts? integer
---@field proxy? string
---@field ca_file? string
---@field ca_path? string
---@field user_agent? string
---@field logger? fun(level: string, message: string, fields: table)
---@field on_refresh? fun(session: cognito.session)
---@field on_signed_out? fun(reason: string, session: cognito.session)
---@field on_warning? fun(err: cognito.error, session?: cognito.session)

---@class cognito.sign_in_options: cognito.call_options
---@field username string
---@field password? string|fun():string
---@field flow? string
---@field preferred_challenge? string
---@field session? string from confirm_sign_up
---@field client_metadata? table<string, string>
---@field user_context? cognito.user_context
---@field device_name? string

---@class cognito.challenge
---@field name string
---@field parameters table<string, any>
---@field raw table<string, string> as the service sent them
---@field known boolean false: answer with { raw = { ... } }

---@class cognito.step
---@field session? cognito.session
---@field challenge? cognito.challenge
local Step = {}
---@param x string|table one value, or a table of what the challenge asks for
---@param options? cognito.call_options
---@return cognito.step?, cognito.error?
function Step:answer(x, options) end
---@param options? { key: string }
---@return string?, cognito.error?
function Step:dump(options) end

---@class cognito.adopt_options
---@field refresh_token string
---@field username? string
---@field access_token? string
---@field id_token? string
---@field device? table|boolean

---@class cognito.pool
local Pool = {}
---@param options cognito.sign_in_options
---@return cognito.step?, cognito.error?
function Pool:sign_in(options) end
---@param text string what `step:dump` gave
---@param options? { key: string }
---@return cognito.step?, cognito.error?
function Pool:resume(text, options) end
---@param which? string|{ id: string }
---@return cognito.session?, cognito.error?
function Pool:session(which) end
---@return table[]?, cognito.error?
function Pool:sessions() end
---@param options cognito.adopt_options|table
---@return cognito.session?, cognito.error?
function Pool:adopt(options) end
---@return cognito.session?, cognito.error?
function Pool:import(...) end
---@param operation string
---@param input? table
---@param options? cognito.call_options
---@return table?, cognito.error?
function Pool:call(operation, input, options) end
---@param options { username: string, password?: string, attributes?: table<string, string> }
---@return { confirmed: boolean, sub: string, delivery?: cognito.delivery, session?: string }?, cognito.error?
function Pool:sign_up(options) end
---@param options { username: string, code: string, session?: string, force_alias?: boolean }
---@return { session?: string }?, cognito.error?
function Pool:confirm_sign_up(options) end
---@param options { username: string }
---@return cognito.delivery?, cognito.error?
function Pool:resend_code(options) end
---@param options { username: string }
---@return cognito.delivery?, cognito.error?
function Pool:forgot_password(options) end
---@param options { username: string, code: string, new_password: string }
---@return boolean?, cognito.error?
function Pool:confirm_forgot_password(options) end
---@return boolean?, cognito.error?
function Pool:event_feedback(options) end
---@param options { refresh_token: string }
---@return boolean?, cognito.error?
function Pool:revoke(options) end
---@return integer?, cognito.error?
function Pool:retry_revocations(...) end
---@return number? seconds that the service's clock is ahead of ours
function Pool:drift() end
---@param options { redirect_uri: string, scopes?: string[], logout_uri?: string, lifetime?: number }
---@return cognito.hosted_login?, cognito.error?
function Pool:hosted_login(options) end
---@param options { scopes?: string[] }
---@return cognito.token_source?, cognito.error?
function Pool:client_credentials(options) end

---@class cognito.hosted_login
local Login = {}
---@return string url, table pending
function Login:authorize_url(options) end
---@param query string|table
---@param pending table
---@param options? cognito.call_options
---@return cognito.session?, cognito.error?
function Login:finish(query, pending, options) end
---@return string?, cognito.error?
function Login:logout_url() end
---@param session cognito.session
---@param options? cognito.call_options
---@return table?, cognito.error?
function Login:user_info(session, options) end

---@class cognito.token_source
local Source = {}
---@param options? cognito.call_options
---@return string?, cognito.error?
function Source:access_token(options) end

---@class cognito.session
---@field id string
---@field username? string
---@field device? { key: string, confirmation_needed: boolean }
---@field last_error? cognito.error
local Session = {}
---@param options? cognito.call_options
---@return string?, cognito.error?
function Session:access_token(options) end
---@param options? cognito.call_options
---@return string?, cognito.error?
function Session:id_token(options) end
---@return table?, cognito.error?
function Session:claims(options) end
---@return number
function Session:expires_in() end
---@param options? cognito.call_options
---@return boolean?, cognito.error?
function Session:refresh(options) end
---@param options? { revoke?: boolean, global?: boolean }
---@return { cleared: boolean, revoked: boolean, global: boolean, queued: boolean, errors: table }
function Session:sign_out(options) end
---@param operation string
---@param input? table
---@param options? cognito.call_options
---@return table?, cognito.error?
function Session:call(operation, input, options) end
---@return table
function Session:export() end
---@param headers table
---@return table?, cognito.error?
function Session:authorize(headers, options) end
---@param remember boolean
---@return boolean?, cognito.error?
function Session:remember_device(remember, options) end
---@return boolean?, cognito.error?
function Session:forget_device(options) end
---@return table[]?, string|cognito.error? page
function Session:devices(options) end
---@return fun(): table?
function Session:each_device(options) end
---@return { username: string, attributes: table<string, string>, preferred_mfa?: string, mfa: string[] }?, cognito.error?
function Session:user(options) end
---@param options { attributes: table<string, string> }
---@return cognito.delivery[]?, cognito.error?
function Session:update_attributes(options) end
---@param options { names: string[] }
---@return boolean?, cognito.error?
function Session:delete_attributes(options) end
---@param options { name: string }
---@return cognito.delivery?, cognito.error?
function Session:send_attribute_code(options) end
---@param options { name: string, code: string }
---@return boolean?, cognito.error?
function Session:verify_attribute(options) end
---@param options { new_password: string, previous_password?: string }
---@return boolean?, cognito.error?
function Session:change_password(options) end
---@return boolean?, cognito.error?
function Session:delete_user(options) end
---@return { preferred?: string, enabled: string[] }?, cognito.error?
function Session:mfa(options) end
---@param options { sms?: boolean|table, totp?: boolean|table, email?: boolean|table, passkey?: boolean }
---@return boolean?, cognito.error?
function Session:set_mfa(options) end
---@return boolean?, cognito.error?
function Session:set_user_settings(options) end
---@return { username: string, preferred_mfa?: string, mfa: string[], factors: string[] }?, cognito.error?
function Session:auth_factors(options) end
---@return { secret: string }?, cognito.error?
function Session:associate_totp(options) end
---@param options { code: string, device_name?: string }
---@return boolean?, cognito.error?
function Session:verify_totp(options) end
---@return string?, table|cognito.error?
function Session:start_passkey(options) end
---@param options { credential: string|table }
---@return boolean?, cognito.error?
function Session:complete_passkey(options) end
---@param options { credential_id: string }
---@return boolean?, cognito.error?
function Session:delete_passkey(options) end
---@return table[]?, string|cognito.error? page
function Session:passkeys(options) end
---@return fun(): table?
function Session:each_passkey(options) end

---@class cognito.verifier_options
---@field user_pool_id string|string[]
---@field client_id string|string[]|false
---@field token_use? "access"|"id"|false
---@field groups? string|string[]
---@field scopes? string|string[]
---@field leeway? number
---@field max_future_iat? number
---@field custom_check? function
---@field issuer? string|string[]
---@field jwks? string|table
---@field now? fun(): number
---@field cache? integer|false
---@field online? function|table
---@field host? cognito.host
---@field storage? cognito.storage
---@field timeout? number
---@field jwks_max_age? number
---@field jwks_max_stale? number
---@field jwks_cooldown? number
---@field proxy? string
---@field ca_file? string
---@field ca_path? string
---@field user_agent? string
---@field logger? function
---@field on_warning? function

---@class cognito.verifier
local Verifier = {}
---@param token string
---@param options? cognito.call_options
---@return table? claims, cognito.error?
function Verifier:verify(token, options) end
---@param token string
---@param names? string[] 1 to 16 claims
---@param options? cognito.call_options
---@return table? claims, boolean|cognito.error whole_or_err
function Verifier:pick(token, names, options) end
---@param token string
---@param options? cognito.call_options
---@return boolean?, cognito.error?
function Verifier:check(token, options) end
---@param text string a key set
---@param pool_id? string
---@return boolean?, cognito.error?
function Verifier:cache_jwks(text, pool_id) end
---@return boolean?, cognito.error?
function Verifier:fetch_keys(options) end

---@class cognito.loop: cognito.host
local Loop = {}
---@param fn function
function Loop:spawn(fn, ...) end
function Loop:run() end
---@param seconds? number
function Loop:step(seconds) end
---@return integer
function Loop:pollfd() end
---@return string
function Loop.events() end
---@return number?
function Loop:timeout() end
function Loop:close() end

---@class cognito
---@field _VERSION string
---@field jws cognito.jws
---@field totp cognito.totp
---@field storage cognito.storages
local cognito = {}
---@param options cognito.pool_options
---@return cognito.pool?, cognito.error?
function cognito.pool(options) end
---@return cognito.cancel_token
function cognito.cancel() end
---@param options cognito.verifier_options
---@return cognito.verifier?, cognito.error?
function cognito.verifier(options) end
---@param pool cognito.pool
---@return cognito.session?, cognito.error?
function cognito.browser_login(pool, options) end

---@class cognito.jws
local jws = {}
---@param token string
---@param jwks_text string
---@return string? payload, string|cognito.error header
function jws.verify(token, jwks_text) end
---@param token string
function jws.decode_unverified(token) end

---@class cognito.totp
local totp = {}
---@param secret string base32
---@param time? number
---@return string?, cognito.error?
function totp.code(secret, time) end
---@param options { secret: string, account: string, issuer?: string }
---@return string?, cognito.error?
function totp.uri(options) end

---@class cognito.storages
local storage = {}
---@return cognito.storage
function storage.memory() end
---@param options? { path?: string, key?: string|table|function }
---@return cognito.storage?, cognito.error?
function storage.file(options) end
---@return cognito.storage?, cognito.error?
function storage.redis(options) end
---@return cognito.storage?, cognito.error?
function storage.shared_dict(options) end

return cognito
