--- The dialect of public documents (key sets, discovery): a plain GET.
-- @module cognito.protocol.get

local errors = require "cognito.errors"
local wire = require "cognito.protocol.wire"

local get = {}

--- Builds the request.
-- @tparam table spec `url`, `operation` (a name for errors), optional `max_body` (bytes)
-- @tparam table client `user_agent`
-- @treturn table the request without its deadline
function get.build(spec, client)
  return { method = "GET", url = spec.url, headers = { "Accept: application/json", client.user_agent },
    minting = false, max_body = spec.max_body }
end

--- Nothing is marked: the documents' servers do not know the SDKs' headers.
function get.mark() end

local function kind_of(status)
  if status >= 500 then return "server" end
  if status == 429 then return "throttled" end
  return "config"
end

--- Reads an answer.
-- @tparam table spec
-- @tparam table response
-- @treturn table|nil the response itself (`body`, `headers`) when its status is 200; else nil and an error of kind
-- `http_redirect`, `server`, `throttled`, `bad_response` or `config`
function get.parse(spec, response)
  if response.status == 200 then return response end
  local operation = spec.operation
  local redirected = wire.redirect(operation, response)
  if redirected then return nil, redirected end
  if response.status < 300 then return nil, wire.bad(operation, response, "the answer has no document") end
  local fields = wire.fields(operation, response)
  fields.code = "HTTP" .. response.status
  fields.retryable = response.status == 429 or response.status >= 500 and response.status ~= 501
  return nil, errors.new(kind_of(response.status), "the document could not be read", fields)
end

return get
