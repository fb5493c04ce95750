--- Like `assert` for what runs in nginx, which prints errors that are text only: the value, or the error as text.
return function(value, err)
  if value then return value end
  error(tostring(err), 2)
end
