--- What the dialects share: errors from answers, with their request id and the server's wish to wait.
-- @module cognito.protocol.wire

local core = require "cognito.core"
local errors = require "cognito.errors"

local wire = {}

local header = core.header

--- Seconds that the server asks to wait, from `x-amz-retry-after` (milliseconds) or `retry-after` (seconds).
-- @tparam table response
-- @treturn number|nil
function wire.retry_after(response)
  local ms = (header(response.headers, "x-amz-retry-after") or ""):match("^%d+$")
  if ms then return tonumber(ms) / 1000 end
  local seconds = (header(response.headers, "retry-after") or ""):match("^%d+$")
  return seconds and tonumber(seconds)
end

--- The fields that every error from an answer has.
-- @tparam string operation
-- @tparam table response
-- @treturn table
function wire.fields(operation, response)
  local id = header(response.headers, "x-amzn-requestid")
  return { operation = operation, status = response.status, request_id = id and errors.clean(id),
    retry_after = wire.retry_after(response), retryable = false, maybe_processed = false }
end

--- An answer of a form that the service never sends.
-- @tparam string operation
-- @tparam table response
-- @tparam string message
-- @tparam[opt] boolean torn the answer was cut short: sending again may help
-- @treturn table an error of kind `bad_response`
function wire.bad(operation, response, message, torn)
  local fields = wire.fields(operation, response)
  fields.retryable, fields.maybe_processed = torn or false, true
  fields.code = torn and "truncated" or nil
  return errors.new("bad_response", message, fields)
end

--- Says whether what cannot be read is an answer of which the end is missing.
-- @tparam string body
-- @treturn boolean
function wire.is_torn(body)
  return body:find "^%s*{" ~= nil and not body:find "}%s*$"
end

--- The error of an answer that would lead elsewhere.
-- @tparam string operation
-- @tparam table response
-- @treturn table|nil an error of kind `http_redirect`; nil: the answer is no redirect
function wire.redirect(operation, response)
  if response.status >= 300 and response.status < 400 then
    return errors.new("http_redirect", "the endpoint answered with a redirect, which is not followed",
      wire.fields(operation, response))
  end
end

return wire
