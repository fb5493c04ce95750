-- Loads on nginx in a short form; `make load-nginx` runs them in full.
local load = require "spec.support.ngx_load"
local mixed = require "spec.support.ngx_mixed"
local nginx = require "spec.support.nginx"

describe("nginx under load", function()
  local available, why = nginx.available()
  if available and not os.execute "command -v wrk >/dev/null" then available, why = false, "wrk is not installed" end
  if not available then
    pending(why)
    return
  end

  it("refreshes each session exactly once on eight workers", function()
    assert.is_string(load.refreshes { sessions = 100, workers = 8, requests = 4 })
  end)

  it("refreshes each session exactly once on three servers with one Redis", function()
    assert.is_string(load.fleet { sessions = 60, servers = 3, workers = 2, requests = 2 })
  end)

  it("serves every kind of request at once, and grows no memory", function()
    assert.is_string(mixed.run { samples = 4, period = 1.5, from = 1, growth = 1.5, workers = 2, users = 10,
      tokens = 100 })
  end)

  it("never answers one user with another's session", function()
    assert.is_string(load.users { users = 20, seconds = 4, workers = 2, least = 1000 })
  end)

  it("loses nothing across reloads", function()
    assert.is_string(load.reloads { reloads = 4, users = 10, workers = 2 })
  end)
end)
