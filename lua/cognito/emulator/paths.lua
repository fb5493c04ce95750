--- Finds lua-http and its friends.
-- Debian puts the pure Lua part of lua-http and lpeg_patterns into the folders of Lua 5.3 and 5.1, although they run
-- on 5.4. The folders are derived from the ones already on package.path; Debian's standard place is the fallback.
-- @module cognito.emulator.paths

local M = {}

local function folders()
  local list, seen = {}, {}
  local function add(folder)
    for _, version in ipairs { "5.4", "5.3", "5.1" } do
      local path = folder .. "/" .. version
      if not seen[path] then seen[path] = true; list[#list + 1] = path end
    end
  end
  for folder in package.path:gmatch("([^;]*)/5%.%d/%?%.lua") do add(folder) end
  add("/usr/share/lua")
  return list
end

--- Appends the folders of other Lua versions to package.path, once, so that they never shadow a module of ours.
function M.extend()
  for _, folder in ipairs(folders()) do
    for _, pattern in ipairs { folder .. "/?.lua", folder .. "/?/init.lua" } do
      if not (";" .. package.path .. ";"):find(";" .. pattern .. ";", 1, true) then
        package.path = package.path .. ";" .. pattern
      end
    end
  end
end

return M
