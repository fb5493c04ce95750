--- A login by the browser of a desk: `cognito login --browser`, a real headless Chromium and the emulator's login page,
-- all on loopback. From the moment the page is submitted, or the authorize URL is opened by a browser that the page
-- knows, until the command has its tokens stored and says so. usage: lua5.4 bench/login_run.lua [ROUNDS]
local desk_login = require "spec.support.desk_login"
local support = require "bench.support"
local tmp = require "spec.support.tmp"

local rounds = tonumber(arg[1]) or 11
local BAR = 300 -- ms

local function row(name, list)
  local median = support.median(list)
  print(("  %-44s %7.0f %7.0f %7.0f  bar %d: %s"):format(name, median, math.min(table.unpack(list)),
    math.max(table.unpack(list)), BAR, median <= BAR and "kept" or "MISSED"))
end

local function measure(desk)
  local page, kept = {}, {}
  for i = 0, rounds do
    local home, env = desk:home()
    local first, second = desk:time_page(home, env), desk:time_kept(home, env)
    if i > 0 then page[i], kept[i] = first, second end -- the first round warms the browser up
  end
  print(("\nlogin by browser, page to token, %d rounds, ms of wall time"):format(rounds))
  print(("  %-44s %7s %7s %7s"):format("", "median", "least", "most"))
  row("from the submit of the login page", page)
  row("from opening the URL, with a kept login", kept)
end

local function main()
  local available, why = desk_login.available()
  if not available then return print("login by browser: not measured: " .. why) end
  local desk = desk_login.start()
  local ok, err = xpcall(measure, debug.traceback, desk)
  desk:stop()
  tmp.cleanup()
  if not ok then error(err, 0) end
end

main()
