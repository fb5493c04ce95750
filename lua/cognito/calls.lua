--- Operations of the API by their names, with a caller's members: `pool:call`, `session:call`, and the account methods.
-- @module cognito.calls

local json = require "cognito.json"
local ops = require "cognito.protocol.ops"
local options = require "cognito.options"
local rules = require "cognito.protocol.rules"

local calls = {}

local by_name = ops.by_name

-- An unknown name raises, and so do members that are not in a table.
local function operation(name, input, level)
  if input ~= nil and type(input) ~= "table" then
    error(("%s: the members are given as a table, not a %s"):format(tostring(name), type(input)), level + 1)
  end
  local op = by_name[name]
  if op then return op end
  local near = type(name) == "string" and options.nearest(name, by_name)
  error(("no such operation without AWS credentials: %s%s"):format(tostring(name),
    near and "; did you mean " .. near .. "?" or ""), level + 1)
end

local function copy(t)
  local out = {}
  for k, v in pairs(t) do out[k] = v end
  return out
end

-- A copy of the members, once they have been checked. An empty table alone does not show that it is a list.
local function checked(op, input)
  local ok, err = rules.check_input(op.name, input)
  if not ok then return nil, err end
  local members = copy(input)
  for name in pairs(op.lists or {}) do
    if members[name] and next(members[name]) == nil then members[name] = json.list {} end
  end
  return members
end

local function send(client, op, given, ctx)
  local input, err = checked(op, given or {})
  if not input then return nil, err end
  for _, map in ipairs { "AuthParameters", "ChallengeResponses" } do
    if type(input[map]) == "table" then input[map] = copy(input[map]) end
  end
  return client:send(op, input, ctx)
end

--- Calls an operation.
-- @tparam table client see `cognito.client`
-- @tparam string name an unknown one raises
-- @tparam[opt] table input the operation's members; left as it is
-- @tparam table ctx see `client:context`
-- @treturn table|nil the answer, or nil and an error; `invalid` when a member breaks one of the service's rules
function calls.by_name(client, name, input, ctx)
  return send(client, operation(name, input, 2), input, ctx)
end

--- What `pool:call` does. Raised errors count one more function, which is that.
-- @tparam table pool
-- @tparam string name
-- @tparam[opt] table input the operation's members; left as it is
-- @tparam[opt] table given
-- @treturn table|nil the answer, or nil and an error; `invalid` when a member breaks one of the service's rules
function calls.of_pool(pool, name, input, given)
  local op = operation(name, input, 3)
  options.check_call(given, "pool:call", 3)
  return send(pool.client, op, input, pool.client:context(given))
end

-- The service refuses a token that our clock still thinks good, or that was revoked.
local function is_stale_token(err)
  return err.code == "NotAuthorizedException" and (err.reason == "expired" or err.reason == "revoked")
end

--- Calls an operation that needs a token, with members that were checked.
-- @tparam table self a session
-- @tparam table op an entry of `cognito.protocol.ops`
-- @tparam table input the operation's members; the table is changed
-- @tparam[opt] table given as for `access_token`
-- @treturn table|nil the answer's members, or nil and an error
function calls.send(self, op, input, given)
  local token, err = self:access_token(given)
  if not token then return nil, err end
  local pool = getmetatable(self).pool
  local answer
  input.AccessToken = token
  answer, err = pool.client:send(op, input, pool.client:context(given))
  if answer or not is_stale_token(err) or self.token ~= token then return answer, err end
  local ok
  ok, err = self:refresh(given)
  if not ok then return nil, err end
  input.AccessToken = self.token
  return pool.client:send(op, input, pool.client:context(given))
end

local function with_token(self, op, input, given)
  local members, err = checked(op, input)
  if not members then return nil, err end
  return calls.send(self, op, members, given)
end

--- What `session:call` does. Raised errors count one more function, which is that.
-- @tparam table self the session
-- @tparam string name
-- @tparam[opt] table input the operation's members; left as it is
-- @tparam[opt] table given
-- @treturn table|nil the answer, or nil and an error; `invalid` when a member breaks one of the service's rules
function calls.of_session(self, name, input, given)
  local op = operation(name, input, 3)
  options.check_call(given, "session:call", 3)
  if op.auth and not (op.auth == "token_or_session" and input and input.Session) then
    return with_token(self, op, input or {}, given)
  end
  local client = getmetatable(self).pool.client
  return send(client, op, input, client:context(given))
end

return calls
