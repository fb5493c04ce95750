-- The core beside second implementations, over the corpora of the fuzzers and any folder named in CORPUS_JSON or
-- CORPUS_TOKENS: lua-cjson for JSON texts, node's crypto for signatures.
local cjson = require("cjson").new()
local core = require "cognito.core"
local jws = require "cognito.jws"
local tokens = require "spec.support.tokens"

cjson.decode_max_depth(64)

local function files(folder)
  local list = {}
  local pipe = assert(io.popen("ls -1 '" .. folder .. "'"))
  for name in pipe:lines() do list[#list + 1] = folder .. "/" .. name end
  pipe:close()
  return list
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

-- What cjson gives, in the shape that the core gives: null left out of objects.
local function plain(value)
  if value == cjson.null then return core.null end
  if type(value) ~= "table" then return value end
  local out = {}
  for name, member in pairs(value) do
    if not (type(name) == "string" and member == cjson.null) then out[name] = plain(member) end
  end
  return out
end

describe("the core and a second implementation:", function()
  it("JSON that the core reads means the same to lua-cjson", function()
    local count = 0
    for _, folder in ipairs { "csrc/fuzz/corpus/json", os.getenv "CORPUS_JSON" } do
      for _, path in ipairs(files(folder)) do
        local text = read(path)
        local value, code = core.json_decode(text)
        -- cjson cannot hold a name twice, an invalid text or a lone surrogate against a document: only what the core
        -- accepts is compared
        if not code then
          local ok, other = pcall(cjson.decode, text)
          -- its reader takes no number of more than 32 characters or a bare scalar of some kinds
          if ok then
            assert.same(plain(other), value, path)
            count = count + 1
          else
            assert.is_truthy(text:find "[%d.eE+-]" or text:find "%z" or text:find "\\u0000", path .. ": " .. other)
          end
        end
      end
    end
    assert.is_true(count > 10)
  end)

  it("signatures that node's crypto accepts are those that the core accepts", function()
    if not os.execute "node --version >/dev/null 2>&1" then return pending "node is not installed" end
    local key, other = tokens.key "k1", tokens.key "k1"
    local set, lines = tokens.jwks(key), {}
    local base = tokens.make(key, nil)
    local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for i = 1, #base do
      local at = digits:find(base:sub(i, i), 1, true)
      if at then lines[#lines + 1] = base:sub(1, i - 1) .. digits:sub(at % 64 + 1, at % 64 + 1) .. base:sub(i + 1) end
    end
    for i = 1, 20 do
      lines[#lines + 1] = tokens.make(i % 2 == 0 and key or other, tokens.claims { jti = "j" .. i })
    end
    local script, input = os.tmpname(), os.tmpname()
    local out = assert(io.open(script, "w"))
    out:write([[
const crypto = require("crypto"), fs = require("fs");
const [set, ...tokens] = fs.readFileSync(process.argv[2], "utf8").trim().split("\n");
const key = crypto.createPublicKey({ key: JSON.parse(set).keys[0], format: "jwk" });
for (const token of tokens) {
  const [header, payload, signature] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const canonical = [header, payload, signature].every(p => Buffer.from(p, "base64url").toString("base64url") === p);
  console.log(crypto.verify("sha256", Buffer.from(header + "." + payload), key, bytes) && canonical ? 1 : 0);
}
]])
    out:close()
    out = assert(io.open(input, "w"))
    out:write(set, "\n", table.concat(lines, "\n"), "\n")
    out:close()
    local pipe = assert(io.popen(("node '%s' '%s'"):format(script, input)))
    local accepted = 0
    for i = 1, #lines do
      local verdict = pipe:read "l" == "1"
      local ok = jws.verify(lines[i], set) ~= nil
      assert.equal(verdict, ok, lines[i])
      accepted = accepted + (ok and 1 or 0)
    end
    pipe:close()
    os.remove(script)
    os.remove(input)
    assert.equal(10, accepted)
  end)
end)
