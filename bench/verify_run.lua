--- The verification benchmark: whole verdicts, cached verdicts and unverified reading, beside plain C on the same
-- OpenSSL, and beside aws-jwt-verify where AWS_JWT_VERIFY names a folder whose node_modules has it.
-- usage: lua5.4 bench/verify_run.lua [ROUNDS], after `make build` and with the environment of `make env`.
local core = require "cognito.core"
local digest = require "openssl.digest"
local pkey = require "openssl.pkey"
local support = require "bench.support"

local rounds = tonumber(arg[1]) or 9
local SIGNATURES, READS = 4000, 100000

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text, "\n")
  file:close()
  return path
end

-- An access token as the service makes them, 1133 octets.
local function make(folder)
  local key = pkey.new { type = "RSA", bits = 2048 }
  local p, now = key:getParameters(), os.time()
  local b64 = core.b64url_encode
  local kid = "0MMFAMyiFMoq5Ks2xqZLXEXAMPLEkeyid1234567890="
  local claims = ('{"sub":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","cognito:groups":["readers","writers"],'
    .. '"iss":"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123","version":2,'
    .. '"client_id":"1h57kf5cpq17m0eml12EXAMPLE","origin_jti":"bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee",'
    .. '"event_id":"cccccccc-bbbb-cccc-dddd-eeeeeeeeeeee","token_use":"access","scope":"openid profile email",'
    .. '"auth_time":%d,"exp":%d,"iat":%d,"jti":"dddddddd-bbbb-cccc-dddd-eeeeeeeeeeee","username":"alice"}')
    :format(now, now + 86400, now)
  local input = b64(('{"kid":"%s","alg":"RS256"}'):format(kid)) .. "." .. b64(claims)
  local token = input .. "." .. b64(key:sign(digest.new "sha256":update(input)))
  local jwks = ('{"keys":[{"alg":"RS256","e":"%s","kid":"%s","kty":"RSA","n":"%s","use":"sig"}]}')
    :format(b64(p.e:toBinary()), kid, b64(p.n:toBinary()))
  return write(folder .. "/token", token), write(folder .. "/jwks", jwks), write(folder .. "/pem", key:toPEM "public"),
    #token
end

local function library(list, name, mode, count, bar, per, token, jwks)
  for _, lua in ipairs { "lua5.4", "luajit" } do
    list[#list + 1] = { name = ("%s, %s"):format(name, lua), per = per, bar = bar,
      command = { lua, "bench/verify.lua", mode, count, token, jwks } }
  end
end

local function rows_of(twin, token, jwks, pem)
  local verify, decode = "C: signature alone, kept context", "C: exp from the payload"
  local rows = { { name = verify, command = { twin, "verify", SIGNATURES, token, pem } } }
  library(rows, "verdict without the table", "check", SIGNATURES, 1.10, verify, token, jwks)
  library(rows, "verdict with claims", "verify", SIGNATURES, 1.25, verify, token, jwks)
  library(rows, "verdict from the cache", "cached", READS, nil, verify, token, jwks)
  rows[#rows + 1] = { name = decode, command = { twin, "decode", READS, token } }
  library(rows, "exp, iat, nbf", "times", READS, 1.5, decode, token, jwks)
  library(rows, "claims and header", "decode", READS, 4, decode, token, jwks)
  local folder = os.getenv "AWS_JWT_VERIFY"
  if folder then
    rows[#rows + 1] = { name = "aws-jwt-verify", per = verify,
      command = { "node", "bench/verify.mjs", folder, SIGNATURES, token, jwks } }
  end
  return rows
end

local function main()
  local folder = assert(io.popen "mktemp -d -t lua-cognito-bench.XXXXXX"):read "l"
  local token, jwks, pem, size = make(folder)
  local twin = support.compile("csrc/bench/bench_verify.c", "build/bench/bench_verify", "-lcrypto")
  local rows = rows_of(twin, token, jwks, pem)
  local result = support.compare(rows, rounds)
  print(("verification of a token of %d octets, CPU, medians of %d rounds"):format(size, rounds))
  for _, row in ipairs(rows) do
    local r = result[row.name]
    local bar = row.bar and ("  bar %.2f: %s"):format(row.bar, r.ratio <= row.bar and "kept" or "MISSED") or ""
    local per = row.per and ("%8.2f of %s%s"):format(r.ratio, row.per, bar) or ""
    print(("  %-36s %9.3f us %11.0f/s%s"):format(row.name, r.cpu, 1e6 / r.cpu, per))
  end
  os.execute("rm -rf '" .. folder .. "'")
end

main()
