--- The members of a successful answer of the service's API, and which must be there.
-- @module cognito.protocol.members

local json = require "cognito.json"
local wire = require "cognito.protocol.wire"

local members = {}

local byte, type = string.byte, type
local OPEN = ("{"):byte()

-- The Lua types of members that an answer may have; whatever else comes is passed on as it is.
local answer_types = { AuthenticationResult = "table", ChallengeName = "string", ChallengeParameters = "table",
  Session = "string", AvailableChallenges = "table", CodeDeliveryDetails = "table",
  CodeDeliveryDetailsList = "table", PaginationToken = "string", NextToken = "string" }

local function wrong_member(op, answer)
  for name, value in pairs(answer) do
    local wanted = answer_types[name]
    if wanted and type(value) ~= wanted then return name end
  end
  if op.result then
    for name, wanted in pairs(op.result) do
      if type(answer[name]) ~= wanted then return name end
    end
  end
end

--- Reads a success.
-- @tparam table op an entry of `cognito.protocol.ops`
-- @tparam table response
-- @treturn table|nil the members, or nil and an error of kind `bad_response`
function members.read(op, response)
  local body = response.body
  if body == "" and op.empty then return {} end
  if byte(body) ~= OPEN and not body:find("^%s*{") then
    local what = body == "" and "the answer is empty" or "the answer is not a JSON object"
    return nil, wire.bad(op.name, response, what)
  end
  local answer = json.decode(body)
  -- of an answer with tokens nothing else is read
  if answer and op.minting and type(answer.AuthenticationResult) == "table" then return answer end
  if not answer then
    local torn = wire.is_torn(body)
    return nil, wire.bad(op.name, response, torn and "the answer is not whole JSON" or "the answer is not JSON", torn)
  end
  local wrong = wrong_member(op, answer)
  if wrong then return nil, wire.bad(op.name, response, "member " .. wrong .. " is missing or of a wrong type") end
  return answer
end

return members
