--- Where a browser may be sent after signing in: paths of this site, and what the application allows.
-- Pure: strings in, strings out.
-- @module cognito.ngx.guard.urls

local urls = {}

--- Longest return URL that is kept.
urls.MAX = 1024

local function escape(char) return ("%%%02X"):format(char:byte()) end

--- Percent-encodes a value for a query (RFC 3986, 2.3: all but the unreserved characters).
-- @tparam string text
-- @treturn string
function urls.encode(text) return (text:gsub("[^%w%-._~]", escape)) end

-- A browser reads "//host", "/\host" and "/<tab>/host" as another site, so only plain characters are taken.
local function local_path(url)
  if url:sub(1, 1) ~= "/" or url:sub(2, 2) == "/" then return false end
  return not url:find "[^%w%-._~!$&'()*+,;=:@%%/?]"
end

-- Browsers walk up at "/..", also when it is written with %2e.
local function walks_up(url) return url:lower():gsub("%%2e", "."):gsub("?.*", ""):find("/..", 1, true) ~= nil end

local function allowed(url, list)
  for _, entry in ipairs(list) do
    local whole = entry:sub(-1) ~= "*"
    if whole and url == entry then return true end
    if not whole and url:sub(1, #entry - 1) == entry:sub(1, -2) then return true end
  end
  return false
end

--- A return URL if it may be used, else the default.
-- @tparam[opt] string url as the browser sent it
-- @tparam table list allowed paths and https URLs; one that ends with `*` allows what begins so
-- @tparam string default
-- @treturn string
function urls.safe(url, list, default)
  if type(url) ~= "string" or url == "" or #url > urls.MAX then return default end
  if not local_path(url) and not url:find "^https://[%w%-.:]+/[%w%-._~!$&'()*+,;=:@%%/?]*$" then return default end
  if not walks_up(url) and allowed(url, list) then return url end
  return default
end

-- "https://app.example*" would also allow https://app.example.evil.net; the list must hold a path.
local function sound(entry)
  if type(entry) ~= "string" then return false end
  return local_path(entry:gsub("%*$", "")) or entry:find "^https://[%w%-.:]+/[^*]*%*?$" ~= nil
end

--- Checks an allow-list as an application gives it.
-- @tparam table list
-- @treturn string|nil the first entry that is not sound
function urls.unsound(list)
  for _, entry in ipairs(list) do
    if not sound(entry) then return tostring(entry) end
  end
end

--- Appends a query member to a path or URL.
-- @tparam string url
-- @tparam string name
-- @tparam string value
-- @treturn string
function urls.with(url, name, value)
  return url .. (url:find("?", 1, true) and "&" or "?") .. name .. "=" .. urls.encode(value)
end

return urls
