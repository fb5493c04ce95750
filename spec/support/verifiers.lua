--- Verifiers with a key set of their own and a clock that stands still.
local assert = require "luassert"
local tokens = require "spec.support.tokens"
local verifier = require "cognito.verifier"

local verifiers = { key = tokens.key "k1", other = tokens.key "k2" }

--- The key set: `key` is in it, `other` is not.
verifiers.jwks = tokens.jwks(verifiers.key)

--- Options of a verifier for access tokens; `changes` replaces some, `tokens.none` removes one.
function verifiers.options(changes)
  local o = { user_pool_id = tokens.pool_id, client_id = tokens.client_id, token_use = "access", jwks = verifiers.jwks,
    now = function() return tokens.now end }
  for name, value in pairs(changes or {}) do
    if value == tokens.none then o[name] = nil else o[name] = value end
  end
  return o
end

function verifiers.new(changes) return assert(verifier.new(verifiers.options(changes))) end

--- "valid", or the reason. Every failure is nil and an error of kind `token`, from `verify` and `check` alike.
function verifiers.verdict(v, token)
  local claims, err = v:verify(token)
  local ok, check_err = v:check(token)
  assert.equal(claims ~= nil, ok == true)
  if claims then return "valid" end
  assert.is_nil(claims)
  assert.equal("token", err.kind)
  assert.equal(err.code, check_err.code)
  return err.code
end

--- The verdict of a verifier with such options on a token with such claims and header.
function verifiers.judge(changes, claims, header)
  return verifiers.verdict(verifiers.new(changes), tokens.make(verifiers.key, claims, header))
end

return verifiers
