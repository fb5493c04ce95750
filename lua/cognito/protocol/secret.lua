--- Where an operation wants the secret of a confidential client: as it is, or as SECRET_HASH.
-- Source: "Computing secret hash values" in the service's developer guide.
-- @module cognito.protocol.secret

local secret_hash = require("cognito.core").secret_hash

local secret = {}

local function put_hash(t, username, value, client_id)
  if type(username) == "string" then t.SECRET_HASH = secret_hash(value, username, client_id) end
end

--- Puts the client id and the secret where the operation wants them.
-- @tparam table op an entry of `cognito.protocol.ops`
-- @tparam table input the operation's members; changed
-- @tparam string client_id
-- @tparam string value the secret
-- @tparam table ctx `hash_username`: the name in SECRET_HASH where none is sent
function secret.fill(op, input, client_id, value, ctx)
  if op.client and not input.ClientId then input.ClientId = client_id end
  if op.secret == "raw" then
    input.ClientSecret = value
  elseif op.secret == "hash" then
    if type(input.Username) == "string" then
      input.SecretHash = secret_hash(value, input.Username, client_id)
    end
  elseif op.secret == "auth" and input.AuthParameters then
    put_hash(input.AuthParameters, ctx.hash_username or input.AuthParameters.USERNAME, value, client_id)
  elseif op.secret == "challenge" and input.ChallengeResponses then
    put_hash(input.ChallengeResponses, input.ChallengeResponses.USERNAME, value, client_id)
  end
end

--- Says whether an error is about the secret, where another could be tried: while one rotates there are two.
-- @tparam table err
-- @tparam table secrets
-- @treturn boolean
function secret.is_refused(err, secrets)
  return #secrets > 1 and err.reason == "client_secret"
end

return secret
