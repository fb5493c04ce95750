-- A process that forks while it holds a lock. Only LuaJIT can fork without a further library.
local file = require "cognito.storage.file"
local tmp = require "spec.support.tmp"

local KEY = ("ab"):rep(32)
local has_ffi, ffi = pcall(require, "ffi")

describe("a fork", function()
  teardown(tmp.cleanup)

  if not has_ffi then
    it("and its locks", function() pending "this Lua has no way to fork" end)
    return
  end

  ffi.cdef "int fork(void); int waitpid(int, int *, int); void _exit(int);"

  -- Runs fn in a child; true when it returned true there.
  local function in_child(fn)
    local pid = ffi.C.fork()
    if pid == 0 then
      local ok, good = pcall(fn)
      ffi.C._exit(ok and good and 0 or 1)
    end
    local status = ffi.new "int[1]"
    ffi.C.waitpid(pid, status, 0)
    return status[0] == 0
  end

  it("leaves the lock with the parent, whatever the child does", function()
    local path = tmp.dir()
    local storage = file.new { path = path }
    local token = assert(storage:try_lock(KEY, 30))
    assert.is_true(in_child(function()
      local again = storage:try_lock(KEY, 30)
      local ok, err = storage:unlock(KEY, token)
      return again == nil and ok == nil and err.kind == "store"
    end))
    assert.is_true(in_child(function()
      token, storage = nil, nil
      collectgarbage()
      collectgarbage()
      return true
    end))
    assert.same({ nil, "busy" }, { file.new({ path = path }):try_lock(KEY, 30) })
    assert.is_true(storage:unlock(KEY, token))
    assert.is_truthy((file.new({ path = path }):try_lock(KEY, 30)))
  end)

  it("keeps the writes of parent and children one after another", function()
    local storage = file.new { path = tmp.dir() }
    assert(storage:put(KEY, { version = "a.0", n = 0 }, nil))
    -- Each writer has versions of its own: a put of the very record that is stored is a repetition and no conflict.
    local function add(times, writer)
      local done = 0
      while done < times do
        local record = assert(storage:get(KEY))
        local n = record.n + 1
        if storage:put(KEY, { version = writer .. "." .. n, n = n }, record.version) then done = done + 1 end
      end
      return true
    end
    local children = {}
    for i = 1, 4 do
      local pid = ffi.C.fork()
      if pid == 0 then ffi.C._exit(pcall(add, 50, "child" .. i) and 0 or 1) end
      children[i] = pid
    end
    add(50, "parent")
    for _, pid in ipairs(children) do
      local status = ffi.new "int[1]"
      ffi.C.waitpid(pid, status, 0)
      assert.equal(0, status[0])
    end
    assert.equal(250, storage:get(KEY).n)
  end)
end)
