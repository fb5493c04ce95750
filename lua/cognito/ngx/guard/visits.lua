--- Who a browser is: an opaque cookie, and on the server the session it stands for.
--
-- The cookie holds 32 random octets. The storage knows them by their hash only, so a copy of the storage opens no
-- door. A visit ends after `idle` seconds without a request and `absolute` seconds after it began; a new sign-in
-- always gets a new cookie, so a planted one is worth nothing.
-- @module cognito.ngx.guard.visits

local core = require "cognito.core"
local cookies = require "cognito.ngx.guard.cookies"
local lrucache = require "resty.lrucache"
local records = require "cognito.records"

local visits = {}

local Visits = {}
Visits.__index = Visits

--- Sessions whose objects a worker keeps, so that a request costs one look into the storage and no decoding.
visits.KEPT = 5000
-- A visit is written at most this often, since a write costs more than a read.
local TOUCH = 60

--- Makes the book of visits.
-- @tparam table given `pool`, `storage`, `cookie` (name), `idle`, `absolute` (seconds)
-- @treturn Visits
function visits.new(given)
  return setmetatable({
    pool = given.pool, storage = given.storage, cookie = given.cookie, idle = given.idle,
    absolute = given.absolute, touch = math.min(TOUCH, given.idle / 10), kept = lrucache.new(visits.KEPT),
  }, Visits)
end

local function key_of(self, id)
  return core.hex_encode(core.sha256("lua-cognito visit\0" .. self.cookie .. "\0" .. id))
end

local function over(self, record, now)
  return now - record.seen > self.idle or now - record.began > self.absolute
end

local function ends_at(self, record)
  return math.min(record.seen + self.idle, record.began + self.absolute) + self.touch
end

local function next_version(version)
  local id, counter = version:match "^(.*)%.(%d+)$"
  return ("%s.%d"):format(id, tonumber(counter) + 1)
end

-- Another request may have written meanwhile; then it has done our work.
local function note_request(self, key, record, now)
  if now - record.seen < self.touch then return end
  local fresh = {}
  for name, value in pairs(record) do fresh[name] = value end
  fresh.version, fresh.seen = next_version(record.version), now
  fresh.ends_at = ends_at(self, fresh)
  self.storage:put(key, fresh, record.version)
end

-- A storage that can tell cheaply whether a record changed spares us opening it again.
local function read(self, key)
  local kept = self.kept:get(key)
  local stamp = self.storage.stamp and self.storage:stamp(key)
  if self.storage.stamp and not stamp then return nil end
  if kept and stamp and kept.stamp == stamp then return kept end
  local record, err = self.storage:get(key)
  if not record then return nil, err end
  kept = kept or { session_key = records.session_key(self.pool, record.session) }
  kept.record, kept.stamp = record, stamp
  self.kept:set(key, kept)
  return kept
end

-- The object that this worker keeps is good as long as the stored session is the one it was made from: elsewhere the
-- user may have signed out, or the tokens may have been renewed.
local function open_session(self, kept)
  local storage = self.pool.storage
  local stamp = storage.stamp and storage:stamp(kept.session_key)
  if kept.session and stamp and kept.session_stamp == stamp then return kept.session end
  local session, err = self.pool:session { id = kept.record.session }
  kept.session, kept.session_stamp, kept.claims = session, stamp, nil
  return session, err
end

--- The visit of a request.
-- @tparam[opt] string header the Cookie header
-- @treturn table|nil `session`, `id`, `key`, `record`, `kept` (what this worker keeps of it); nil when there is none
-- @treturn table|nil an error, when it cannot be known
function Visits:find(header)
  local id = cookies.get(header, self.cookie)
  if not id or #id ~= 43 or id:find "[^%w%-_]" then return nil end
  local key = key_of(self, id)
  local kept, err = read(self, key)
  if not kept then return nil, err end
  local now = self.pool.host.now()
  if over(self, kept.record, now) then
    self:drop { key = key, record = kept.record }
    return nil
  end
  local session, why = open_session(self, kept)
  if not session then
    if why.kind == "sign_in_required" then self:drop { key = key } return nil end
    return nil, why
  end
  note_request(self, key, kept.record, now)
  return { session = session, id = id, key = key, record = kept.record, kept = kept }
end

-- Nothing leads to the session any more, so it is signed out as by the logout. A worker that exits has no time to
-- revoke.
local function leave(premature, pool, id)
  local session = pool:session { id = id }
  if session then session:sign_out { revoke = not premature } end
end

-- A storage with one owner names sessions by their users: the new sign-in of the same user is the same session.
local function end_former(self, header, session)
  local id = cookies.get(header, self.cookie)
  if not id then return end
  local key = key_of(self, id)
  local record = self.storage:get(key)
  self:drop { key = key }
  if record and record.session ~= session.id then ngx.timer.at(0, leave, self.pool, record.session) end
end

--- Begins a visit. The one that the browser may have had ends, and its session is signed out in a timer.
-- @tparam table session
-- @tparam[opt] string header the Cookie header of the request
-- @treturn string the Set-Cookie value; or nil and an error of kind `store`
-- @treturn table the visit
function Visits:begin(session, header)
  local id, now = core.b64url_encode(core.random(32)), self.pool.host.now()
  local record = { version = core.b64url_encode(core.random(9)) .. ".1", session = session.id, began = now,
    seen = now }
  record.ends_at = ends_at(self, record)
  local key = key_of(self, id)
  local ok, err = self.storage:put(key, record, nil)
  if not ok then return nil, err end
  end_former(self, header, session)
  return cookies.set(self.cookie, id), { session = session, id = id, key = key, record = record }
end

--- Ends a visit. Its session is not touched.
-- @tparam table visit
-- @treturn string the Set-Cookie value that removes the cookie
function Visits:drop(visit)
  self.kept:delete(visit.key)
  self.storage:delete(visit.key)
  return cookies.remove(self.cookie)
end

return visits
