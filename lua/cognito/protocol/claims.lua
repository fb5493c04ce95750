--- What a verifier asks of a token, from its options: the accepted issuers and the policy that the core judges by.
-- @module cognito.protocol.claims

local core = require "cognito.core"
local address = require "cognito.address"
local endpoints = require "cognito.endpoints"
local errors = require "cognito.errors"

local claims = {}

local MAX_LEEWAY = 300

local wrong = errors.config

local function as_list(value)
  if value == nil then return {} end
  return type(value) == "table" and value or { value }
end

-- One or several strings that satisfy `pattern`, none empty.
local function check_words(o, field, pattern, hint)
  local list = as_list(o[field])
  for i = 1, #list do
    local value = list[i]
    if type(value) ~= "string" or not value:find(pattern) then
      return wrong(field, field .. " has a wrong form", hint)
    end
  end
  return list
end

local function check_issuer_list(list)
  for i = 1, #list do
    if type(list[i]) ~= "string" then return wrong("issuer", "issuer must be an address") end
    local ok, err = address.check(list[i], "issuer")
    if not ok then return nil, err end
  end
  return list
end

-- A pool's tokens name either form of its issuer, as the pool is set up; both belong to the same pool and keys.
local function issuers_of(id, given)
  if given ~= nil then
    local list, err = check_issuer_list(as_list(given))
    if not list then return nil, err end
    return { id = id, issuers = list }
  end
  local region = id:match("^(.+)_")
  if not endpoints.is_region(region) then
    return wrong("user_pool_id", "user_pool_id does not begin with a region",
      'it looks like "eu-west-1_AbCdEf123"')
  end
  return { id = id, issuers = { endpoints.issuers(region, id) } }
end

local function one_issuer_each(given)
  if given == nil then return {} end
  if type(given) ~= "table" or #given > 0 then
    return wrong("issuer", "issuer must name each pool's own issuer",
      'issuer = { ["eu-west-1_A"] = "https://..." }')
  end
  return given
end

--- The pools whose tokens are accepted.
-- @tparam table o `user_pool_id` (string or list), `issuer` (string or list for one pool, table by pool id for several)
-- @treturn table|nil a list of `{ id=, issuers= }`, or nil and an error of kind `config`
function claims.pools(o)
  local ids, err = check_words(o, "user_pool_id", "^[%w_%-]+_%w+$",
    'it looks like "eu-west-1_AbCdEf123" and stands on the overview page of the user pool')
  if not ids then return nil, err end
  if #ids == 0 and o.issuer == nil then return wrong("user_pool_id", "user_pool_id is missing") end
  if #ids < 2 then
    local pool
    pool, err = issuers_of(ids[1], o.issuer)
    return pool and { pool }, err
  end
  local given, bad = one_issuer_each(o.issuer)
  if not given then return nil, bad end
  local pools = {}
  for i = 1, #ids do
    pools[i], err = issuers_of(ids[i], given[ids[i]])
    if not pools[i] then return nil, err end
  end
  return pools
end

local function check_explicit(o)
  if o.token_use == nil then
    return wrong("token_use", "token_use is missing", 'give "access" or "id"; false accepts both')
  elseif o.token_use ~= false and o.token_use ~= "access" and o.token_use ~= "id" then
    return wrong("token_use", "token_use must be access, id or false")
  elseif o.client_id == nil then
    return wrong("client_id", "client_id is missing", "give one or several; false accepts tokens of any client")
  elseif o.client_id == false then
    return {}
  end
  local list, err = check_words(o, "client_id", "^[%w_+]+$", "it is a word of letters and digits")
  if list and #list == 0 then return wrong("client_id", "client_id is an empty list") end
  return list, err
end

local function check_number(o, field, low, high)
  local value = o[field]
  if value == nil or value >= low and value <= high then return true end
  return wrong(field, ("%s must be between %g and %g seconds"):format(field, low, high))
end

local function check_asked(o)
  local clients, err = check_explicit(o)
  if not clients then return nil, err end
  for _, field in ipairs { "groups", "scopes" } do
    local list, bad = check_words(o, field, "%S", "a name or a list of names")
    if not list then return nil, bad end
    if o[field] ~= nil and #list == 0 then return wrong(field, field .. " is an empty list") end
  end
  return clients
end

--- Checks what the options ask of a token.
-- @tparam table o `token_use`, `client_id`, `groups`, `scopes`, `leeway` (0 to 300 s), `max_future_iat` (s)
-- @treturn table|nil for `claims.policy`, or nil and an error of kind `config` that names the field
function claims.check(o)
  local clients, err = check_asked(o)
  if not clients then return nil, err end
  for _, limit in ipairs { { "leeway", 0, MAX_LEEWAY }, { "max_future_iat", 0, 86400 } } do
    local ok, bad = check_number(o, limit[1], limit[2], limit[3])
    if not ok then return nil, bad end
  end
  return { clients = o.client_id ~= false and clients, token_use = o.token_use, groups = as_list(o.groups),
    scopes = as_list(o.scopes), leeway = o.leeway or 0, max_future_iat = o.max_future_iat or -1 }
end

--- The policy that the core judges by.
-- @tparam table asked what `claims.check` gave
-- @tparam table issuers a list of accepted issuers
-- @treturn userdata
function claims.policy(asked, issuers)
  return core.policy { issuers = issuers, clients = asked.clients, token_use = asked.token_use, groups = asked.groups,
    scopes = asked.scopes, leeway = asked.leeway, max_future_iat = asked.max_future_iat }
end

return claims
