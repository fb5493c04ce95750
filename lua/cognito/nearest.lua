--- What a mistyped name was probably meant to be.
-- @module cognito.nearest

local nearest = {}

local floor, min = math.floor, math.min

-- One row of the edit-distance matrix after another.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
  end
  return row[#b]
end

--- The valid name that is nearest to a mistyped one.
-- @tparam string name what was given
-- @tparam table names a table whose keys are the valid names
-- @treturn string|nil the nearest name, or nil when none is near
function nearest.find(name, names)
  local best, best_distance
  for candidate in pairs(names) do
    local d = distance(name:lower(), candidate:lower())
    if not best or d < best_distance or (d == best_distance and candidate < best) then
      best, best_distance = candidate, d
    end
  end
  if best and best_distance <= floor(#best / 3) + 1 then return best end
end

--- What to say of an option that a function does not know.
-- @param name what was given
-- @tparam table names a table whose keys are the valid names
-- @tparam string where the function's name
-- @treturn string
function nearest.unknown(name, names, where)
  local text = where .. ": unknown option " .. ("%q"):format(tostring(name))
  local near = type(name) == "string" and nearest.find(name, names)
  if near then text = text .. "; did you mean " .. near .. "?" end
  return text
end

return nearest
