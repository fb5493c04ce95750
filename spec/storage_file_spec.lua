-- The file storage: the contract, its folder and files, killed and stopped processes.
local contract = require "spec.contract.storage_contract"
local file = require "cognito.storage.file"
local file_storage = require "spec.support.file_storage"
local lfs = require "lfs"
local posix = require "cognito.posix"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local KEY, OTHER, SEAL = file_storage.KEY, file_storage.OTHER, file_storage.SEAL
local sh, names_in, fails, record = file_storage.sh, file_storage.names_in, file_storage.fails, contract.record

teardown(tmp.cleanup)

local function maker(options)
  return function()
    local path = tmp.dir()
    local function again()
      return file.new { path = path, key = options.key }
    end
    return again(), { again = again, close = function() tmp.remove(path) end }
  end
end

contract.describe(describe, it, "file", maker {})
contract.describe(describe, it, "file, sealed", maker { key = SEAL })
contract.describe(describe, it, "file without locks", function()
  local path = tmp.dir()
  return file.new { path = path, lock = "none" }, { close = function() tmp.remove(path) end }
end)
local function mode_of(path)
  return lfs.symlinkattributes(path, "permissions")
end

-- Runs Lua code in a process of its own, with this tree's modules; returns its output.
local function other_process(code, options)
  options = options or {}
  local argv = { proc.interpreter(), "-e", code }
  if options.umask then
    argv = { "sh", "-c", "umask " .. options.umask .. "; exec \"$@\"", "sh", proc.interpreter(), "-e", code }
  end
  local status, out, problem = proc.run { argv = argv, env = options.env }
  assert(status == 0, problem)
  return out
end

describe("a file storage", function()
  it("raises for wrong options", function()
    assert.has_error(function() file.new { path = 1 } end)
    assert.has_error(function() file.new { pth = "x" } end,
      'cognito.storage.file: unknown option "pth"; did you mean path?')
    assert.has_error(function() file.new { lock = "flock" } end)
    assert.has_error(function() file.new { key = {} } end)
  end)

  it("is refused inside nginx", function()
    rawset(_G, "ngx", {})
    local ok, message = pcall(file.new, {})
    rawset(_G, "ngx", nil)
    assert.is_false(ok)
    assert.matches("inside nginx", message)
  end)

  it("makes its folder and files private whatever the umask is", function()
    for _, umask in ipairs { "000", "077", "0777" } do
      local top = tmp.dir()
      other_process(([[
        local storage = require("cognito.storage.file").new { path = %q }
        local key = ("ab"):rep(32)
        local token = assert(storage:try_lock(key, 1))
        assert(storage:put(key, { version = "a.1" }, nil))
        assert(storage:put(key, { version = "a.2" }, "a.1"))
        assert(storage:unlock(key, token))]]):format(top .. "/a/b"), { umask = umask })
      assert.equal("rwx------", mode_of(top .. "/a"))
      assert.equal("rwx------", mode_of(top .. "/a/b"))
      for _, name in ipairs(names_in(top .. "/a/b")) do
        assert.equal("rw-------", mode_of(top .. "/a/b/" .. name), name .. " under umask " .. umask)
      end
      assert.equal("a.2", file.new({ path = top .. "/a/b" }):get(KEY).version)
    end
  end)

  it("never has a moment in which others could read", function()
    local path, mark = tmp.dir(), tmp.dir() .. "/enough"
    local watcher = proc.start { argv = { proc.interpreter(), "spec/support/mode_watcher.lua", path, mark } }
    assert(watcher:wait_line("(watching)"))
    other_process(([[
      local storage = require("cognito.storage.file").new { path = %q }
      local key, i = ("ab"):rep(32), 0
      repeat
        i = i + 1
        assert(storage:put(key, { version = "a." .. i, text = ("x"):rep(4000) }, i > 1 and "a." .. i - 1 or nil))
        local enough = i >= 500 and io.open %q
      until enough]]):format(path, mark), { umask = "000" })
    tmp.write(path .. "/stop", "")
    local looks, wide = watcher:wait_line("(%d+) files seen, (%d+) open to others")
    watcher:stop()
    assert.equal("0", wide)
    assert.is_true(tonumber(looks) >= 100, "the watcher saw only " .. looks)
  end)

  it("is found where XDG says", function()
    local home = tmp.dir()
    local code = [[io.write(require("cognito.storage.file").new().path or "none")]]
    assert.equal(home .. "/lua-cognito", other_process(code, { env = { XDG_STATE_HOME = home, HOME = "/nowhere" } }))
    assert.equal("/somewhere/.local/state/lua-cognito",
      other_process(code, { env = { XDG_STATE_HOME = "relative", HOME = "/somewhere" } }))
    assert.matches("set HOME", other_process([[
      local _, err = require("cognito.storage.file").new():get(("ab"):rep(32))
      io.write(tostring(err))]], { env = { XDG_STATE_HOME = "", HOME = "" } }))
  end)

  it("goes on in a new folder when somebody removes its own", function()
    local path = tmp.dir()
    local storage = file.new { path = path }
    assert(storage:put(KEY, record("a.1"), nil))
    sh("rm -r %s", path)
    assert.is_nil((storage:get(KEY)))
    assert(storage:put(KEY, record("b.1"), nil))
    assert.same(record("b.1"), file.new({ path = path }):get(KEY))
    sh("rm -r %s", path)
    assert.is_truthy((storage:try_lock(KEY, 1)))
    assert.same({ KEY .. ".lock" }, names_in(path))
  end)

  it("says what is in the way, as often as it is asked, when a file has taken the place of its folder", function()
    local path = tmp.dir()
    local storage = file.new { path = path }
    assert(storage:put(KEY, record("a.1"), nil))
    sh("rm -r %s && touch %s", path, path)
    for _ = 1, 3 do fails("not_folder", "path of a folder", storage:put(KEY, record("a.2"), "a.1")) end
    sh("rm %s", path)
    assert(storage:put(KEY, record("b.1"), nil))
  end)

  it("sweeps what killed writers left, and leaves no lock file of a removed record", function()
    local path = tmp.dir()
    tmp.write(path .. "/.tmp-0123456789abcdef", "half")
    local storage = file.new { path = path }
    local token = assert(storage:try_lock(KEY, 1))
    assert(storage:put(KEY, record("a.1"), nil))
    assert.same({ KEY .. ".lock", KEY .. ".session" }, names_in(path))
    assert(storage:delete(KEY))
    assert(storage:unlock(KEY, token))
    assert.same({}, names_in(path))
    assert(storage:put(OTHER, record("a.1"), nil))
    assert(storage:unlock(OTHER, (assert(storage:try_lock(OTHER, 1)))))
    assert(file.new({ path = path }):delete(OTHER))
    assert.same({}, names_in(path))
  end)

  it("frees the lock of a process that was killed, and the lock that everybody forgot", function()
    local path = tmp.dir()
    local storage = file.new { path = path }
    local holder = proc.start { argv = { proc.interpreter(), "-e", ([[
      local storage = require("cognito.storage.file").new { path = %q }
      local token = assert(storage:try_lock(("ab"):rep(32), 1))
      print("locked") io.stdout:flush()
      require("cognito.posix").sleep(60) print(token)]]):format(path) } }
    assert(holder:wait_line("(locked)"))
    assert.same({ nil, "busy" }, { storage:try_lock(KEY, 1) })
    holder:signal "KILL"
    holder:wait(30)
    assert.is_truthy((storage:try_lock(KEY, 1)))
    collectgarbage()
    collectgarbage()
    assert.is_truthy((file.new({ path = path }):try_lock(KEY, 1)))
    holder:stop()
  end)

  it("says who is in the way when another process stopped in the middle of a write", function()
    local path = tmp.dir()
    local storage = file.new { path = path }
    assert(storage:put(KEY, record("a.1"), nil))
    local folder = assert(posix.folder(path))
    assert(folder:try())
    local start = posix.monotime()
    fails("busy", "stopped process", storage:put(KEY, record("a.2"), "a.1"))
    local took = posix.monotime() - start
    assert.is_true(took >= 4.9 and took < 6)
    folder:close()
    assert(storage:put(KEY, record("a.2"), "a.1"))
  end)

  it("takes the same put again after a failure", function()
    local storage = file.new { path = tmp.dir(), key = SEAL }
    assert(storage:put(KEY, record("a.1"), nil))
    assert(storage:put(KEY, record("a.2"), "a.1"))
    assert(storage:put(KEY, record("a.2"), "a.1"))
    local ok, err = storage:put(KEY, contract.record("a.2", { username = "bob" }), "a.1")
    assert.is_nil(ok)
    assert.equal("conflict", err.code)
  end)

  it("refuses a record that is too large, and keeps the old one", function()
    local storage = file.new { path = tmp.dir() }
    assert(storage:put(KEY, record("a.1"), nil))
    local ok, err = storage:put(KEY, contract.record("a.2", { text = ("x"):rep(1048577) }), "a.1")
    assert.is_nil(ok)
    assert.equal("too_large", err.code)
    assert.same(record("a.1"), storage:get(KEY))
  end)
end)
