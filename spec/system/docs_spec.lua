-- The pages of the documentation: their code parses, what they mark as run runs, links lead somewhere, and the
-- reference leaves no name out.
local browser = require "spec.support.page_visitor"
local cognito = require "cognito"
local docs = require "spec.support.docs"
local emulator = require "spec.support.emulator"
local lfs = require "lfs"
local source = require "spec.support.source"

local PASSWORD, SECRET, BACK = "Correct-horse1", ("S"):rep(32), "https://app.example.com/callback"

-- The name that a heading has in links.
local function anchor(heading)
  return (heading:lower():gsub("[^%w%s_-]", ""):gsub("%s", "-"))
end

local function anchors(page)
  local set = {}
  for heading in ("\n" .. source.read(page)):gmatch "\n#+ ([^\n]+)" do set[anchor(heading)] = true end
  return set
end

-- What is wrong with a link of a page, or nil.
local function broken(page, target)
  if target:find "^https?://" then return nil end
  local path, name = target:match "^([^#]*)#?(.*)$"
  local file = path == "" and page or (page:match "^.*/" or "") .. path
  if not lfs.attributes(file) then return page .. " -> " .. target end
  if name ~= "" and not anchors(file)[name] then return page .. " -> " .. target end
end

describe("the documentation", function()
  it("has Lua code that parses", function()
    for _, page in ipairs(docs.pages()) do
      for i, code in ipairs(docs.blocks(page)) do
        local chunk, message = load(code)
        assert(chunk or load("return " .. code), ("%s, block %d: %s"):format(page, i, tostring(message)))
      end
    end
  end)

  it("has links that lead somewhere", function()
    local list = {}
    for _, page in ipairs(docs.pages()) do
      for target in source.read(page):gmatch "%]%(([^%s)]+)%)" do list[#list + 1] = broken(page, target) end
    end
    assert.same({}, list)
  end)

  it("has no page that the README does not lead to", function()
    local readme = source.read "README.md"
    for _, page in ipairs(docs.pages()) do
      assert.truthy(page == "README.md" or readme:find(page, 1, true), page)
    end
  end)
end)

describe("docs/reference.md", function()
  local text = source.read "docs/reference.md"
  -- of the value that a pool is, for the parts of the library
  local INTERNAL = { read_secrets = true, short_name = true, issuers = true }

  local function unnamed(object, prefix)
    local missing = {}
    for name, value in pairs(object) do
      local public = type(value) == "function" and not name:find "^_" and not INTERNAL[name]
      if public and not text:find(prefix .. ":" .. name, 1, true) then missing[#missing + 1] = prefix .. ":" .. name end
    end
    return missing
  end

  it("names every method of pools and sessions", function()
    local pool = assert(cognito.pool { user_pool_id = "eu-west-1_Abc", client_id = "abc" })
    assert.same({}, unnamed(getmetatable(pool).__index, "pool"))
    assert.same({}, unnamed(pool.Session.__index, "session"))
  end)

  it("lists every kind of error and every option of a pool", function()
    local missing = {}
    for _, names in ipairs { require("cognito.errors").kinds, require("cognito.pool").schema } do
      for name in pairs(names) do
        if not text:find("`" .. name .. "`", 1, true) then missing[#missing + 1] = name end
      end
    end
    assert.same({}, missing)
  end)
end)

describe("the code of the pages", function()
  local emu

  setup(function()
    emu = emulator.start { config = {
      users = { alice = { password = PASSWORD, attributes = { email = "alice@example.com" } } },
      clients = {
        { id = "public", redirect_uris = { BACK } },
        { id = "machine", secrets = { SECRET }, oauth_flows = { "client_credentials" }, scopes = { "api/read" } },
      },
    } }
  end)
  teardown(function() emu.stop() end)

  local function options(client_id, more)
    local o = { user_pool_id = emu.pool_id, client_id = client_id, endpoint = emu.url, domain = emu.url,
      issuer = emu.url .. "/" .. emu.pool_id }
    for name, value in pairs(more or {}) do o[name] = value end
    return o
  end

  -- Runs an example with the given globals beside the usual ones; `results` names what it is to return.
  local function run(page, name, globals, results)
    local code = docs.example(page, name) .. "\nreturn " .. (results or "nil")
    return assert(load(code, name, "t", setmetatable(globals, { __index = _G })))()
  end

  it("loops: twenty calls at a time", function()
    local seen = {}
    local own = setmetatable({ pool = function(o)
      o.endpoint = emu.url
      return cognito.pool(o)
    end }, { __index = cognito })
    run("docs/loops.md", "twenty", { cognito = own, user_pool_id = emu.pool_id, client_id = "public",
      password = PASSWORD, print = function(i, name) seen[i] = name end })
    assert.equal(20, #seen)
    assert.equal("alice", seen[20])
  end)

  it("hosted login: in a web application", function()
    local globals = {}
    local pool = assert(cognito.pool(options "public"))
    local plain = pool.hosted_login
    function pool.hosted_login(self, o)
      local login = assert(plain(self, o))
      local begin = login.authorize_url
      function login.authorize_url(...)
        local url, pending = begin(...)
        globals.query = assert(browser.sign_in(url, "alice", PASSWORD))
        return url, pending
      end
      return login
    end
    globals.pool = pool
    local session, err = run("docs/hosted-login.md", "web", globals, "session, err")
    assert.is_nil(err)
    assert.equal("alice", session.username)
  end)

  it("hosted login: for a program that acts for itself", function()
    local pool = assert(cognito.pool(options("machine", { client_secret = SECRET })))
    local token, err = run("docs/hosted-login.md", "machine", { pool = pool }, "token, err")
    assert.is_nil(err)
    assert.is_string(token)
  end)
end)
