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
    ["cognito.core"] = {
      sources = {
        "csrc/lua/core_open.c",
        "csrc/lua/l_codec.c",
        "csrc/lua/l_mac.c",
        "csrc/lua/l_seal.c",
        "csrc/lua/lcog.c",
        "csrc/core/b64.c",
        "csrc/core/buf.c",
        "csrc/core/err.c",
        "csrc/core/header.c",
        "csrc/core/mac.c",
        "csrc/core/seal.c",
      },
      libraries = { "crypto" },
      incdirs = { "csrc" },
    },
    ["cognito.http"] = {
      sources = {
        "csrc/lua/lcog.c",
      },
      libraries = { "curl", "crypto" },
      incdirs = { "csrc" },
    },
    ["cognito.posix"] = {
      sources = {
        "csrc/lua/l_posix.c",
        "csrc/lua/l_posix_clock.c",
        "csrc/lua/l_posix_file.c",
        "csrc/lua/lcog.c",
        "csrc/posix/clock.c",
        "csrc/posix/file.c",
        "csrc/posix/folder.c",
        "csrc/posix/lock.c",
        "csrc/posix/result.c",
      },
      libraries = { "crypto" },
      incdirs = { "csrc" },
    },
    ["cognito.cli.main"] = "lua/cognito/cli/main.lua",
    ["cognito.emulator.auth.challenges"] = "lua/cognito/emulator/auth/challenges.lua",
    ["cognito.emulator.auth.devices"] = "lua/cognito/emulator/auth/devices.lua",
    ["cognito.emulator.auth.factors"] = "lua/cognito/emulator/auth/factors.lua",
    ["cognito.emulator.auth.flow"] = "lua/cognito/emulator/auth/flow.lua",
    ["cognito.emulator.auth.new_password"] = "lua/cognito/emulator/auth/new_password.lua",
    ["cognito.emulator.auth.password"] = "lua/cognito/emulator/auth/password.lua",
    ["cognito.emulator.clock"] = "lua/cognito/emulator/clock.lua",
    ["cognito.emulator.config"] = "lua/cognito/emulator/config.lua",
    ["cognito.emulator.control"] = "lua/cognito/emulator/control.lua",
    ["cognito.emulator.discovery"] = "lua/cognito/emulator/discovery.lua",
    ["cognito.emulator.errors"] = "lua/cognito/emulator/errors.lua",
    ["cognito.emulator.hash"] = "lua/cognito/emulator/hash.lua",
    ["cognito.emulator.json"] = "lua/cognito/emulator/json.lua",
    ["cognito.emulator.keys"] = "lua/cognito/emulator/keys.lua",
    ["cognito.emulator.main"] = "lua/cognito/emulator/main.lua",
    ["cognito.emulator.operations"] = "lua/cognito/emulator/operations.lua",
    ["cognito.emulator.ops.account"] = "lua/cognito/emulator/ops/account.lua",
    ["cognito.emulator.ops.clients"] = "lua/cognito/emulator/ops/clients.lua",
    ["cognito.emulator.ops.initiate"] = "lua/cognito/emulator/ops/initiate.lua",
    ["cognito.emulator.ops.respond"] = "lua/cognito/emulator/ops/respond.lua",
    ["cognito.emulator.ops.tokens"] = "lua/cognito/emulator/ops/tokens.lua",
    ["cognito.emulator.paths"] = "lua/cognito/emulator/paths.lua",
    ["cognito.emulator.random"] = "lua/cognito/emulator/random.lua",
    ["cognito.emulator.recorder"] = "lua/cognito/emulator/recorder.lua",
    ["cognito.emulator.router"] = "lua/cognito/emulator/router.lua",
    ["cognito.emulator.secret"] = "lua/cognito/emulator/secret.lua",
    ["cognito.emulator.server"] = "lua/cognito/emulator/server.lua",
    ["cognito.emulator.shapes"] = "lua/cognito/emulator/shapes.lua",
    ["cognito.emulator.state"] = "lua/cognito/emulator/state.lua",
    ["cognito.emulator.tls"] = "lua/cognito/emulator/tls.lua",
    ["cognito.emulator.tokens"] = "lua/cognito/emulator/tokens.lua",
    ["cognito.emulator.unicode"] = "lua/cognito/emulator/unicode.lua",
    ["cognito.emulator.validate"] = "lua/cognito/emulator/validate.lua",
    ["cognito.emulator.wire"] = "lua/cognito/emulator/wire.lua",
    ["cognito.errors"] = "lua/cognito/errors.lua",
    ["cognito.json"] = "lua/cognito/json.lua",
    ["cognito.ngx.answer"] = "lua/cognito/ngx/answer.lua",
    ["cognito.ngx.bound"] = "lua/cognito/ngx/bound.lua",
    ["cognito.ngx.clock"] = "lua/cognito/ngx/clock.lua",
    ["cognito.ngx.connection"] = "lua/cognito/ngx/connection.lua",
    ["cognito.ngx.host"] = "lua/cognito/ngx/host.lua",
    ["cognito.ngx.phase"] = "lua/cognito/ngx/phase.lua",
    ["cognito.ngx.task"] = "lua/cognito/ngx/task.lua",
    ["cognito.options"] = "lua/cognito/options.lua",
    ["cognito.storage.memory"] = "lua/cognito/storage/memory.lua",
  },
  -- end modules
  install = {
    bin = { cognito = "bin/cognito" },
  },
  copy_directories = { "docs", "examples", "types" },
}
