--- Certificates for specs, made by the openssl command in a temporary folder.
local tmp = require "spec.support.tmp"

local tls = {}

local function run(folder, command)
  local line = ("cd %s && %s 2>>openssl.log"):format(tmp.quote(folder), command)
  assert(os.execute(line), "openssl failed: " .. (tmp.read(folder .. "/openssl.log") or ""))
end

--- A certificate authority in a new folder.
-- @treturn string the folder; `ca.pem` in it is the CA's certificate
function tls.authority()
  local folder = tmp.dir()
  run(folder, "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=spec CA'")
  return folder
end

--- A server's certificate, signed by the authority: `<name>.pem` and `<name>.key`.
-- @tparam string folder of the authority
-- @tparam string name of the files
-- @tparam string host name in the certificate
-- @tparam[opt=2] integer days of validity; negative for one that is over
function tls.certificate(folder, name, host, days)
  tmp.write(folder .. "/" .. name .. ".ext", "subjectAltName=DNS:" .. host .. "\n")
  run(folder, ("openssl req -newkey rsa:2048 -nodes -keyout %s.key -out %s.csr -subj '/CN=%s'"):format(name, name,
    host))
  run(folder, ("openssl x509 -req -in %s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out %s.pem -extfile %s.ext "
    .. "-days %d"):format(name, name, name, days or 2))
end

return tls
