--- What every host owes its callers: the same examples for the blocking host, the loop and nginx.
--
-- `contract.examples` is a list of `{ name =, needs =, run = }`. A harness calls `run(t)` in a place where the host
-- may be called, with
--   t.host      the six verbs
--   t.server    a bad server (spec/support/badserver.lua): `url(fault, tag, port)`, `control(tag)`
--   t.tls       what goes into `request.tls` so that the bad server's CA is trusted (nil in nginx: a directive)
--   t.parallel  nil where the host cannot; else runs a list of functions at the same time and returns when all are
--               done; an error in one of them is raised
-- An example that needs `parallel` is left out where there is none. An example raises when the host breaks its word.
-- Those with `timed` hold the host to the clock: on a busy machine a harness may run one again, with another number in
-- `t.attempt`, so that the server counts anew.
local contract = { examples = {} }

for _, part in ipairs { "answers", "failures", "connections", "waiting", "once" } do
  for _, example in ipairs(require("spec.contract.host." .. part)) do
    contract.examples[#contract.examples + 1] = example
  end
end

--- How often a harness may run an example: the clock is kept if it is kept once in so many times, since others may
-- use the machine.
-- @tparam table example
-- @treturn integer
function contract.attempts(example) return example.timed and 3 or 1 end

return contract
