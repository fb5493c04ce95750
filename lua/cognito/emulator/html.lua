--- The look of the emulator's pages: one frame, a few parts. Everything that came from outside is escaped.
-- @module cognito.emulator.html

local M = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- @treturn string text that is safe inside HTML and attributes
function M.escape(text) return (tostring(text):gsub("[&<>\"']", ENTITIES)) end

local STYLE = [[
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6675;--line:#d5dbe3;--paper:#fff;--ground:#f2f4f7;--main:#1f5fbf;
--bad:#a3262a;--badground:#fdecec;--good:#1c6b3a;--goodground:#e7f6ec;
--warn:#7a5200;--warnground:#fdf3dc}
@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--soft:#9aa6b5;--line:#3a4452;--paper:#1d232c;--ground:#12161c;
--main:#7aa9f0;--bad:#ff9a9a;--badground:#3a1e20;--good:#8fdcaa;--goodground:#16301f;
--warn:#efc873;--warnground:#33280f}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:26rem;margin:8vh auto 2rem;padding:2rem;background:var(--paper);border:1px solid var(--line);
border-radius:12px}main.wide{max-width:76rem;margin:0 auto;border:0;background:none}
main.wide h1{font-size:1.6rem}section{margin:1.4rem 0;padding:1.1rem 1.3rem;background:var(--paper);
border:1px solid var(--line);border-radius:12px}section h2{margin:0 0 .5rem}small{font-weight:400;color:var(--soft);
font-size:.85rem;margin-left:.4rem}.pill{display:inline-block;padding:0 .5rem;border-radius:99px;font-size:.78rem;
line-height:1.45rem;white-space:nowrap}.good{color:var(--good);background:var(--goodground)}
.warn{color:var(--warn);background:var(--warnground)}.plain{color:var(--soft);background:var(--ground)}
td code{color:var(--soft);
white-space:nowrap}code.big{font-size:1.05rem;font-weight:600;letter-spacing:.08em;color:var(--ink)}
td time,td b{white-space:nowrap}
pre{margin:.5rem 0;padding:.8rem 1rem;background:var(--ground);border-radius:8px;overflow-x:auto;
font:.84rem/1.5 ui-monospace,"Liberation Mono",monospace}tbody tr:last-child td{border-bottom:0}
@media(max-width:40rem){main.wide{padding:1rem .6rem}section{padding:.9rem .8rem}}
h1{font-size:1.35rem;margin:0 0 .35rem}h2{font-size:1.05rem;margin:2rem 0 .5rem}p{margin:.4rem 0 1rem}
.soft{color:var(--soft);font-size:.9rem}label{display:block;margin:.9rem 0 .25rem;font-weight:600;font-size:.92rem}
input[type=text],input[type=password],input[type=email]{width:100%;padding:.6rem .7rem;font:inherit;color:inherit;
background:transparent;border:1px solid var(--soft);border-radius:8px}
input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid var(--main);outline-offset:1px}
button{width:100%;margin-top:1.3rem;padding:.65rem;font:inherit;font-weight:600;color:#fff;background:#1f5fbf;border:0;
border-radius:8px;cursor:pointer}.choice{display:flex;gap:.6rem;align-items:center;font-weight:400}
.note{padding:.6rem .8rem;border-radius:8px;margin:.8rem 0}.bad{color:var(--bad);background:var(--badground)}
a{color:var(--main)}
.links{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;margin-top:1.2rem;font-size:.92rem}
code{font:.9em ui-monospace,"Liberation Mono",monospace;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;font-size:.88rem}th,td{text-align:left;padding:.35rem .6rem;
border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}th{color:var(--soft);font-weight:600}
footer{margin-top:1.8rem}footer p{margin:0}.scroll{overflow-x:auto}
.qr{display:block;width:11rem;margin:.5rem auto;background:#fff;padding:.4rem;border-radius:8px}
]]

--- A whole page.
-- @tparam string title
-- @tparam string body HTML
-- @tparam[opt] table opts `wide`, `refresh` (seconds)
function M.page(title, body, opts)
  opts = opts or {}
  return table.concat {
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    opts.refresh and ('<meta http-equiv="refresh" content="%d">'):format(opts.refresh) or "",
    "<title>", M.escape(title), "</title><style>", STYLE, "</style></head><body><main",
    opts.wide and ' class="wide"' or "", "><h1>", M.escape(title), "</h1>", body,
    '<footer><p class="soft">Cognito emulator, for development only.</p></footer></main></body></html>',
  }
end

--- One labelled field.
-- @tparam table f `name`, `label`, `type` ("text"), `value`, `autocomplete`, `focus`, `mode` (inputmode)
function M.field(f)
  local e = M.escape
  local function attribute(name, value) return value and (' %s="%s"'):format(name, e(value)) or "" end
  return ('<label for="%s">%s</label><input id="%s" name="%s" type="%s" required%s%s%s%s>'):format(e(f.name),
    e(f.label), e(f.name), e(f.name), f.type or "text", attribute("value", f.value),
    attribute("autocomplete", f.autocomplete), attribute("inputmode", f.mode), f.focus and " autofocus" or "")
end

--- A form that posts.
-- @tparam string action
-- @tparam table hidden name -> value
-- @tparam string inner HTML
-- @tparam string button
function M.form(action, hidden, inner, button)
  local out = {}
  for name, value in pairs(hidden) do
    out[#out + 1] = ('<input type="hidden" name="%s" value="%s">'):format(M.escape(name), M.escape(value))
  end
  return ('<form method="post" action="%s">%s%s<button type="submit">%s</button></form>'):format(M.escape(action),
    table.concat(out), inner, M.escape(button))
end

--- A message above a form.
-- @tparam[opt] string text
-- @tparam[opt="bad"] string kind "bad" or "good"
function M.note(text, kind)
  if not text then return "" end
  return ('<div class="note %s" role="%s">%s</div>'):format(kind or "bad", kind == "good" and "status" or "alert",
    M.escape(text))
end

-- ---- parts of a page: a part is text, which is escaped, or a table with the field `html` ----

local function markup(part)
  return type(part) == "table" and part.html or M.escape(part)
end

--- A line break between parts.
M.line = { html = "<br>" }

--- Parts, one behind the other; false and nil are left out.
-- @tparam table parts
-- @param[opt] between a part
-- @treturn table a part
function M.join(parts, between)
  local out, last = {}, 0
  for i in pairs(parts) do last = math.max(last, i) end
  for i = 1, last do
    if parts[i] then out[#out + 1] = markup(parts[i]) end
  end
  return { html = table.concat(out, between and markup(between) or "") }
end

--- An element around a part.
-- @tparam string name
-- @param part
-- @tparam[opt] table attributes name -> value
-- @treturn table a part
function M.part(name, part, attributes)
  local out = {}
  for key, value in pairs(attributes or {}) do out[#out + 1] = (' %s="%s"'):format(key, M.escape(value)) end
  return { html = ("<%s%s>%s</%s>"):format(name, table.concat(out), markup(part), name) }
end

--- Text of fixed width: ids, addresses.
function M.code(text) return M.part("code", text) end

--- A state in a word.
-- @tparam string text
-- @tparam string kind "good", "warn", "bad" or "plain"
function M.pill(text, kind) return M.part("span", text, { class = "pill " .. kind }) end

--- A headed part of the page.
-- @tparam string title
-- @tparam string note stands beside the title
-- @param part
function M.section(title, note, part)
  return M.part("section", M.join { M.part("h2", M.join { title, " ", M.part("small", note) }), part })
end

--- A table; cells are parts.
-- @tparam {string,...} heads
-- @tparam table rows list of lists
-- @tparam string empty what is said when there are no rows
-- @treturn table a part
function M.table(heads, rows, empty)
  if #rows == 0 then return M.part("p", empty, { class = "soft" }) end
  local out = { '<div class="scroll"><table><thead><tr>' }
  for _, head in ipairs(heads) do out[#out + 1] = "<th>" .. M.escape(head) .. "</th>" end
  out[#out + 1] = "</tr></thead><tbody>"
  for _, row in ipairs(rows) do
    out[#out + 1] = "<tr>"
    for i = 1, #heads do out[#out + 1] = "<td>" .. markup(row[i] or "") .. "</td>" end
    out[#out + 1] = "</tr>"
  end
  return { html = table.concat(out) .. "</tbody></table></div>" }
end

return M
