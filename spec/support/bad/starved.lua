-- A program that has no descriptor left when its first failure comes: prints what it is told.
-- usage: lua5.4 spec/support/bad/starved.lua blocking|loop FOLDER
local cognito = require "cognito"
local loop = arg[1] == "loop" and require("cognito.host.loop").new() or nil
local pool = assert(cognito.pool { user_pool_id = "eu-west-1_AbCdEf123", client_id = "client", host = loop,
  endpoint = "http://127.0.0.1:1/", storage = cognito.storage.file { path = arg[2] } })

-- Opens a file again and again, until there is no descriptor for it.
local function take_all()
  local taken = {}
  while true do
    local one = io.open "/dev/null"
    if not one then return taken end
    taken[#taken + 1] = one
  end
end

local function starve()
  local session = assert(pool:adopt { refresh_token = "refresh", username = "alice" })
  local taken = take_all()
  local _, err = session:access_token()
  print("kind " .. err.kind)
  _, err = pool:session "bob"
  print("kind " .. err.kind .. " code " .. err.code)
  assert(#taken > 0)
end

if loop then
  loop:spawn(starve)
  loop:run()
else
  starve()
end
