-- The memory storage, under the contract of all storages.
local contract = require "spec.contract.storage_contract"
local memory = require "cognito.storage.memory"

contract.describe(describe, it, "memory", memory.new)

contract.describe(describe, it, "memory with a clock", function()
  local storage, clock = memory.new(), 0
  storage:use_clock(function() return clock end)
  return storage, { wait = function(seconds) clock = clock + seconds end }
end, { expires = true })
