---@meta
-- The verifier of tokens that others bring, for lua-language-server. See cognito.lua beside this file.

---@class cognito.verifier_options
---@field user_pool_id string|string[]
---@field client_id string|string[]|false
---@field token_use? "access"|"id"|false
---@field groups? string|string[]
---@field scopes? string|string[]
---@field leeway? number
---@field max_future_iat? number
---@field custom_check? fun(claims: table): boolean?, string?
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
---@field logger? fun(level: string, message: string, fields: table)
---@field on_warning? fun(err: cognito.error)

---@class cognito.verifier
local Verifier = {}
---@param token string?
---@param options? cognito.call_options
---@return table? claims, cognito.error?
function Verifier:verify(token, options) end
---@param token string?
---@param names? string[] 1 to 16 claims
---@param options? cognito.call_options
---@return table? claims, boolean|cognito.error whole_or_err
function Verifier:pick(token, names, options) end
---@param token string?
---@param options? cognito.call_options
---@return boolean?, cognito.error?
function Verifier:check(token, options) end
---@param text string a key set
---@param pool_id? string
---@return boolean?, cognito.error?
function Verifier:cache_jwks(text, pool_id) end
---@param options? cognito.call_options
---@return boolean?, cognito.error?
function Verifier:fetch_keys(options) end
