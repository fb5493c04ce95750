--- A client for Amazon Cognito user pools.
--
--     local cognito = require "cognito"
--     local pool = cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "..." }
--     local step, err = pool:sign_in { username = "alice", password = "..." }
--     local token = step.session:access_token()
--
-- Nothing is loaded before it is used: each name below loads its module when it is first called.
-- @module cognito

local cognito = { _VERSION = "0.1.0" }

--- Makes a pool: the object from which everything starts.
-- Options: `user_pool_id`, `client_id`, `client_secret` (a string, a function that gives one, or a list of two while
-- they rotate), `region`, `endpoint`, `fips`, `dual_stack`, `issuer`, `domain`, `storage`, `host`, `margin` (seconds,
-- default 60), `flow` (default USER_SRP_AUTH), `device`, `timeout` (seconds for one attempt, default 10), `deadline`
-- (seconds for a whole call, default 30), `max_attempts` (default 3), `proxy`, `ca_file`, `ca_path`, `user_agent`,
-- `logger(level, message, fields)`, `on_refresh(session)`, `on_signed_out(reason, session)`,
-- `on_warning(err, session)`.
-- A wrong Lua type or an unknown option raises.
-- @tparam table options
-- @treturn table|nil the pool, or nil and an error of kind `config` that names the `field`
function cognito.pool(options)
  local pool, err = require("cognito.facade").new(options)
  return pool, err
end

--- A cancel token: give it as `cancel` to calls, and call `token:cancel()` to end them with kind `cancelled`.
-- @treturn table
function cognito.cancel()
  return require("cognito.cancel").new()
end

--- Checks tokens that somebody else brings (RFC 7519); see `cognito.verifier`. Any host.
-- @tparam table options
-- @treturn table|nil the verifier, or nil and an error of kind `config`
function cognito.verifier(options)
  return require("cognito.verifier").new(options)
end

--- Tokens by themselves: `jws.verify(token, jwks_text)`, `jws.decode_unverified(token)`; see `cognito.jws`.
cognito.jws = {}

function cognito.jws.verify(token, jwks_text)
  return require("cognito.jws").verify(token, jwks_text)
end

function cognito.jws.decode_unverified(token)
  return require("cognito.jws").decode_unverified(token)
end

--- Codes of an authenticator app and the URI that enrols one; see `cognito.totp`.
cognito.totp = {}

--- The code that an authenticator app would show (TOTP, RFC 6238).
-- @tparam string secret base32
-- @tparam[opt] number time seconds since the epoch; default: now
-- @treturn string|nil six digits, or nil and an error of kind `invalid`
function cognito.totp.code(secret, time)
  return require("cognito.totp").code(secret, time or require("cognito.host.clock").now())
end

--- The otpauth URI that authenticator apps read from a QR code.
-- @tparam table options `secret` (base32), `account`, `issuer`
-- @treturn string|nil the URI (it holds the secret), or nil and an error of kind `invalid`
function cognito.totp.uri(options)
  return require("cognito.totp").uri(options)
end

--- Signs in by the browser of this desk; see `cognito.host.desk`.
-- @tparam table pool
-- @tparam table options
-- @treturn table|nil the session, or nil and an error
function cognito.browser_login(pool, options)
  return require("cognito.host.desk").browser_login(pool, options)
end

--- Storages: `memory() file{ path=, key= } redis{ connect=, release=, key=, prefix= } shared_dict{ name=, key= }`.
cognito.storage = {}

function cognito.storage.memory()
  return require("cognito.storage.memory").new()
end

function cognito.storage.file(options)
  return require("cognito.storage.file").new(options)
end

function cognito.storage.redis(options)
  return require("cognito.storage.redis").new(options)
end

function cognito.storage.shared_dict(options)
  return require("cognito.ngx.storage").new(options)
end

return cognito
