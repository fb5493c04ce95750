rockspec_format = "3.0"
package = "lua-cognito"
version = "dev-1"
source = {
  url = "git+https://github.com/lua-cognito/lua-cognito.git",
}
description = {
  summary = "Client for Amazon Cognito user pools: sign-in, sessions that stay fresh, token verification",
  detailed = [[
Signs users in to Amazon Cognito user pools (SRP, passwords, every challenge), keeps their tokens valid, stores
sessions safely and verifies tokens that others bring. The same calls block in a script, yield in an event loop
and yield on cosockets in nginx. The cryptography is C over OpenSSL; transfers go through libcurl.]],
  license = "MIT",
  labels = { "aws", "cognito", "authentication", "oauth2", "jwt", "openresty" },
}
dependencies = {
  "lua >= 5.1, < 5.5",
  "lua-cjson >= 2.1",
}
-- Libraries are named, not headers: LuaRocks does not look into Debian's multiarch include folder, the compiler does.
external_dependencies = {
  CURL = { library = "curl" },
  CRYPTO = { library = "crypto" },
}
build = {
  type = "builtin",
  -- begin modules: written by `make rockspec`
  modules = {
    ["cognito.posix"] = {
      sources = {
        "csrc/lua/l_posix.c",
        "csrc/posix/clock.c",
      },
      libraries = { "crypto" },
      incdirs = { "csrc" },
    },
    ["cognito.cli.main"] = "lua/cognito/cli/main.lua",
    ["cognito.errors"] = "lua/cognito/errors.lua",
    ["cognito.json"] = "lua/cognito/json.lua",
    ["cognito.options"] = "lua/cognito/options.lua",
    ["cognito.storage.memory"] = "lua/cognito/storage/memory.lua",
  },
  -- end modules
  install = {
    bin = { cognito = "bin/cognito" },
  },
  copy_directories = { "docs", "examples", "types" },
}
