--- Runs inside nginx: the storage contract over a shared dictionary, and what is special to it.
local contract = require "spec.contract.storage_contract"
local core = require "cognito.core"
local storage = require "cognito.ngx.storage"

local cases = {}
local KEY = ("0123456789abcdef"):rep(4)
local COUNTER = ("c"):rep(64)
local MASTER = ("k"):rep(32)

local function open(name, key) return assert(storage.new { name = name or "sessions", key = key or MASTER }) end

local function fresh(name)
  ngx.shared[name or "sessions"]:flush_all()
  ngx.shared[name or "sessions"]:flush_expired()
  return open(name)
end

local function eq(wanted, got)
  if wanted ~= got then error(("wanted %s, got %s"):format(tostring(wanted), tostring(got)), 2) end
end

function cases.keeps_the_contract()
  local passed, failures = contract.run(function()
    return fresh(), { again = open, wait = ngx.sleep }
  end, { expires = true })
  if #failures > 0 then error(table.concat(failures, "\n")) end
  eq(true, passed >= 18)
end

function cases.holds_no_secret_in_the_clear()
  local store = fresh()
  assert(store:put(KEY, contract.record "a.1", nil))
  local dict, seen = ngx.shared.sessions, 0
  for _, name in ipairs(dict:get_keys(0)) do
    seen = seen + 1
    local all = name .. tostring(dict:get(name))
    assert(not all:find("CANARY", 1, true) and not all:find("alice", 1, true))
  end
  eq(2, seen)
end

-- Fills the dictionary to the last byte and goes on writing: each refusal is loud and nothing is lost.
function cases.never_loses_a_record_when_it_is_full()
  local store, kept = fresh "small", {}
  local refused = 0
  for i = 1, 2000 do
    local key = core.hex_encode(core.sha256("k" .. i))
    local ok, err = store:put(key, { version = "a.1", text = ("x"):rep(i % 700), i = i }, nil)
    if ok then kept[key] = i else
      eq("store", err.kind)
      eq("full", err.code)
      refused = refused + 1
    end
  end
  assert(refused > 100, "the dictionary was not filled")
  local grown = 0
  for key, i in pairs(kept) do
    local ok, err = store:put(key, { version = "a.2", text = ("y"):rep(3000), i = i }, "a.1")
    if ok then grown = grown + 1 else eq("full", err.code) end
  end
  for key, i in pairs(kept) do
    local record = store:get(key)
    assert(record, "record " .. i .. " is gone")
    eq(i, record.i)
  end
  assert(grown < #store:list())
end

function cases.opens_with_an_older_key_and_not_with_a_foreign_one()
  local store = fresh()
  assert(store:put(KEY, contract.record "a.1", nil))
  assert(open("sessions", { ("n"):rep(32), MASTER }):get(KEY))
  local got, err = open("sessions", ("f"):rep(32)):get(KEY)
  eq(nil, got)
  eq("key", err.code)
end

function cases.notices_a_record_that_was_moved_or_changed()
  local store, dict = fresh(), ngx.shared.sessions
  local other = ("f"):rep(64)
  assert(store:put(KEY, contract.record "a.1", nil))
  assert(store:put(other, contract.record "a.1", nil))
  local function value_name(key)
    key = core.hex_decode(key)
    return "v" .. key .. dict:get("p" .. key)
  end
  dict:set(value_name(other), dict:get(value_name(KEY)))
  eq("tampered", select(2, store:get(other)).code)
  dict:set(value_name(KEY), (dict:get(value_name(KEY)):gsub(".$", "\0")))
  eq("tampered", select(2, store:get(KEY)).code)
end

function cases.refuses_to_start_without_key_or_dictionary()
  local ok, message = pcall(storage.new, { name = "sessions" })
  eq(false, ok)
  assert(message:find("key is missing", 1, true), message)
  local store, err = storage.new { name = "no_such", key = MASTER }
  eq(nil, store)
  eq("config", err.kind)
  assert(err.hint:find("lua_shared_dict no_such", 1, true), tostring(err))
  ok, message = pcall(storage.new, { nmae = "sessions", key = MASTER })
  eq(false, ok)
  assert(message:find("did you mean name", 1, true), message)
end

function cases.ends_a_record_with_its_time()
  local store = assert(storage.new { name = "sessions", key = MASTER, ttl = 1 })
  ngx.shared.sessions:flush_all()
  assert(store:put(KEY, contract.record "a.1", nil))
  assert(store:get(KEY))
  ngx.sleep(1.1)
  eq(nil, store:get(KEY))
  assert(store:put(KEY, contract.record "b.1", nil))
  eq("b.1", store:get(KEY).version)
end

-- Asked by many workers at once: each adds one to a counter until it has succeeded often enough.
function cases.count()
  local store = open()
  for _ = 1, 50 do
    while true do
      local record = store:get(COUNTER)
      local n = record and record.n or 0
      local ok, err = store:put(COUNTER, { version = "v." .. (n + 1), n = n + 1, pad = ("x"):rep(n % 300) },
        record and record.version)
      if ok then break end
      eq("conflict", err.code)
      ngx.sleep(0.001)
    end
  end
end

function cases.counted() eq(tonumber(ngx.var.arg_n), open():get(COUNTER).n) end

-- A worker that was killed between its guard and its write.
function cases.goes_on_after_a_worker_died_with_its_guard()
  local store = fresh()
  assert(store:put(KEY, contract.record "a.1", nil))
  ngx.shared.sessions:safe_add("g" .. core.hex_decode(KEY), "dead", require("cognito.ngx.dict").GUARD)
  assert(store:put(KEY, contract.record "a.2", "a.1"))
end

return cases
