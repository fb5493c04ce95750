--- All account methods, made from their rows: those of pools and those of sessions.
-- @module cognito.user.all

local account = require "cognito.user.account"
local calls = require "cognito.calls"
local device = require "cognito.user.device"
local factors = require "cognito.user.factors"
local user = require "cognito.user"

local all = { pool = {}, session = {} }

local function send_of_pool(self, op, input, given)
  return self.client:send(op, input, self.client:context(given))
end

user.define("pool", account.pool, all.pool, send_of_pool)
user.define("session", account.session, all.session, calls.send)
user.define("session", factors.session, all.session, calls.send)
factors.define_iterators(all.session)
device.define(all.session)

return all
