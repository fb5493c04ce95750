--- What the bad server has seen, by the `tag` of the requests.
local M = {}

local Log = {}
Log.__index = Log

function M.new() return setmetatable({ tags = {}, connections = 0 }, Log) end

function Log:of(tag)
  tag = tag or "-"
  self.tags[tag] = self.tags[tag] or { heads = 0, whole = 0, connections = 0, seen = {} }
  return self.tags[tag]
end

function Log:head(connection, request)
  local entry = self:of(request.args.tag)
  entry.heads = entry.heads + 1
  if not entry.seen[connection] then
    entry.seen[connection] = true
    entry.connections = entry.connections + 1
  end
end

function Log:whole(_, request)
  local entry = self:of(request.args.tag)
  entry.whole = entry.whole + 1
end

--- "heads=2 whole=1 connections=1 all=9": requests begun, requests read whole, connections that carried them, and
-- connections to the server altogether.
function Log:line(tag)
  local entry = self:of(tag)
  return ("heads=%d whole=%d connections=%d all=%d"):format(entry.heads, entry.whole, entry.connections,
    self.connections)
end

return M
