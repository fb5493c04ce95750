--- Storages by a word, for processes of the specs: "file:PATH", "sealed:PATH", "redis:PORT", "memory".
local resp = require "spec.support.resp"

local stores = {}

local KEY = ("k"):rep(32)

function stores.open(word)
  local kind, where = word:match "^(%l+):?(.*)$"
  if kind == "memory" then return require("cognito.storage.memory").new() end
  if kind == "file" then return require("cognito.storage.file").new { path = where } end
  if kind == "sealed" then return require("cognito.storage.file").new { path = where, key = KEY } end
  return require("cognito.storage.redis").new {
    key = KEY, connect = function() return resp.connect(tonumber(where)) end,
  }
end

return stores
