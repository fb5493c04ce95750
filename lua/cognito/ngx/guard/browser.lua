--- What binds a form to the browser that it was shown to: a random cookie for the time before and during a sign-in,
-- and words derived from it that a form carries back. Nothing is kept on the server for somebody who has not signed
-- in, so sign-ins that are begun and never finished cost no memory.
-- @module cognito.ngx.guard.browser

local core = require "cognito.core"
local cookies = require "cognito.ngx.guard.cookies"

local browser = {}

local Browser = {}
Browser.__index = Browser

--- Makes the binding.
-- @tparam table given `keys` (a `cognito.storage.keys`), `cookie` (name)
-- @treturn Browser
function browser.new(given)
  return setmetatable({ keys = given.keys, cookie = given.cookie }, Browser)
end

local function is_id(text) return text ~= nil and #text == 43 and not text:find "[^%w%-_]" end

--- The id of a browser.
-- @tparam[opt] string header the Cookie header
-- @treturn string|nil
function Browser:id(header)
  local id = cookies.get(header, self.cookie)
  return is_id(id) and id or nil
end

--- A new id and the Set-Cookie value for it. It ends with the browser.
-- @treturn string
-- @treturn string
function Browser:create()
  local id = core.b64url_encode(core.random(32))
  return id, cookies.set(self.cookie, id)
end

local function word(key, id) return core.b64url_encode(core.hmac_sha256(key, id)) end

--- The word that a form of this browser carries against cross-site requests.
-- @tparam string id of the browser, or of a visit
-- @treturn string or nil and an error of kind `store`
function Browser:token(id)
  local keys, err = self.keys:derive "csrf"
  if not keys then return nil, err end
  return word(keys[1], id)
end

--- Whether a form carries the word of this browser, also one that was made before the key was replaced.
-- @tparam[opt] string id
-- @tparam[opt] string given
-- @treturn boolean
function Browser:is_token(id, given)
  if not id or type(given) ~= "string" or #given > 64 then return false end
  for _, key in ipairs(self.keys:derive "csrf" or {}) do
    if core.equal(word(key, id), given) then return true end
  end
  return false
end

--- The keys that seal a half-done sign-in into this browser's form.
-- @tparam string id
-- @treturn {string,...} of 32 octets, the newest first; or nil and an error of kind `store`
function Browser:step_keys(id) return self.keys:derive("step\0" .. id) end

return browser
