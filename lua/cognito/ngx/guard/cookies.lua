--- Cookies of the guard: read strictly, written with every protection on (RFC 6265, and the `__Host-` prefix of
-- its revision: Secure, Path=/, no Domain, so that no other host and no plain connection can plant one).
-- Pure: strings in, strings out.
-- @module cognito.ngx.guard.cookies

local cookies = {}

--- A Cookie header beyond this many bytes is not read at all.
cookies.MAX_HEADER = 16 * 1024

local NAME = "[%w!#$%%&'*+%-.^_`|~]+"

--- The values of all cookies of one name. Two with the same name mean that somebody planted one, so the caller
-- takes a value only when it is alone.
-- @tparam[opt] string header the Cookie header
-- @tparam string name
-- @treturn table list of values
function cookies.all(header, name)
  local values = {}
  if not header or #header > cookies.MAX_HEADER then return values end
  for key, value in header:gmatch("(" .. NAME .. ")=([^;]*)") do
    if key == name then values[#values + 1] = value:match "^%s*(.-)%s*$" end
  end
  return values
end

--- The value of a cookie that occurs exactly once.
-- @tparam[opt] string header the Cookie header
-- @tparam string name
-- @treturn string|nil
function cookies.get(header, name)
  local values = cookies.all(header, name)
  if #values == 1 then return values[1] end
end

--- The names of all cookies that begin with a prefix, in the order of the header.
-- @tparam[opt] string header
-- @tparam string prefix
-- @treturn table list of names
function cookies.names(header, prefix)
  local names = {}
  if not header or #header > cookies.MAX_HEADER then return names end
  for key in header:gmatch("(" .. NAME .. ")=[^;]*") do
    if key:sub(1, #prefix) == prefix then names[#names + 1] = key end
  end
  return names
end

--- A Cookie header without the cookies whose names begin with a prefix; for upstreams, which need not know them.
-- @tparam string header
-- @tparam string prefix
-- @treturn string
function cookies.without(header, prefix)
  local kept = {}
  for pair in header:gmatch "[^;]+" do
    local name = pair:match "^%s*([^=%s]*)"
    if name:sub(1, #prefix) ~= prefix then kept[#kept + 1] = pair:match "^%s*(.-)%s*$" end
  end
  return table.concat(kept, "; ")
end

--- A Set-Cookie value. Lax, since Strict would drop the cookie on the way back from the hosted login.
-- @tparam string name
-- @tparam string value of unreserved characters only
-- @tparam[opt] integer max_age seconds; without it the cookie ends with the browser
-- @treturn string
function cookies.set(name, value, max_age)
  if value:find "[^%w%-._~]" then error("a cookie value with a forbidden character", 2) end
  local text = name .. "=" .. value .. "; Path=/; Secure; HttpOnly; SameSite=Lax"
  return max_age and text .. ("; Max-Age=%d"):format(max_age) or text
end

--- A Set-Cookie value that removes a cookie.
-- @tparam string name
-- @treturn string
function cookies.remove(name) return cookies.set(name, "", 0) end

return cookies
