-- Records that cannot be read: those that the file storage puts aside, and those that it leaves for another key.
local contract = require "spec.contract.storage_contract"
local file = require "cognito.storage.file"
local file_storage = require "spec.support.file_storage"
local lfs = require "lfs"
local tmp = require "spec.support.tmp"

local KEY, OTHER, SEAL = file_storage.KEY, file_storage.OTHER, file_storage.SEAL
local sh, names_in, fails, record = file_storage.sh, file_storage.names_in, file_storage.fails, contract.record

teardown(tmp.cleanup)

for form, key in pairs { plain = false, sealed = SEAL } do
  describe("a file storage puts aside a " .. form .. " record that", function()
    local path, storage, name

    before_each(function()
      path, storage, name = file_storage.with_record(record("a.1"), key or nil)
    end)

    local function write(text)
      tmp.write(name, text)
      sh("chmod 600 %s", name)
      return text
    end

    local function aside()
      local found
      for _, entry in ipairs(names_in(path)) do
        if entry:find("%.session%.bad%-%d+T%d+Z") then found = entry end
      end
      return found and tmp.read(path .. "/" .. found)
    end

    local function refused(code, text, attempt)
      fails(code, "sign in again", (attempt or storage.get)(storage, KEY))
      assert.equal(text, aside())
      assert.is_nil((storage:get(KEY)))
      assert(storage:put(KEY, record("b.1"), nil))
      assert.same(record("b.1"), storage:get(KEY))
      assert.equal(text, aside())
    end

    it("is empty", function() refused("corrupt", write "") end)
    it("is cut short", function() refused("corrupt", write(tmp.read(name):sub(1, 40))) end)
    it("is something else", function() refused("corrupt", write "hello") end)

    it("has one bit changed", function()
      local text = tmp.read(name)
      local changed = text:sub(1, -3) .. string.char((text:byte(-2) + 1) % 256) .. text:sub(-1)
      refused(key and "tampered" or "corrupt", write(changed))
    end)

    it("was written by a newer version", function()
      refused("newer", write((tmp.read(name):gsub("^(lua%-cognito %l+) 1", "%1 9"))))
    end)

    it("belongs to another key", function()
      assert(storage:put(OTHER, record("a.1"), nil))
      refused(key and "tampered" or "corrupt", write(tmp.read(path .. "/" .. OTHER .. ".session")))
    end)

    it("nobody has read before it was to be replaced", function()
      refused("corrupt", write "hello", function()
        return storage:put(KEY, record("a.2"), "a.1")
      end)
    end)

    it("was put aside before in the same second", function()
      for i = 1, 3 do
        write("hello " .. i)
        fails("corrupt", "sign in again", storage:get(KEY))
      end
      local count = 0
      for _, entry in ipairs(names_in(path)) do
        if entry:find(".bad-", 1, true) then count = count + 1 end
      end
      assert.equal(3, count)
    end)

    it("is removed all the same when that is asked for", function()
      write "hello"
      assert(storage:delete(KEY))
      assert.is_nil(lfs.attributes(name))
    end)

    if key then
      it("is an old copy", function()
        local old = tmp.read(name)
        assert(storage:put(KEY, record("a.2"), "a.1"))
        refused("rolled_back", write(old))
      end)
    end
  end)
end

describe("a file storage leaves a record", function()
  local path, name, text

  before_each(function()
    local _
    path, _, name = file_storage.with_record(record("a.1"), SEAL)
    text = tmp.read(name)
  end)

  it("that another key sealed", function()
    local storage = file.new { path = path, key = ("x"):rep(32) }
    fails("key", "older key", storage:get(KEY))
    fails("key", "older key", storage:put(KEY, record("a.2"), "a.1"))
    assert.equal(text, tmp.read(name))
  end)

  it("that is sealed when it has no key", function()
    fails("sealed", "give the key", file.new({ path = path }):get(KEY))
    assert.equal(text, tmp.read(name))
  end)

  it("that is not sealed when it has a key", function()
    assert(file.new({ path = path }):delete(KEY))
    assert(file.new({ path = path }):put(KEY, record("a.1"), nil))
    fails("not_sealed", "remove it", file.new({ path = path, key = SEAL }):get(KEY))
    assert.same(record("a.1"), file.new({ path = path }):get(KEY))
  end)

  it("readable through a rotation of its key", function()
    local fresh = ("n"):rep(32)
    local rotating = file.new { path = path, key = { fresh, SEAL } }
    assert.same(record("a.1"), rotating:get(KEY))
    assert(rotating:put(KEY, record("a.2"), "a.1"))
    assert.same(record("a.2"), file.new({ path = path, key = fresh }):get(KEY))
    assert.is_nil((tmp.read(name):find("CANARY", 1, true)))
  end)
end)
