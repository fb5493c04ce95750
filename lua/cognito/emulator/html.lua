--- The look of the emulator's pages: one frame, a few parts. Everything that came from outside is escaped.
-- @module cognito.emulator.html

local M = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- @treturn string text that is safe inside HTML and attributes
function M.escape(text) return (tostring(text):gsub("[&<>\"']", ENTITIES)) end

local STYLE = [[
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6675;--line:#d5dbe3;--paper:#fff;--ground:#f2f4f7;--main:#1f5fbf;
--bad:#a3262a;--badground:#fdecec;--good:#1c6b3a;--goodground:#e7f6ec}
@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--soft:#9aa6b5;--line:#3a4452;--paper:#1d232c;--ground:#12161c;
--main:#7aa9f0;--bad:#ff9a9a;--badground:#3a1e20;--good:#8fdcaa;--goodground:#16301f}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:26rem;margin:8vh auto 2rem;padding:2rem;background:var(--paper);border:1px solid var(--line);
border-radius:12px}main.wide{max-width:72rem;margin:2rem auto}
h1{font-size:1.35rem;margin:0 0 .35rem}h2{font-size:1.05rem;margin:2rem 0 .5rem}p{margin:.4rem 0 1rem}
.soft{color:var(--soft);font-size:.9rem}label{display:block;margin:.9rem 0 .25rem;font-weight:600;font-size:.92rem}
input[type=text],input[type=password],input[type=email]{width:100%;padding:.6rem .7rem;font:inherit;color:inherit;
background:transparent;border:1px solid var(--soft);border-radius:8px}
input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid var(--main);outline-offset:1px}
button{width:100%;margin-top:1.3rem;padding:.65rem;font:inherit;font-weight:600;color:#fff;background:#1f5fbf;border:0;
border-radius:8px;cursor:pointer}.choice{display:flex;gap:.6rem;align-items:center;font-weight:400}
.note{padding:.6rem .8rem;border-radius:8px;margin:.8rem 0}.bad{color:var(--bad);background:var(--badground)}
.good{color:var(--good);background:var(--goodground)}a{color:var(--main)}
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
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
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

--- A table of rows of text.
function M.table(heads, rows)
  if #rows == 0 then return '<p class="soft">None yet.</p>' end
  local out = { '<div class="scroll"><table><tr>' }
  for _, head in ipairs(heads) do out[#out + 1] = "<th>" .. M.escape(head) .. "</th>" end
  for _, row in ipairs(rows) do
    out[#out + 1] = "</tr><tr>"
    for i = 1, #heads do out[#out + 1] = "<td>" .. M.escape(row[i] or "") .. "</td>" end
  end
  return table.concat(out) .. "</tr></table></div>"
end

return M
