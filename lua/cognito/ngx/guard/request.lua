--- What a request is: for a page or for an API, with which fields, and what it may not bring along.
-- @module cognito.ngx.guard.request

local request = {}

--- Bytes of a form.
request.MAX_FORM = 16 * 1024
local MAX_FIELDS = 40

--- Whether a program asks, which wants a status, and not a person, who wants a page. Browsers say so themselves.
-- @treturn boolean
function request.is_api()
  local mode = ngx.var.http_sec_fetch_mode
  if mode then return mode ~= "navigate" end
  if (ngx.var.http_x_requested_with or ""):lower() == "xmlhttprequest" then return true end
  return not (ngx.var.http_accept or ""):find("text/html", 1, true)
end

local function one_value(value)
  if type(value) == "table" then return nil end
  return value == true and "" or value
end

--- The fields of a form. One that was sent twice counts as absent.
-- @treturn table name -> text; or nil and an HTTP status
function request.form()
  local length = tonumber(ngx.var.http_content_length or "0")
  if not length or length > request.MAX_FORM then return nil, 413 end
  if not (ngx.var.content_type or ""):find("application/x-www-form-urlencoded", 1, true) then return nil, 415 end
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if not body then return nil, ngx.req.get_body_file() and 413 or 400 end
  if #body > request.MAX_FORM then return nil, 413 end
  local args, reason = ngx.decode_args(body, MAX_FIELDS)
  if not args or reason == "truncated" then return nil, 400 end
  local fields = {}
  for name, value in pairs(args) do fields[name] = one_value(value) end
  return fields
end

--- Whether a browser says that another site made it send this.
-- @treturn boolean
function request.is_cross_site()
  local site = ngx.var.http_sec_fetch_site
  return site == "cross-site" or site == "same-site"
end

return request
