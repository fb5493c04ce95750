--- Which host a pool or a verifier works in.
-- @module cognito.host.choose

local lazy = require "cognito.lazy"

local contract = lazy.module "cognito.contract"

--- Inside nginx the host is nginx, also in init_by_lua; elsewhere the one given, or the blocking one.
-- @tparam table|nil given raises when it lacks a verb
-- @tparam string where the function's name, for that message
-- @tparam number level of that error, as seen from the caller of `choose`
-- @treturn table the six verbs
return function(given, where, level)
  if rawget(_G, "ngx") then
    lazy.load() -- else it would be read from the disk in the middle of a request
    return require("cognito.ngx.host").new()
  end
  if not given then return require("cognito.host.blocking").new() end
  contract.check_host(given, where, level + 1)
  return given
end
