--- The reference data beside the project (`../shared/data`), for specs that compare with it.

local data = {}

--- Reads one file of the reference data as JSON.
-- @tparam string name
-- @return the decoded value, or nil and the reason to skip with
function data.load(name)
  local path = "../shared/data/" .. name
  local file = io.open(path, "rb")
  if not file then return nil, path .. " is missing: nothing was compared" end
  local text = file:read("*a")
  file:close()
  return require("cjson").new().decode(text)
end

return data
