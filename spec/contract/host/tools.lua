--- What the examples of the host contract are written with.
local tools = {}

local BODY = '{"RefreshToken":"not a secret"}'
tools.BODY = BODY

--- Seconds that a request may take which is to succeed.
tools.USUAL = os.getenv "VALGRIND" and 60 or 10

--- Seconds by which a call may miss its deadline. Under valgrind everything takes its time.
tools.LATE = os.getenv "VALGRIND" and 2 or 0.1

--- A new list of examples, and the two functions that add to it.
function tools.list()
  local list = {}
  local function example(name, run, needs)
    local new = { name = name, run = run, needs = needs, timed = false }
    list[#list + 1] = new
    return new
  end
  return list, example, function(...) example(...).timed = true end
end

function tools.equal(wanted, got, what)
  if wanted == got then return end
  error(("%s: wanted %s, got %s"):format(what or "value", tostring(wanted), tostring(got)), 2)
end

function tools.request(t, url, more)
  local r = { method = "POST", url = url, headers = { "Content-Type: application/x-amz-json-1.1" }, body = BODY,
    deadline = t.host.monotime() + tools.USUAL, minting = true, tls = t.tls, pool = url:match("tag=(.*)$") }
  for name, value in pairs(more or {}) do r[name] = value end
  if r.method == "GET" then r.body = nil end
  return r
end

--- One call of the bad server. The name of a fault without its arguments serves as the tag unless another is given.
function tools.call(t, fault, more, tag, port)
  tag = (tag or fault:match("^[%w_]+")) .. (t.attempt or "")
  return t.host.send(tools.request(t, t.server:url(fault, tag, port), more))
end

--- What the bad server has seen of a tag.
function tools.counts(t, tag)
  local url = t.server:control(tag .. (t.attempt or ""))
  local response = assert(t.host.send { method = "GET", url = url, headers = {}, pool = "control",
    deadline = t.host.monotime() + 5 })
  local seen = {}
  for name, value in response.body:gmatch("(%w+)=(%d+)") do seen[name] = tonumber(value) end
  return seen
end

--- Asserts a failure of that kind; gives the error.
function tools.fails(kind, maybe, response, err)
  tools.equal(nil, response and response.status, "response")
  tools.equal(kind, err.kind, tostring(err) .. ": kind")
  tools.equal(maybe, err.maybe_processed, tostring(err) .. ": maybe_processed")
  return err
end

--- Runs a function that must end in time; gives its two results and the seconds it took.
function tools.timed(t, seconds, fn)
  local start = t.host.monotime()
  local first, second = fn()
  local took = t.host.monotime() - start
  if took > seconds + tools.LATE then error(("took %.3f s, allowed %.3f s"):format(took, seconds + tools.LATE), 2) end
  return first, second, took
end

function tools.repeated(n, make)
  local list = {}
  for i = 1, n do list[i] = make(i) end
  return list
end

return tools
