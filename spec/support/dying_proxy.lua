-- usage: dying_proxy.lua PORT [SEED]: a relay on a free port of loopback to PORT whose every connection dies: after so
-- many octets of requests, of answers, or milliseconds, or when the answer comes, by a FIN or a reset. Says "listening
-- on PORT"; told to end (SIGTERM), it says "N connections, M died" and goes.
local uv = require "luv"

local UP, DOWN, TIME, ANSWER = 1, 2, 3, 4
local upstream = assert(tonumber(arg[1]))
math.randomseed(tonumber(arg[2]) or os.time())

local opened, died = 0, 0

local function say(...)
  print(string.format(...))
  io.stdout:flush()
end

-- What is left of a connection's life. A request has about 2 KB, its answer 4 KB.
local function new_fate()
  local kind = math.random(4)
  local most = { [UP] = 4000, [DOWN] = 8000, [TIME] = 30, [ANSWER] = 2 }
  return { kind = kind, left = math.random(0, most[kind]), reset = math.random(2) == 1 }
end

local function shut(stream, by_reset)
  if stream:is_closing() then return end
  if by_reset and stream:close_reset() then return end
  stream:close()
end

local function die(link)
  if link.dead then return end
  link.dead, died = true, died + 1
  if link.timer then link.timer:close() end
  shut(link.client, link.fate.reset)
  shut(link.server, link.fate.reset)
end

-- Passes on what the connection still lives to carry; the rest is lost.
local function relay(link, kind, from, to)
  from:read_start(function(err, data)
    if link.dead then return end
    if err or not data then return die(link) end
    local fate = link.fate
    if fate.kind == ANSWER and kind == DOWN then
      fate.left = fate.left - 1
      if fate.left < 0 then return die(link) end
    elseif fate.kind == kind then
      fate.left = fate.left - #data
      if fate.left < 0 then
        local passed = data:sub(1, #data + fate.left)
        if passed == "" then return die(link) end
        return to:write(passed, function() die(link) end)
      end
    end
    to:write(data)
  end)
end

local function accept(listener)
  local link = { client = uv.new_tcp(), server = uv.new_tcp(), fate = new_fate() }
  assert(listener:accept(link.client))
  opened = opened + 1
  if opened % 20 == 0 then say("%d so far", opened) end
  link.client:nodelay(true)
  if link.fate.kind == TIME then
    link.timer = uv.new_timer()
    link.timer:start(link.fate.left, 0, function() die(link) end)
  end
  link.server:connect("127.0.0.1", upstream, function(err)
    if err or link.dead then return die(link) end
    relay(link, UP, link.client, link.server)
    relay(link, DOWN, link.server, link.client)
  end)
end

local listener = uv.new_tcp()
assert(listener:bind("127.0.0.1", 0))
listener:listen(128, function() accept(listener) end)
uv.new_signal():start("sigterm", function()
  say("%d connections, %d died", opened, died)
  os.exit(0)
end)
say("listening on %d", listener:getsockname().port)
uv.run()
