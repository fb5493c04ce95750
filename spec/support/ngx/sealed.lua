--- Runs inside nginx, at the end of init_by_lua*: from here on a module of the library that is not loaded yet is an
-- error and stands in the log, since it would be read from the disk while the requests of a worker wait.
return function()
  table.insert(package.loaders, 1, function(name)
    if not name:find "^cognito" then return nil end
    local text = name .. " is loaded in the middle of a request"
    ngx.log(ngx.ERR, text)
    error(text)
  end)
end
