--- What a host or a storage that a program brings must have: the functions of their contracts (docs/architecture.md).
-- @module cognito.contract

local contract = {}

local HOST = { "send", "now", "monotime", "random", "sleep", "once" }
local STORAGE = { "get", "put", "delete", "try_lock", "unlock", "list" }

local function check(given, verbs, field, where, level)
  for _, verb in ipairs(verbs) do
    if type(given[verb]) ~= "function" then
      error(("%s: option %s has no function %s"):format(where, field, verb), level + 2)
    end
  end
end

--- Raises unless a host has its six verbs.
-- @tparam table host
-- @tparam string where the function's name, for the message
-- @tparam number level of the error, as seen from the caller of this function
function contract.check_host(host, where, level)
  check(host, HOST, "host", where, level)
end

--- Raises unless a storage has its six methods.
-- @tparam table storage
-- @tparam string where the function's name, for the message
-- @tparam number level of the error, as seen from the caller of this function
function contract.check_storage(storage, where, level)
  check(storage, STORAGE, "storage", where, level)
end

return contract
