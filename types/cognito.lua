---@meta cognito
-- Types of the public names for lua-language-server (LuaCATS): this folder goes into its `workspace.library`.
-- spec/types_spec.lua holds them against the code. Nothing here is loaded by a program. Times and lifetimes are
-- seconds. The account methods of pools and sessions are in account.lua, the verifier in verifier.lua, the loop in
-- cognito/host/loop.lua, the guard of nginx in resty/cognito.lua.

-- ---- errors, limits ----

---@alias cognito.kind
---| "config" | "invalid" | "dns" | "connect" | "tls" | "timeout" | "network" | "http_redirect" | "bad_response"
---| "response_too_large" | "throttled" | "limited" | "server" | "auth" | "rejected" | "sign_in_required"
---| "challenge_expired" | "token" | "store" | "cancelled"

---@class cognito.error `tostring` gives one line without secrets
---@field kind cognito.kind
---@field code? string the service's own code, or one of ours
---@field reason? string what the service's message means, where its code stands for many things
---@field message string
---@field field? string the option or member that was refused
---@field status? integer of HTTP
---@field operation? string
---@field request_id? string
---@field retryable? boolean
---@field maybe_processed? boolean the service may have done it all the same
---@field retry_after? number
---@field cause? any
---@field hint? string what a person can do

---@class cognito.cancel_token
---@field cancelled boolean
local Cancel = {}
---Ends every call that was given this token.
function Cancel:cancel() end

---@class cognito.call_options
---@field deadline? number for the whole call
---@field cancel? cognito.cancel_token
---@field max_attempts? integer

---What seals records: 32 octets as such, in hex or base64; where they are; or a list of these, the newest first.
---@alias cognito.key string|{ file: string }|{ env: string }|(fun(): string?, ...)|table

---@class cognito.host six functions, see docs/architecture.md
---@class cognito.storage six methods, see docs/architecture.md

-- ---- pools ----

---@class cognito.pool_options
---@field user_pool_id string
---@field client_id string
---@field client_secret? string|string[]|fun(): (string|string[])
---@field region? string
---@field endpoint? string
---@field fips? boolean
---@field dual_stack? boolean
---@field issuer? string
---@field domain? string of the hosted login
---@field storage? cognito.storage
---@field host? cognito.host
---@field margin? number before expiry; default 60, at most a quarter of the lifetime
---@field flow? "USER_SRP_AUTH"|"USER_PASSWORD_AUTH"|"USER_AUTH"|"CUSTOM_AUTH"
---@field device? boolean true: confirm and keep devices
---@field timeout? number for one attempt; default 10
---@field deadline? number for a whole call; default 30
---@field max_attempts? integer default 3
---@field proxy? string
---@field ca_file? string
---@field ca_path? string
---@field user_agent? string
---@field logger? fun(level: string, message: string, fields: table)
---@field on_refresh? fun(session: cognito.session)
---@field on_signed_out? fun(reason: string, session: cognito.session)
---@field on_warning? fun(err: cognito.error, session?: cognito.session)

---@class cognito.user_context
---@field ip_address? string
---@field encoded_data? string

---@class cognito.sign_in_options: cognito.call_options
---@field username string
---@field password? string|fun(): string
---@field flow? "USER_SRP_AUTH"|"USER_PASSWORD_AUTH"|"USER_AUTH"|"CUSTOM_AUTH"
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

---@class cognito.answer one of these, as the challenge asks
---@field code? string
---@field choice? string
---@field password? string
---@field new_password? string
---@field attributes? table<string, string>
---@field credential? string|table
---@field answer? string
---@field device_name? string
---@field raw? table<string, string> ChallengeResponses in the service's own words

---@class cognito.step
---@field session? cognito.session
---@field challenge? cognito.challenge
local Step = {}
---@param x string|cognito.answer one value, or a table of what the challenge asks for
---@param options? cognito.call_options
---@return cognito.step?, cognito.error?
function Step:answer(x, options) end
---The waiting step as sealed text, for `pool:resume` in any process of the same pool and client.
---@param options { key: cognito.key }
---@return string?, cognito.error?
function Step:dump(options) end

---@class cognito.known_device
---@field key string
---@field group_key? string
---@field password? string

---@class cognito.adopt_options what `session:export` gives, or as much of it as there is
---@field refresh_token string
---@field username? string
---@field access_token? string
---@field id_token? string
---@field device? cognito.known_device|boolean
---@field device_key? string
---@field expires_at? number
---@field lifetime? number
---@field origin? string
---@field scopes? string[]
---@field id? string

---@class cognito.pool: cognito.pool_account
local Pool = {}
---@param options cognito.sign_in_options
---@return cognito.step?, cognito.error?
function Pool:sign_in(options) end
---@param text string what `step:dump` gave
---@param options { key: cognito.key }
---@return cognito.step?, cognito.error?
function Pool:resume(text, options) end
---@param which? string|{ id: string } a user's name or alias; nothing: the last one
---@return cognito.session?, cognito.error?
function Pool:session(which) end
---@return cognito.session[]?, cognito.error?
function Pool:sessions() end
---@param options cognito.adopt_options
---@return cognito.session?, cognito.error?
function Pool:adopt(options) end
---@param dump table<string, string>|string localStorage of amazon-cognito-identity-js or Amplify, or that as JSON
---@return cognito.session[]?, cognito.error[]|cognito.error
function Pool:import(dump) end
---@param operation string one of the 32 that need no AWS credentials
---@param input? table its members, as the API spells them
---@param options? cognito.call_options
---@return table?, cognito.error?
function Pool:call(operation, input, options) end
---@param options? cognito.call_options
---@return integer how many refresh tokens still wait to be revoked
function Pool:retry_revocations(options) end
---@return number? seconds that the service's clock is ahead of ours
function Pool:drift() end
---@param options cognito.hosted_login_options
---@return cognito.hosted_login?, cognito.error?
function Pool:hosted_login(options) end
---@param options? { scopes?: string[] }
---@return cognito.token_source?, cognito.error?
function Pool:client_credentials(options) end

-- ---- hosted login, tokens for machines ----

---@class cognito.hosted_login_options
---@field redirect_uri string
---@field scopes? string[]
---@field logout_uri? string
---@field lifetime? number that a login may take

---@class cognito.authorize_options
---@field identity_provider? string
---@field idp_identifier? string
---@field lang? string
---@field login_hint? string
---@field prompt? string

---@class cognito.hosted_login
local Login = {}
---@param options? cognito.authorize_options
---@return string url, table pending secret, for this browser and one callback
function Login:authorize_url(options) end
---@param query string|table<string, string> query string, whole URL, or decoded values
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

---@class cognito.browser_login_options: cognito.authorize_options
---@field ports integer[] of the redirect URIs that are registered
---@field path? string
---@field scopes? string[]
---@field timeout? number for the person; default 300
---@field open? boolean false: do not open a browser
---@field on_url? fun(url: string, opened: boolean)
---@field on_wait? fun()
---@field deadline? number
---@field cancel? cognito.cancel_token

-- ---- sessions ----

---@class cognito.own_device
---@field key string
---@field confirmation_needed boolean true: say `session:remember_device(true)` or false once
---@overload fun(session: cognito.session, options: cognito.device_options): cognito.device?, cognito.error?

---@class cognito.sign_out_options: cognito.call_options
---@field revoke? boolean default true
---@field global? boolean default false: all sessions of the user

---@class cognito.signed_out
---@field cleared boolean
---@field revoked boolean
---@field global boolean
---@field queued boolean the revocation is tried again later
---@field errors table<string, cognito.error> by step

---@class cognito.session: cognito.session_account
---@field id string
---@field username? string
---@field device? cognito.own_device also a method: session:device{ key = }
---@field last_error? cognito.error
local Session = {}
---A valid token, refreshed when it must be.
---@param options? cognito.call_options
---@return string?, cognito.error?
function Session:access_token(options) end
---@param options? cognito.call_options
---@return string?, cognito.error?
function Session:id_token(options) end
---@param options? cognito.call_options
---@return table?, cognito.error?
function Session:claims(options) end
---@return number
function Session:expires_in() end
---@param options? cognito.call_options
---@return boolean?, cognito.error?
function Session:refresh(options) end
---@param options? cognito.sign_out_options
---@return cognito.signed_out
function Session:sign_out(options) end
---@param operation string one of the 32 that need no AWS credentials
---@param input? table its members, as the API spells them; AccessToken is filled in
---@param options? cognito.call_options
---@return table?, cognito.error?
function Session:call(operation, input, options) end
---@return cognito.adopt_options secret
function Session:export() end
---@generic T: table
---@param headers T gets `Authorization`
---@param options? cognito.call_options
---@return T?, cognito.error?
function Session:authorize(headers, options) end

-- ---- the module ----

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
---@param pool cognito.pool with `domain`
---@param options cognito.browser_login_options
---@return cognito.session?, cognito.error?
function cognito.browser_login(pool, options) end

---@class cognito.jws
local jws = {}
---@param token string
---@param jwks_text string
---@return string? payload, table|cognito.error header
function jws.verify(token, jwks_text) end
---@param token string
---@return table? claims nobody has checked them
---@return table|cognito.error header
function jws.decode_unverified(token) end

---@class cognito.totp
local totp = {}
---@param secret string base32
---@param time? number
---@return string?, cognito.error?
function totp.code(secret, time) end
---@param options { secret: string, account: string, issuer?: string }
---@return string? uri it holds the secret
---@return cognito.error?
function totp.uri(options) end

---@class cognito.file_storage_options
---@field path? string
---@field key? cognito.key
---@field lock? "none"

---@class cognito.redis_storage_options
---@field connect fun(): table?, string?
---@field key cognito.key
---@field release? fun(client: table, broken: boolean)
---@field prefix? string
---@field timeout? number
---@field ttl? number

---@class cognito.dict_storage_options
---@field name string of the lua_shared_dict
---@field key? cognito.key
---@field ttl? number

---@class cognito.storages
local storage = {}
---@return cognito.storage
function storage.memory() end
---@param options? cognito.file_storage_options
---@return cognito.storage
function storage.file(options) end
---@param options cognito.redis_storage_options
---@return cognito.storage
function storage.redis(options) end
---@param options cognito.dict_storage_options
---@return cognito.storage
function storage.shared_dict(options) end

return cognito
