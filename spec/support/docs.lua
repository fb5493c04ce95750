--- The code that the documentation shows, for the specs that run it.
local source = require "spec.support.source"

local docs = {}

--- The pages: README.md and docs/*.md.
function docs.pages()
  local list = source.files("docs", "*.md")
  table.insert(list, 1, "README.md")
  return list
end

--- The code of an example, which a line `<!-- run: NAME -->` stands before.
function docs.example(page, name)
  local mark = "<!%-%- run: " .. name:gsub("%-", "%%-") .. " %-%->\n```lua\n(.-)```"
  return assert(source.read(page):match(mark), page .. " has no example " .. name)
end

--- All Lua code of a page, block by block.
function docs.blocks(page)
  local list = {}
  for code in source.read(page):gmatch "\n```lua\n(.-)\n```" do list[#list + 1] = code end
  return list
end

return docs
