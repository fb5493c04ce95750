--- The wall clock for what needs no host: whole seconds, in every Lua.
-- @module cognito.host.clock

return { now = os.time }
