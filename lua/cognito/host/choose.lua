--- Which host a pool or a verifier works in.
-- @module cognito.host.choose

local lazy = require "cognito.lazy"

local VERBS = { "send", "now", "monotime", "random", "sleep", "once" }

local function check_verbs(host, where, level)
  for i = 1, #VERBS do
    if type(host[VERBS[i]]) ~= "function" then
      error(("%s: option host has no function %s"):format(where, VERBS[i]), level + 1)
    end
  end
end

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
  check_verbs(given, where, level + 1)
  return given
end
