-- What the file storage refuses to work with: folders and record files that are not private or not what they should be.
local contract = require "spec.contract.storage_contract"
local file = require "cognito.storage.file"
local file_storage = require "spec.support.file_storage"
local lfs = require "lfs"
local proc = require "spec.support.proc"
local tmp = require "spec.support.tmp"

local KEY, OTHER = file_storage.KEY, file_storage.OTHER
local sh, names_in, fails, record = file_storage.sh, file_storage.names_in, file_storage.fails, contract.record

teardown(tmp.cleanup)

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

  it("has no name that a system could know", function()
    refused("", "no_path", "option path")
    refused("/tmp/a\0b", "no_path", "option path")
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
    if not proc.is_root() then return pending "only root can give a folder away" end
    local path = tmp.dir()
    sh("chown 65534 %s", path)
    refused(path, "owner", "run as the owner")
  end)

  it("cannot be made", function()
    if not proc.is_root() then return pending "only root can take another user's place" end
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
    path, storage, name = file_storage.with_record(record("a.1"))
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
    if not proc.is_root() then return pending "only root can give a file away" end
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
