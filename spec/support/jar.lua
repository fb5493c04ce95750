--- A browser without a window: keeps cookies, sends forms, follows nothing.
local cjson = require "cjson"

local jar = {}

local function encode_char(char) return ("%%%02X"):format(char:byte()) end

--- Fields as a form's body.
function jar.encode(fields)
  local parts = {}
  for name, value in pairs(fields) do parts[#parts + 1] = name .. "=" .. value:gsub("[^%w]", encode_char) end
  return table.concat(parts, "&")
end

local function cookie_header(kept)
  local parts = {}
  for name, value in pairs(kept) do parts[#parts + 1] = name .. "=" .. value end
  return #parts > 0 and table.concat(parts, "; ") or nil
end

-- LuaSocket joins several Set-Cookie headers with a comma.
local function keep(kept, headers)
  for name, value in (", " .. (headers and headers["set-cookie"] or "")):gmatch ", ([%w_%-]+)=([^;]*);" do
    kept[name] = value ~= "" and value or nil
  end
end

--- A browser for one server.
-- @tparam table server of spec/support/nginx.lua
-- @treturn table `jar` (cookies), `server`; `request(target, options)`, `post(target, fields, headers)`: status, body,
-- headers; `view(path)`: what a sign-in page shows, where the application draws it as JSON (/login); `sign_in(fields,
-- path)`: fills in that page, gives what `post` does
function jar.new(server)
  local b = { jar = {}, server = server }
  function b.request(target, options)
    options = options or {}
    local headers = { ["sec-fetch-mode"] = "navigate", cookie = cookie_header(b.jar) }
    for name, value in pairs(options.headers or {}) do headers[name] = value end
    local status, body, got = server:request(target, { method = options.method, body = options.body,
      headers = headers })
    keep(b.jar, got)
    return status, body, got
  end
  function b.post(target, fields, headers)
    local all = { ["content-type"] = "application/x-www-form-urlencoded" }
    for name, value in pairs(headers or {}) do all[name] = value end
    return b.request(target, { body = jar.encode(fields), headers = all })
  end
  function b.view(path)
    local _, body = b.request(path or "/login")
    return cjson.decode(body)
  end
  function b.sign_in(fields, path)
    local all = { csrf = b.view(path).csrf, action = "sign_in" }
    for name, value in pairs(fields) do all[name] = value end
    return b.post(path or "/login", all)
  end
  return b
end

return jar
