--- What an answer of the service's API that is no success says: the error in it, without what the caller sent.
-- Source: the AWS JSON 1.1 protocol; where an answer has no `__type` the header counts, and then the status.
-- @module cognito.protocol.refusal

local core = require "cognito.core"
local errors = require "cognito.errors"
local faults = require "cognito.protocol.faults"
local json = require "cognito.json"
local ops = require "cognito.protocol.ops"
local wire = require "cognito.protocol.wire"

local refusal = {}

local header = core.header

-- All texts below a value. The name of an attribute is no secret, and messages speak of it.
local function collect(value, into)
  if type(value) == "table" then
    local is_attribute = type(value.Name) == "string"
    for name, inner in pairs(value) do
      if not (is_attribute and name == "Name") then collect(inner, into) end
    end
  elseif type(value) == "string" and value ~= "" then
    into[#into + 1] = value
  end
  return into
end

local SHORT = 4 -- a shorter text is part of many words: it is only replaced where it is a word of its own

local function pattern_of(text)
  local pattern = text:gsub("%p", "%%%0"):gsub("%z", "%%z")
  if #text < SHORT and text:find "^[%w_]+$" then return "%f[%w_]" .. pattern .. "%f[^%w_]" end
  return pattern
end

local function longer(a, b) return #a > #b end

-- Replaces in a message what the caller sent in confidence, should the service ever echo it. A text that holds
-- another goes first, else its rest would stay.
local function redact(message, input)
  local texts = {}
  for name, value in pairs(input) do
    if ops.sensitive[name] then collect(value, texts) end
  end
  table.sort(texts, longer)
  for _, text in ipairs(texts) do message = message:gsub(pattern_of(text), "***") end
  return message
end

local function trim_code(code)
  return type(code) == "string" and code:match("^[^:]*"):match("[^#]*$") or nil
end

local function is_code(code)
  return code and #code <= 100 and code:find("^[%w_%.]+$") and code or nil
end

local function read_error(response)
  local body = response.body
  local parsed = body:find("^%s*{") and json.decode(body)
  return type(parsed) == "table" and parsed or nil
end

local function code_of(parsed, response)
  local code = is_code(trim_code(parsed and parsed.__type))
    or is_code(trim_code(header(response.headers, "x-amzn-errortype")))
  if code then return code end
  if parsed and parsed.code == "BadRequest" and response.status < 500 then return "UnknownOperationException" end
  return "HTTP" .. response.status
end

local function message_of(parsed, response)
  local text = parsed and (parsed.message or parsed.Message) or header(response.headers, "x-amzn-errormessage")
  return type(text) == "string" and text or "the service gave no message"
end

-- An error page of something between us and the service: a body, but no word of the service in it.
local function is_foreign(parsed, response)
  return not parsed and response.status < 500 and response.body ~= ""
    and not header(response.headers, "x-amzn-errortype")
end

--- Reads an answer that is not a success.
-- @tparam table spec `op`, `input` (what was sent)
-- @tparam table response
-- @treturn table an error that holds nothing of what was sent in confidence
function refusal.read(spec, response)
  local operation = spec.op.name
  local redirected = wire.redirect(operation, response)
  if redirected then return redirected end
  local parsed = read_error(response)
  if is_foreign(parsed, response) or response.status < 300 then
    return wire.bad(operation, response, "the answer is not the service's", false)
  end
  local fields = wire.fields(operation, response)
  fields.code = code_of(parsed, response)
  local message = message_of(parsed, response)
  return errors.new(faults.explain(fields, message), redact(message, spec.input), fields)
end

return refusal
