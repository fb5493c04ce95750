--- The SRP benchmark: one sign-in's computation and one SECRET_HASH, the library beside plain C on the same OpenSSL,
-- and beside the SDKs from npm where `make conformance` has installed them.
-- usage: lua5.4 bench/srp_run.lua [ROUNDS], after `make build` and with the environment of `make env`.
local support = require "bench.support"

local rounds = tonumber(arg[1]) or 9
local SIGN_INS, HASHES, SDK_SIGN_INS = 100, 200000, 3

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local function rows_of(twin)
  local rows = {
    { name = "sign-in, a of 320 bits: C", command = { twin, "srp", SIGN_INS, 320 } },
    { name = "sign-in, a of 320 bits: library, lua5.4", per = "sign-in, a of 320 bits: C", bar = 1.05,
      command = { "lua5.4", "bench/srp.lua", "srp", SIGN_INS, 320 } },
    { name = "sign-in, a of 320 bits: library, luajit", per = "sign-in, a of 320 bits: C", bar = 1.05,
      command = { "luajit", "bench/srp.lua", "srp", SIGN_INS, 320 } },
    { name = "sign-in, a of 1024 bits: C", command = { twin, "srp", SIGN_INS, 1024 } },
    { name = "sign-in, a of 1024 bits: library, lua5.4", per = "sign-in, a of 1024 bits: C", bar = 1.05,
      command = { "lua5.4", "bench/srp.lua", "srp", SIGN_INS, 1024 } },
    { name = "SECRET_HASH: C, kept EVP_MAC_CTX", command = { twin, "hash", HASHES } },
    { name = "SECRET_HASH: library, lua5.4", per = "SECRET_HASH: C, kept EVP_MAC_CTX", bar = 1.7,
      command = { "lua5.4", "bench/srp.lua", "hash", HASHES } },
    { name = "SECRET_HASH: library, luajit", per = "SECRET_HASH: C, kept EVP_MAC_CTX", bar = 1.7,
      command = { "luajit", "bench/srp.lua", "hash", HASHES } },
  }
  if not exists "conformance/node_modules/amazon-cognito-identity-js/package.json" then return rows end
  for _, sdk in ipairs { { "amazon-cognito-identity-js", "identity-js" }, { "cognito-srp-helper", "helper" } } do
    rows[#rows + 1] = { name = "sign-in, a of 1024 bits: " .. sdk[1], per = "sign-in, a of 320 bits: library, lua5.4",
      command = { "node", "bench/srp.mjs", sdk[2], SDK_SIGN_INS } }
  end
  return rows
end

local function main()
  local rows = rows_of(support.compile("csrc/bench/bench_srp.c", "build/bench/bench_srp", "-lcrypto"))
  local result = support.compare(rows, rounds)
  print(("SRP and SECRET_HASH, CPU, medians of %d rounds"):format(rounds))
  for _, row in ipairs(rows) do
    local r = result[row.name]
    local bar = row.bar and ("  bar %.2f: %s"):format(row.bar, r.ratio <= row.bar and "kept" or "MISSED") or ""
    local per = row.per and ("%8.2f of %s%s"):format(r.ratio, row.per, bar) or ""
    print(("  %-54s %12.2f us%s"):format(row.name, r.cpu, per))
  end
end

main()
