--- The name under which OpenResty users look; see `cognito.ngx.guard`.
-- @module resty.cognito

return require "cognito.ngx.guard"
