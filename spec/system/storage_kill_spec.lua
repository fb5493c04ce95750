-- The file storage under kill -9 and failing system calls, at every call of a write in turn.
local file = require "cognito.storage.file"
local killer = require "spec.support.killer"
local lfs = require "lfs"
local strace = require "spec.support.strace"
local tmp = require "spec.support.tmp"

local KEY = ("ab"):rep(32)
local KILLS = tonumber(os.getenv "KILLS") or 60

local function record(version)
  return { version = version, refresh_token = ("token of %s "):format(version):rep(100) }
end

local function fresh(from)
  local path = tmp.dir()
  if from then assert(file.new({ path = path }):put(KEY, record(from), nil)) end
  return path
end

local function victim(path, from, again)
  return { "lua5.4", "spec/support/store_victim.lua", path, from or "none", "a.2", again }
end

-- The version that the next process finds; the record is whole and can be replaced; nothing is left over.
local function survivor(path, from)
  local storage = file.new { path = path }
  local found, err = storage:get(KEY)
  assert.is_nil(err)
  if from then assert.is_table(found) end
  if found then assert.same(record(found.version), found) end
  local token = assert(storage:try_lock(KEY, 30))
  assert(storage:put(KEY, record "a.3", found and found.version))
  assert(storage:unlock(KEY, token))
  assert.same(record "a.3", file.new({ path = path }):get(KEY))
  for name in lfs.dir(path) do
    assert.is_nil(name:find "^%.tmp" or name:find "bad", "left behind: " .. name)
  end
  return found and found.version
end

local function describe_point(point) return ("%s number %d: %s"):format(point.name, point.nth, point.line) end

local FILE_CALLS = {
  openat = true, read = true, write = true, pwrite64 = true, ftruncate = true, utimensat = true, fsync = true,
  close = true, rename = true, renameat = true, renameat2 = true, unlinkat = true, fstat = true, newfstatat = true,
  flock = true, fchmod = true, mkdir = true, chmod = true, stat = true, getdents64 = true, getrandom = true,
  fstatfs = true, open = true, statfs = true,
}

-- The victim's own reports are no part of what is shown.
local function fails_here(point) return FILE_CALLS[point.name] and not point.line:find "^write%(1," end

describe("the file storage", function()
  local can, why = strace.available()

  teardown(tmp.cleanup)

  local function traced(name, fn)
    it(name, function()
      if not can then return pending(why) end
      fn()
    end)
  end

  -- `least`: kills that leave the old record and the new, failing calls, writes refused; a way that makes no file has
  -- fewer calls to be stopped at
  for case, row in pairs {
    ["writes its first record"] = { least = { 30, 4, 110, 22 } },
    ["replaces a record"] = { from = "a.1", least = { 30, 5, 110, 20 } },
    ["replaces a record that it has written"] = { from = "a.1", again = "1", least = { 14, 4, 60, 18 } },
    ["replaces a record in the spare"] = { from = "a.1", again = "2", least = { 13, 4, 56, 16 } },
  } do
    local least = row.least
    local from, again = row.from, row.again

    traced("survives kill -9 at every system call while it " .. case, function()
      local path = fresh(from)
      local old, new = 0, 0
      for _, point in ipairs(strace.points(victim(path, from, again))) do
        path = fresh(from)
        local out = strace.kill(victim(path, from, again), point)
        local version = survivor(path, from)
        assert.is_true(version == from or version == "a.2", describe_point(point))
        if out:find "put ok" then assert.equal("a.2", version, describe_point(point)) end
        if version == "a.2" then new = new + 1 else old = old + 1 end
        tmp.remove(path)
      end
      local figures = ("%d kills left the old record, %d the new"):format(old, new)
      print(case .. ": " .. figures)
      assert.is_true(old >= least[1] and new >= least[2], figures)
    end)

    traced("survives the failure of every file call while it " .. case, function()
      local path = fresh(from)
      local points, failures, runs = strace.points(victim(path, from, again)), 0, 0
      for _, point in ipairs(points) do
        for _, errno in ipairs(fails_here(point) and { "ENOSPC", "EIO", "EACCES", "EINTR" } or {}) do
          path = fresh(from)
          local code, out, problem = strace.fail(victim(path, from, again), point, errno)
          local at = errno .. " at " .. describe_point(point) .. "\n" .. out
          assert.equal(0, code, at .. problem)
          local answer = out:match "put ([^\n]*)"
          local version = survivor(path, from)
          if answer == "ok" then
            assert.equal("a.2", version, at)
          else
            failures = failures + 1
            assert.matches("^store %S", answer, 1, false, at)
            -- after the rename only the fsync of the folder can fail: then the new record is there
            local last = point.name == "fsync" and point.line:find "fsync%(%d+%)" and version == "a.2"
            assert.is_true(version == from or last, at)
          end
          runs = runs + 1
          tmp.remove(path)
        end
      end
      local figures = ("%d failing calls, %d writes refused"):format(runs, failures)
      print(case .. ": " .. figures)
      assert.is_true(runs >= least[3] and failures >= least[4], figures)
    end)
  end

  traced("replaces a record where names cannot be exchanged", function()
    for _, again in ipairs { "1", "2" } do
      for _, errno in ipairs { "ENOSYS", "EINVAL", "EOPNOTSUPP", "EPERM" } do
        local path = fresh "a.1"
        local code, out, problem = strace.fail(victim(path, "a.1", again), { name = "renameat2", nth = 1 }, errno, true)
        assert.equal(0, code, problem)
        assert.matches("put ok", out)
        for name in lfs.dir(path) do assert.is_nil(name:find "spare", name .. " was left after " .. errno) end
        assert.equal("a.2", (survivor(path, "a.1")))
      end
    end
  end)

  traced("gives up in the end when a call fails for ever", function()
    for _, errno in ipairs { "EINTR", "ENOSPC" } do
      for _, name in ipairs { "pwrite64", "fsync", "flock" } do
        local path = fresh "a.1"
        local first
        for _, point in ipairs(strace.points(victim(path, "a.1"))) do
          if point.name == name and fails_here(point) then first = first or point end
        end
        tmp.remove(path)
        path = fresh "a.1"
        local code, out, problem = strace.fail(victim(path, "a.1"), first, errno, true)
        assert.equal(0, code, problem)
        assert.matches("put store", out)
        assert.equal("a.1", (survivor(path, "a.1")))
      end
    end
  end)

  it(("survives %d kills at random moments"):format(KILLS), function()
    local stats = killer.run(tmp.dir(), KILLS)
    print(("%d random kills: %d records written, %d kills fell between rename and report, 0 torn"):format(stats.kills,
      stats.stored, stats.unreported))
    assert.equal(KILLS, stats.kills)
    assert.is_true(stats.stored > KILLS)
  end)
end)
