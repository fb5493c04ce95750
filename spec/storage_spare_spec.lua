-- The spare of a record in the file storage: its life, what lies in its place, and readers without the guard.
local contract = require "spec.contract.storage_contract"
local file = require "cognito.storage.file"
local file_storage = require "spec.support.file_storage"
local lfs = require "lfs"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local KEY, OTHER, SEAL = file_storage.KEY, file_storage.OTHER, file_storage.SEAL
local sh, names_in, fails, record = file_storage.sh, file_storage.names_in, file_storage.fails, contract.record
local RECORD, SPARE = KEY .. ".session", KEY .. ".session.spare"
local READERS, WRITES = 4, 2000

teardown(tmp.cleanup)

local function inode_of(path, name)
  return lfs.symlinkattributes(path .. "/" .. name, "ino")
end

-- A folder, and the storage of a process that has replaced a record `times` times since it wrote it.
local function replaced(times, key)
  local path, storage = file_storage.with_record(record("a.0"), key)
  for i = 1, times do assert(storage:put(KEY, record("a." .. i), "a." .. i - 1)) end
  return path, storage
end

for form, key in pairs { plain = false, sealed = SEAL } do
  describe("the spare of a " .. form .. " record", function()
    it("is made by the first replace and takes turns with the record", function()
      local path, storage = replaced(0, key or nil)
      assert.same({ RECORD }, names_in(path))
      local inodes = { [0] = inode_of(path, RECORD) }
      for i = 1, 6 do
        local stored = record("a." .. i, { text = ("x"):rep(i % 3 * 1000) })
        assert(storage:put(KEY, stored, "a." .. i - 1))
        inodes[i] = inode_of(path, RECORD)
        assert.same({ RECORD, SPARE }, names_in(path))
        assert.equal(inodes[i - 1], inode_of(path, SPARE))
        assert.equal(inodes[i - 2] or inodes[i], inodes[i])
        assert.same(stored, storage:get(KEY))
        assert.same(stored, file.new({ path = path, key = key or nil }):get(KEY))
      end
      assert.same({ KEY }, storage:list())
    end)

    it("goes with a record that is removed", function()
      for _, again in ipairs { false, true } do
        local path, storage = replaced(2, key or nil)
        if again then storage = file.new { path = path, key = key or nil } end
        assert(storage:delete(KEY, "a.2"))
        assert.same({}, names_in(path))
      end
    end)

    it("goes with a record that is put aside", function()
      local path, storage = replaced(2, key or nil)
      tmp.write(path .. "/" .. RECORD, "hello")
      fails("corrupt", "sign in again", storage:get(KEY))
      local names = names_in(path)
      assert.equal(1, #names)
      assert.matches("%.bad%-", names[1])
      assert(storage:put(KEY, record("b.1"), nil))
      assert(storage:put(KEY, record("b.2"), "b.1"))
      assert.same(record("b.2"), storage:get(KEY))
    end)

    it("is a former record, which nobody takes for the record", function()
      local path, storage = replaced(2, key or nil)
      sh("rm %s", path .. "/" .. RECORD)
      assert.is_nil((storage:get(KEY)))
      local ok, err = storage:put(KEY, record("a.3"), "a.2")
      assert.is_nil(ok)
      assert.equal("conflict", err.code)
      assert.is_nil(lfs.attributes(path .. "/" .. RECORD))
    end)
  end)
end

describe("a spare", function()
  it("is not left by a process that replaces a record once", function()
    local path = replaced(0)
    assert(file.new({ path = path }):put(KEY, record("a.1"), "a.0"))
    assert.same({ RECORD }, names_in(path))
  end)

  it("is swept when its record is gone, and left when it is not", function()
    local path, storage = replaced(1)
    assert(storage:put(OTHER, record("a.1"), nil))
    assert(storage:put(OTHER, record("a.2"), "a.1"))
    sh("rm %s", path .. "/" .. OTHER .. ".session")
    assert(file.new({ path = path }):put(KEY, record("a.2"), "a.1"))
    assert.same({ RECORD, SPARE }, names_in(path))
  end)

  local PLACES = {
    ["a link"] = "ln -s target %s", ["a folder"] = "mkdir %s", ["a FIFO"] = "mkfifo -m 600 %s",
    ["a second name of another file"] = "ln target %s", ["a file that others may read"] = "install -m 644 target %s",
    ["a file without any right"] = "install -m 000 target %s",
  }

  for what, command in pairs(PLACES) do
    for times, when in pairs { [0] = "before there is one", "instead of one" } do
      it("is made anew where " .. what .. " lies in its place " .. when, function()
        local path, storage = replaced(times)
        tmp.write(path .. "/target", "mine")
        os.remove(path .. "/" .. SPARE)
        sh("cd %s && " .. command, path, SPARE)
        for i = times + 1, times + 3 do
          assert(storage:put(KEY, record("a." .. i), "a." .. i - 1))
          assert.same(record("a." .. i), file.new({ path = path }):get(KEY))
        end
        local spare = lfs.symlinkattributes(path .. "/" .. SPARE)
        assert.same({ "file", "rw-------", 1 }, { spare.mode, spare.permissions, spare.nlink })
        assert.equal("mine", tmp.read(path .. "/target"))
      end)
    end
  end

  it("is left to nobody who would write into it while another process uses it", function()
    local path, mine = replaced(2)
    local theirs = file.new { path = path }
    for i = 3, 40 do
      local writer = i % 3 == 0 and mine or theirs
      assert(writer:put(KEY, record("a." .. i), "a." .. i - 1))
      assert.same(record("a." .. i), mine:get(KEY))
      assert.same(record("a." .. i), theirs:get(KEY))
    end
    local ok, err = mine:put(KEY, record("b.1"), "a.39")
    assert.is_nil(ok)
    assert.equal("conflict", err.code)
  end)
end)

-- Reads until it has seen the last version; whatever is not whole or older than what it saw ends it.
local READER = [[
  local storage = require("cognito.storage.file").new { path = %q, key = %s }
  local key, seen, reads = ("ab"):rep(32), 0, 0
  print("reading") io.stdout:flush()
  while seen < %d do
    local record = assert(storage:get(key))
    local n = tonumber(record.version:match("%%d+$"))
    assert(n >= seen, "older than what was seen: " .. n .. " after " .. seen)
    assert(record.text == (n .. " "):rep(n %% 700), "torn: " .. n)
    seen, reads = n, reads + 1
  end
  print(reads .. " reads")]]

describe("readers without the guard", function()
  for form, key in pairs { plain = false, sealed = SEAL } do
    it("see whole and ever newer records while a process replaces a " .. form .. " one without a pause", function()
      local function stored(n) return { version = "a." .. n, text = (n .. " "):rep(n % 700) } end
      local path = tmp.dir()
      local storage = file.new { path = path, key = key or nil }
      assert(storage:put(KEY, stored(0), nil))
      local readers = {}
      for i = 1, READERS do
        local code = READER:format(path, key and ("%q"):format(key) or "nil", WRITES)
        readers[i] = proc.start { argv = { proc.interpreter(), "-e", code } }
        assert(readers[i]:wait_line("(reading)"))
      end
      for n = 1, WRITES do assert(storage:put(KEY, stored(n), "a." .. n - 1)) end
      for i = 1, READERS do
        assert(readers[i]:wait_line("(%d+) reads"))
        readers[i]:stop()
      end
      assert.same({ RECORD, SPARE }, names_in(path))
    end)
  end
end)
