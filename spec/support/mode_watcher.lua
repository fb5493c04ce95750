-- usage: mode_watcher.lua FOLDER MARK: looks at the modes of all files in FOLDER, over and over, until a file `stop`
-- appears there. Makes the file MARK when it has seen a hundred.
local lfs = require "lfs"

local folder = arg[1]
local seen, wide, stop = 0, 0, false
print "watching"
io.stdout:flush()
while not stop do
  for name in lfs.dir(folder) do
    stop = stop or name == "stop"
    local ours = name ~= "stop" and name ~= "." and name ~= ".."
    local mode = ours and lfs.symlinkattributes(folder .. "/" .. name, "permissions")
    if mode then
      seen = seen + 1
      if seen == 100 then assert(io.open(arg[2], "w")):close() end
      if mode:sub(4) ~= "------" then wide = wide + 1 end
    end
  end
end
print(("%d files seen, %d open to others"):format(seen, wide))
