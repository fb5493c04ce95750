--- The examples that every storage passes, whatever it keeps its records in.
--
-- In busted:   contract.describe(describe, it, "memory", make, features)
-- Elsewhere (inside nginx, say, where busted does not run):
--   local passed, failures = contract.run(make, features)
--
-- `make()` returns a fresh, empty storage and (optionally) a table with
--   again   function: another storage object over the same data, as a second process would have it
--   wait    function(seconds): lets time pass (needed for the feature `expires`)
--   close   function: called after each example, also a failed one
-- `features` is a table; examples that need a feature which is not set are left out, not passed:
--   expires = true: a lock ends with its lease, even while its holder lives
local contract = {}

local KEY = ("0123456789abcdef"):rep(4)
local OTHER = ("fedcba9876543210"):rep(4)

local function check(condition, what)
  if not condition then error(what, 2) end
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for k, v in pairs(a) do
    if not same(v, b[k]) then return false end
  end
  for k in pairs(b) do
    if a[k] == nil then return false end
  end
  return true
end

local function show(value)
  return type(value) == "table" and tostring(value.message or value) or tostring(value)
end

local function record(version, extra)
  local r = {
    version = version,
    username = "alice",
    access_token = "header.CANARY-access.signature",
    refresh_token = "CANARY-refresh",
    expires_at = 1795302693.25,
    lifetime = 3600,
    remembered = true,
    forgotten = false,
    scopes = { "openid", "email" },
    device = { key = "eu-west-1_0a1b", group_key = "-group", password = "CANARY-device" },
  }
  for k, v in pairs(extra or {}) do r[k] = v end
  return r
end

local function stores(storage, key, value, expected)
  local ok, err = storage:put(key, value, expected)
  check(ok == true, "put answered " .. show(ok) .. ", " .. show(err))
end

local function holds(storage, key, wanted)
  local got, err = storage:get(key)
  check(got ~= nil, "get answered nil, " .. show(err))
  check(same(got, wanted), "the record that came back differs from the one that was put")
end

local function is_empty(storage, key)
  local got, err = storage:get(key)
  check(got == nil, "there is a record where none should be")
  check(err == nil, "get of an absent record answered an error: " .. show(err))
end

local function conflicts(ok, err)
  check(ok == nil, "the call answered " .. show(ok) .. " instead of nil, err")
  check(type(err) == "table" and err.kind == "store", "not an error of kind store: " .. show(err))
  check(err.code == "conflict", "the code is " .. show(err.code) .. " and not conflict")
  check(not tostring(err):find("CANARY", 1, true), "the error shows a secret")
end

local function locks(storage, key)
  local token, err = storage:try_lock(key, 30)
  check(token ~= nil and token ~= false, "try_lock answered " .. show(token) .. ", " .. show(err))
  return token
end

local function is_busy(storage, key)
  local token, why = storage:try_lock(key, 30)
  check(token == nil and why == "busy", "try_lock answered " .. show(token) .. ", " .. show(why))
end

local function unlocks(storage, key, token)
  local ok, err = storage:unlock(key, token)
  check(ok == true, "unlock answered " .. show(ok) .. ", " .. show(err))
end

local function keys_of(storage)
  local list, err = storage:list()
  check(type(list) == "table", "list answered " .. show(list) .. ", " .. show(err))
  local set, count = {}, 0
  for _, key in ipairs(list) do
    check(not set[key], "list names a key twice")
    set[key], count = true, count + 1
  end
  return set, count
end

local examples = {}

local function example(name, run, needs)
  examples[#examples + 1] = { name = name, run = run, needs = needs }
end

example("has a name and says whether many owners share it", function(storage)
  check(type(storage.name) == "string" and storage.name ~= "", "no name")
  check(type(storage.shared) == "boolean", "shared is not a boolean")
end)

example("answers nil and no error for an absent record", function(storage)
  is_empty(storage, KEY)
end)

example("gives back what was put", function(storage, again)
  local r = record("a.1")
  stores(storage, KEY, r, nil)
  holds(storage, KEY, record("a.1"))
  holds(again(), KEY, record("a.1"))
end)

example("keeps text of every byte, long text, empty text and numbers of 14 digits", function(storage, again)
  local bytes = {}
  for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
  local extra = {
    bytes = table.concat(bytes), long = ("x"):rep(65536), empty = "", name = "\195\156nal \240\159\148\145",
    zero = 0, negative = -1.5, big = 99999999999999, list = { "a", "b", "c" },
  }
  stores(storage, KEY, record("a.1", extra), nil)
  holds(again(), KEY, record("a.1", extra))
end)

example("gives each caller a table of its own", function(storage)
  stores(storage, KEY, record("a.1"), nil)
  local mine = storage:get(KEY)
  mine.access_token = "changed"
  mine.device.key = "changed"
  mine.scopes[1] = "changed"
  holds(storage, KEY, record("a.1"))
end)

example("refuses to put a first record over an existing one", function(storage, again)
  stores(storage, KEY, record("a.1"), nil)
  conflicts(again():put(KEY, record("b.1"), nil))
  holds(storage, KEY, record("a.1"))
end)

example("replaces the expected version only", function(storage, again)
  stores(storage, KEY, record("a.1"), nil)
  stores(again(), KEY, record("a.2"), "a.1")
  conflicts(storage:put(KEY, record("a.2", { username = "late" }), "a.1"))
  conflicts(storage:put(KEY, record("a.3"), "a.02"))
  conflicts(storage:put(KEY, record("a.3"), "b.2"))
  holds(storage, KEY, record("a.2"))
end)

example("refuses to replace a record that is gone", function(storage, again)
  stores(storage, KEY, record("a.1"), nil)
  check(again():delete(KEY) == true, "delete failed")
  conflicts(storage:put(KEY, record("a.2"), "a.1"))
  is_empty(storage, KEY)
end)

example("removes without condition, also what is not there", function(storage, again)
  stores(storage, KEY, record("a.1"), nil)
  check(storage:delete(KEY) == true, "delete failed")
  is_empty(storage, KEY)
  is_empty(again(), KEY)
  check(storage:delete(KEY) == true, "a second delete failed")
end)

example("removes the expected version only", function(storage, again)
  stores(storage, KEY, record("a.2"), nil)
  conflicts(again():delete(KEY, "a.1"))
  holds(storage, KEY, record("a.2"))
  check(again():delete(KEY, "a.2") == true, "delete of the right version failed")
  is_empty(storage, KEY)
  conflicts(storage:delete(KEY, "a.2"))
end)

example("takes a new record after a removal", function(storage)
  stores(storage, KEY, record("a.1"), nil)
  check(storage:delete(KEY) == true, "delete failed")
  stores(storage, KEY, record("b.1"), nil)
  holds(storage, KEY, record("b.1"))
end)

example("keeps records apart", function(storage)
  stores(storage, KEY, record("a.1"), nil)
  stores(storage, OTHER, record("b.1", { username = "bob" }), nil)
  stores(storage, KEY, record("a.2"), "a.1")
  holds(storage, OTHER, record("b.1", { username = "bob" }))
  check(storage:delete(KEY) == true, "delete failed")
  holds(storage, OTHER, record("b.1", { username = "bob" }))
end)

example("lists the keys that have a record", function(storage, again)
  local _, none = keys_of(storage)
  check(none == 0, "an empty storage lists " .. none)
  for i = 1, 40 do stores(storage, ("%064x"):format(i), record("a.1"), nil) end
  check(storage:delete(("%064x"):format(7)) == true, "delete failed")
  local set, count = keys_of(again())
  check(count == 39, "39 records, listed " .. count)
  check(set[("%064x"):format(1)] and set[("%064x"):format(40)], "a key is missing")
  check(not set[("%064x"):format(7)], "a removed key is listed")
end)

example("gives a lock to one at a time", function(storage, again)
  local second = again()
  local token = locks(storage, KEY)
  is_busy(storage, KEY)
  is_busy(second, KEY)
  unlocks(storage, KEY, token)
  token = locks(second, KEY)
  is_busy(storage, KEY)
  unlocks(second, KEY, token)
end)

example("locks each key by itself", function(storage, again)
  local token, other = locks(storage, KEY), locks(again(), OTHER)
  check(other ~= nil, "the other key is busy")
  unlocks(storage, KEY, token)
end)

example("shows no record where there is only a lock", function(storage)
  local token = locks(storage, KEY)
  is_empty(storage, KEY)
  local _, count = keys_of(storage)
  check(count == 0, "a lock is listed as a record")
  unlocks(storage, KEY, token)
  _, count = keys_of(storage)
  check(count == 0, "a former lock is listed as a record")
end)

example("does not let an old token open a new lock", function(storage, again)
  local old = locks(storage, KEY)
  unlocks(storage, KEY, old)
  local fresh = locks(again(), KEY)
  check(fresh ~= nil, "not locked")
  local ok, err = storage:unlock(KEY, old)
  check(ok == nil and type(err) == "table" and err.kind == "store", "unlock with an old token: " .. show(ok))
  is_busy(storage, KEY)
end)

example("lets the version alone decide about a write, lock or not", function(storage, again)
  stores(storage, KEY, record("a.1"), nil)
  local token = locks(storage, KEY)
  stores(again(), KEY, record("a.2"), "a.1")
  conflicts(storage:put(KEY, record("a.2", { username = "late" }), "a.1"))
  stores(storage, KEY, record("a.3"), "a.2")
  unlocks(storage, KEY, token)
  holds(storage, KEY, record("a.3"))
end)

example("keeps the lock through a removal and a new record", function(storage, again)
  stores(storage, KEY, record("a.1"), nil)
  local token = locks(storage, KEY)
  check(storage:delete(KEY) == true, "delete failed")
  is_busy(again(), KEY)
  stores(storage, KEY, record("b.1"), nil)
  is_busy(again(), KEY)
  unlocks(storage, KEY, token)
  unlocks(storage, KEY, locks(storage, KEY))
  holds(storage, KEY, record("b.1"))
end)

example("ends a lock with its lease", function(storage, again, env)
  local old = storage:try_lock(KEY, 0.1)
  check(old, "not locked")
  local second, token = again(), nil
  for _ = 1, 100 do
    token = second:try_lock(KEY, 30)
    if token then break end
    env.wait(0.05)
  end
  check(token, "the lock outlived its lease by five seconds")
  local ok = storage:unlock(KEY, old)
  check(ok == nil, "the first holder could open the lock of the second")
  is_busy(storage, KEY)
  unlocks(second, KEY, token)
end, "expires")

contract.examples = examples
contract.record = record
contract.same = same

local function applies(e, features)
  return not e.needs or (features ~= nil and features[e.needs] == true)
end

local function run_one(e, make)
  local storage, env = make()
  env = env or {}
  local function again()
    if env.again then return env.again() end
    return storage
  end
  local ok, err = pcall(e.run, storage, again, env)
  if env.close then env.close() end
  return ok, err
end

--- Registers one busted example per example of the contract (busted gives `describe` and `it` to spec files alone).
function contract.describe(describe, it, name, make, features)
  describe("storage " .. name, function()
    for _, e in ipairs(examples) do
      if applies(e, features) then
        it(e.name, function()
          local ok, err = run_one(e, make)
          if not ok then error(err, 0) end
        end)
      end
    end
  end)
end

--- Runs all without busted. Returns the number that passed and a list of failures as text.
function contract.run(make, features)
  local passed, failures = 0, {}
  for _, e in ipairs(examples) do
    if applies(e, features) then
      local ok, err = run_one(e, make)
      if ok then passed = passed + 1 else failures[#failures + 1] = e.name .. ": " .. tostring(err) end
    end
  end
  return passed, failures
end

return contract
