local contract = require "spec.contract.storage_contract"
local file = require "cognito.storage.file"
local lfs = require "lfs"
local posix = require "cognito.posix"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local KEY, OTHER = ("ab"):rep(32), ("cd"):rep(32)
local SEAL = ("k"):rep(32)

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

local function sh(format, ...)
  local words = { ... }
  for i, word in ipairs(words) do words[i] = tmp.quote(word) end
  local command = format:format((table.unpack or unpack)(words))
  local status = os.execute(command)
  assert(status == true or status == 0, command)
end

local function mode_of(path)
  return lfs.symlinkattributes(path, "permissions")
end

local function names_in(path)
  local list = {}
  for name in lfs.dir(path) do
    if name ~= "." and name ~= ".." then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

local function fails(code, hint, ok, err)
  assert.is_nil(ok)
  assert.is_table(err)
  assert.equal("store", err.kind)
  assert.equal(code, err.code)
  assert.is_string(err.hint)
  assert.matches(hint, err.hint)
  assert.is_nil((tostring(err):find("CANARY", 1, true)))
  return err
end

local function record(version) return contract.record(version) end

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
    local path = tmp.dir()
    local watcher = proc.start { argv = { proc.interpreter(), "spec/support/mode_watcher.lua", path } }
    assert(watcher:wait_line("(watching)"))
    other_process(([[
      local storage = require("cognito.storage.file").new { path = %q }
      local key = ("ab"):rep(32)
      for i = 1, 500 do
        assert(storage:put(key, { version = "a." .. i, text = ("x"):rep(4000) }, i > 1 and "a." .. i - 1 or nil))
      end]]):format(path), { umask = "000" })
    tmp.write(path .. "/stop", "")
    local looks, wide = watcher:wait_line("(%d+) files seen, (%d+) open to others")
    watcher:stop()
    assert.equal("0", wide)
    assert.is_true(tonumber(looks) > 100, "the watcher saw only " .. looks)
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
    holder:wait(5)
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

describe("a file storage refuses a folder that", function()
  local function refused(path, code, hint)
    local storage = file.new { path = path }
    fails(code, hint, storage:get(KEY))
    fails(code, hint, storage:put(KEY, record("a.1"), nil))
    fails(code, hint, storage:delete(KEY))
    fails(code, hint, storage:list())
    fails(code, hint, storage:try_lock(KEY, 1))
  end

  it("others may read", function()
    for _, mode in ipairs { "755", "750", "701", "777" } do
      local path = tmp.dir()
      sh("chmod " .. mode .. " %s", path)
      refused(path, "mode", "chmod 700 " .. path:gsub("%p", "%%%0"))
      assert.same({}, names_in(path))
    end
  end)

  it("is a symbolic link", function()
    local path = tmp.dir()
    sh("mkdir -m 700 %s/real && ln -s real %s/link", path, path)
    refused(path .. "/link", "symlink", "real folder")
    refused(path .. "/link/", "symlink", "real folder")
    assert.same({}, names_in(path .. "/real"))
  end)

  it("is a file, or lies below one", function()
    local path = tmp.write(tmp.dir() .. "/file", "mine")
    refused(path, "not_folder", "path of a folder")
    refused(path .. "/below", "ENOTDIR", "path of a folder")
    assert.equal("mine", tmp.read(path))
  end)

  it("lies in a folder that everybody can write", function()
    local path = tmp.dir()
    sh("mkdir -m 777 %s/open && chmod 777 %s/open && mkdir -m 700 %s/open/mine", path, path, path)
    refused(path .. "/open/mine", "parent", "chmod o%-w")
    refused(path .. "/open/new", "parent", "chmod o%-w")
    sh("chmod +t %s/open", path)
    assert(file.new({ path = path .. "/open/mine" }):put(KEY, record("a.1"), nil))
  end)

  it("belongs to somebody else", function()
    if posix.geteuid() ~= 0 then return pending "only root can give a folder away" end
    local path = tmp.dir()
    sh("chown 65534 %s", path)
    refused(path, "owner", "run as the owner")
  end)

  it("cannot be made", function()
    if posix.geteuid() ~= 0 then return pending "only root can take another user's place" end
    local path = tmp.dir()
    sh("chmod 755 %s && mkdir -m 755 %s/rootonly", path, path)
    -- the other user may not reach the tree itself, below /root for example
    local abi = _VERSION == "Lua 5.4" and "5.4" or "5.1"
    sh("cp -r lua %s/lua && cp -r %s/%s %s/lib && chmod -R a+rX %s/lua %s/lib", path, os.getenv "BUILD" or "build", abi,
      path, path, path)
    local lua, lib = path .. "/lua/?.lua;" .. path .. "/lua/?/init.lua;;", path .. "/lib/?.so;;"
    local status, out, problem = proc.run { cwd = "/", env = { LUA_PATH = lua, LUA_PATH_5_4 = lua, LUA_CPATH = lib,
      LUA_CPATH_5_4 = lib }, argv = { "setpriv", "--reuid", "65534", "--regid", "65534",
      "--clear-groups", proc.interpreter(), "-e", ([[
      local storage = require("cognito.storage.file").new { path = %q }
      local ok, err = storage:put(("ab"):rep(32), { version = "a.1" }, nil)
      print(ok, err.kind, err.code, err.hint)]]):format(path .. "/rootonly/mine") } }
    assert.equal(0, status, problem)
    assert.matches("^nil%s+store%s+EACCES%s+make .* writable", out)
  end)
end)

describe("a file storage refuses, and leaves alone, a record file that", function()
  local path, storage, name

  before_each(function()
    path = tmp.dir()
    storage = file.new { path = path }
    name = path .. "/" .. KEY .. ".session"
    assert(storage:put(KEY, record("a.1"), nil))
  end)

  local function refused(code, hint)
    local before = lfs.symlinkattributes(name)
    fails(code, hint, storage:get(KEY))
    fails(code, hint, storage:put(KEY, record("a.2"), "a.1"))
    fails(code, hint, storage:put(KEY, record("b.1"), nil))
    local after = lfs.symlinkattributes(name)
    assert.equal(before.ino, after.ino)
    assert.equal(before.size, after.size)
  end

  it("others may read", function()
    for _, mode in ipairs { "644", "640", "604", "620" } do
      sh("chmod " .. mode .. " %s", name)
      refused("mode", "chmod 600")
    end
  end)

  it("is a symbolic link", function()
    sh("mv %s %s/target && ln -s target %s", name, path, name)
    refused("symlink", "remove")
  end)

  it("has a second name", function()
    sh("ln %s %s/second", name, path)
    refused("links", "remove")
  end)

  it("is a FIFO, without waiting for a writer", function()
    sh("rm %s && mkfifo -m 600 %s", name, name)
    refused("not_file", "remove")
  end)

  it("belongs to somebody else", function()
    if posix.geteuid() ~= 0 then return pending "only root can give a file away" end
    sh("chown 65534 %s", name)
    refused("owner", "remove")
  end)

  it("is too large", function()
    tmp.write(name, ("x"):rep(1048577))
    refused("too_large", "move")
  end)

  it("and a lock file that is a link", function()
    sh("ln -s elsewhere %s/%s.lock", path, OTHER)
    fails("symlink", "real folder", storage:try_lock(OTHER, 1))
    assert.is_nil(lfs.attributes(path .. "/elsewhere"))
  end)
end)

for form, key in pairs { plain = false, sealed = SEAL } do
  describe("a file storage puts aside a " .. form .. " record that", function()
    local path, storage, name

    before_each(function()
      path = tmp.dir()
      storage = file.new { path = path, key = key or nil }
      name = path .. "/" .. KEY .. ".session"
      assert(storage:put(KEY, record("a.1"), nil))
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
    path = tmp.dir()
    name = path .. "/" .. KEY .. ".session"
    assert(file.new({ path = path, key = SEAL }):put(KEY, record("a.1"), nil))
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
